//! Numbers, durations and strings as Prometheus reads them.

/// What stands at the beginning of a text that starts with a digit or a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Literal {
    Number,
    Duration,
    Neither,
}

/// Reads ahead as `scanNumber` and `acceptRemainingDuration` of Prometheus's lexer do; returns what it is and its length.
pub(super) fn scan_number(text: &str) -> (Literal, usize) {
    let mut scan = Scan { bytes: text.as_bytes(), at: 0 };
    if scan.number() {
        return (Literal::Number, scan.at);
    }
    if scan.rest_of_duration() { (Literal::Duration, scan.at) } else { (Literal::Neither, scan.at) }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn is(&self, set: &[u8]) -> bool {
        self.peek().is_some_and(|byte| set.contains(&byte))
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        let found = self.is(set);
        self.at += usize::from(found);
        found
    }

    fn ends_word(&self) -> bool {
        !self.peek().is_some_and(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
    }

    fn number(&mut self) -> bool {
        let mut digits: &[u8] = b"0123456789";
        let mut hexadecimal = false;
        if self.accept(b"0") && self.accept(b"xX") {
            self.accept(b"_");
            digits = b"0123456789abcdefABCDEF";
            hexadecimal = true;
        }
        self.accept(b".");
        self.accept(digits);
        let (mut dot, mut exponent) = (false, false);
        while self.is(digits) || self.is(b"._eE") {
            if self.is(b".") && dot || self.is(b"eE") && exponent {
                self.at += 1;
                return false;
            }
            if self.accept(b".") {
                dot = true;
                if self.accept(b"_.") || hexadecimal {
                    return false;
                }
            } else if self.accept(b"eE") {
                exponent = true;
                self.accept(b"+-");
                if self.accept(b"._eE") || self.peek().is_none() {
                    return false;
                }
            } else if self.accept(b"_") {
                if self.accept(b"._eE") || self.peek().is_none() {
                    return false;
                }
            } else {
                while self.accept(digits) {}
            }
        }
        self.at > 0 && self.ends_word()
    }

    fn rest_of_duration(&mut self) -> bool {
        if !self.accept(b"smhdwy") {
            return false;
        }
        self.accept(b"s");
        while self.accept(b"0123456789") {
            while self.accept(b"0123456789") {}
            if !self.accept(b"smhdw") {
                return false;
            }
            self.accept(b"s");
        }
        self.ends_word()
    }
}

/// A number as Go's `ParseInt(…, 0, 64)`, else `ParseFloat`, reads it: a leading zero means octal where the digits allow it.
pub(super) fn number(text: &str) -> Option<f64> {
    if text.contains('_') && !underscores_separate_digits(text) {
        return None;
    }
    let plain = text.replace('_', "");
    let lower = plain.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(|value| value as f64);
    }
    if lower.len() > 1
        && lower.starts_with('0')
        && let Ok(value) = i64::from_str_radix(&lower, 8)
    {
        return Some(value as f64);
    }
    match lower.parse::<f64>() {
        // Go calls a number too large an error where Rust answers infinity.
        Ok(value) if value.is_finite() => Some(value),
        _ => None,
    }
}

fn underscores_separate_digits(text: &str) -> bool {
    let hexadecimal = text.len() > 2 && text[..2].eq_ignore_ascii_case("0x");
    let mut last = if hexadecimal { '0' } else { '!' };
    for c in text.chars().skip(if hexadecimal { 2 } else { 0 }) {
        last = match c {
            '0'..='9' => '0',
            'a'..='f' | 'A'..='F' if hexadecimal => '0',
            '_' if last == '0' => '_',
            '_' => return false,
            _ if last == '_' => return false,
            _ => '!',
        };
    }
    last != '_'
}

/// A duration in seconds: `1h30m`, units from large to small, a year of 365 days.
pub(super) fn duration(text: &str) -> Result<f64, String> {
    const UNITS: [(&str, u128); 7] = [
        ("y", 365 * 86_400_000),
        ("w", 7 * 86_400_000),
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let malformed = || format!("not a valid duration string: {text:?}");
    let (mut rest, mut from, mut total) = (text, 0, 0u128);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().map_err(|_| malformed())?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..letters]).ok_or_else(malformed)?;
        if unit < from {
            return Err(malformed());
        }
        from = unit + 1;
        total += u128::from(count) * UNITS[unit].1;
        rest = &rest[letters..];
    }
    // Go keeps nanoseconds in 63 bits.
    if total * 1_000_000 >= 1 << 63 {
        return Err("duration out of range".to_owned());
    }
    Ok(total as f64 / 1000.0)
}

/// The string literal at the beginning of `text`: its value and its length with the quotes. Bytes that `\x` or octal
/// escapes compose to no UTF-8 become U+FFFD.
pub(super) fn unquote(text: &str) -> Result<(String, usize), String> {
    let Some(quote) = text.chars().next() else { return Err("unterminated quoted string".to_owned()) };
    let mut bytes = Vec::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\u{fffd}' => return Err("invalid UTF-8 rune".to_owned()),
            _ if c == quote => return Ok((String::from_utf8_lossy(&bytes).into_owned(), at + 1)),
            '\n' if quote != '`' => break,
            '\\' if quote != '`' => {
                let consumed = escape(&text[at + 1..], quote, &mut bytes)?;
                for _ in 0..consumed {
                    chars.next();
                }
            }
            _ => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(if quote == '`' { "unterminated raw string" } else { "unterminated quoted string" }.to_owned())
}

/// Decodes what follows a backslash; returns how many characters that are.
fn escape(text: &str, quote: char, bytes: &mut Vec<u8>) -> Result<usize, String> {
    let Some(c) = text.chars().next() else { return Err("escape sequence not terminated".to_owned()) };
    let (skip, digits, base) = match c {
        'a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\' => {
            let index = "abfnrtv\\".find(c).unwrap_or_default();
            bytes.push(b"\x07\x08\x0c\n\r\t\x0b\\"[index]);
            return Ok(1);
        }
        _ if c == quote => {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(1);
        }
        '0'..='7' => (0, 3, 8),
        'x' => (1, 2, 16),
        'u' => (1, 4, 16),
        'U' => (1, 8, 16),
        _ => return Err(format!("unknown escape sequence {c:?}")),
    };
    let code = text
        .get(skip..skip + digits)
        .filter(|code| code.chars().all(|c| c.is_digit(base)))
        .and_then(|code| u32::from_str_radix(code, base).ok())
        .ok_or_else(|| "illegal character in escape sequence".to_owned())?;
    match (c, u8::try_from(code), char::from_u32(code)) {
        ('u' | 'U', _, Some(character)) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        ('x' | '0'..='7', Ok(byte), _) => bytes.push(byte),
        _ => return Err("escape sequence is an invalid Unicode code point".to_owned()),
    }
    Ok(skip + digits)
}
