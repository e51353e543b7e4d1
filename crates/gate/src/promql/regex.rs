//! Label patterns: Go's regular expressions, anchored on both ends as Prometheus anchors them.

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// Words between bars, which need no expression to be told apart: `a|b`.
    Words(String),
    Regex(Regex),
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Pattern::Words(one), Pattern::Words(other)) => one == other,
            (Pattern::Regex(one), Pattern::Regex(other)) => one.as_str() == other.as_str(),
            _ => false,
        }
    }
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b':' | b' ' | b'|');
        if pattern.bytes().all(word) {
            return Ok(Pattern::Words(pattern.to_owned()));
        }
        compile(pattern).map(Pattern::Regex)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        match self {
            Pattern::Words(words) => words.split('|').any(|word| word == text),
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }

    /// The whole match and its groups, with Go's template syntax (`$1`, `${name}`) expanded.
    pub(super) fn expand(&self, text: &str, template: &str) -> Option<String> {
        let compiled;
        let regex = match self {
            Pattern::Words(words) => {
                compiled = compile(words).ok()?;
                &compiled
            }
            Pattern::Regex(regex) => regex,
        };
        let captures = regex.captures(text)?;
        let mut expanded = String::new();
        captures.expand(template, &mut expanded);
        Some(expanded)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    // The pattern alone first: `a)(b` must not pass because of the group around it.
    let translated = translate(pattern)?;
    let compile = |pattern: &str| Regex::new(pattern).map_err(|_| format!("invalid regular expression {pattern:?}"));
    compile(&translated)?;
    compile(&format!("^(?s:{translated})$"))
}

/// Go's syntax to that of the regex crate: braces that repeat nothing are literal in Go, and so are `[`, `&&`, `--` and
/// `~~` inside a class; a repetition of a repetition (`a**`) is an error in Go, and so is one of more than a thousand.
fn translate(pattern: &str) -> Result<String, String> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut class = false;
    let mut repeated = false;
    while let Some(c) = rest.chars().next() {
        let mut taken = c.len_utf8();
        let counts = if class || c != '{' { None } else { repetition(rest) };
        let repeats = !class && (matches!(c, '*' | '+' | '?') || counts.is_some());
        if repeats && repeated {
            return Err(format!("invalid nested repetition operator in {pattern:?}"));
        }
        if let Some((_, false)) = counts {
            return Err(format!("invalid repeat count in {pattern:?}"));
        }
        repeated = repeats;
        match c {
            '\\' => {
                taken += rest[1..].chars().next().map_or(0, char::len_utf8);
                if !class && rest.starts_with("\\Q") {
                    let (literal, end) = match rest.find("\\E") {
                        Some(end) => (&rest[2..end], end + 2),
                        None => (&rest[2..], rest.len()),
                    };
                    out.push_str(&regex::escape(literal));
                    rest = &rest[end..];
                    continue;
                }
                out.push_str(&rest[..taken]);
            }
            '[' if class => match rest.starts_with("[:").then(|| rest.find(":]")).flatten() {
                Some(end) => {
                    taken = end + 2;
                    out.push_str(&rest[..taken]);
                }
                None => out.push_str("\\["),
            },
            '[' => {
                class = true;
                // A `]` right after the opening is literal.
                for literal in ["[^]", "[]"] {
                    if rest.starts_with(literal) {
                        taken = literal.len();
                    }
                }
                out.push_str(&rest[..taken - usize::from(taken > 1 && rest[..taken].ends_with(']'))]);
                if taken > 1 {
                    out.push_str("\\]");
                }
            }
            ']' if class => {
                class = false;
                out.push(c);
            }
            '&' | '~' if class => {
                out.push('\\');
                out.push(c);
            }
            '-' if class && rest.starts_with("--") => {
                // At the start of a class the first is literal, else the second ends a range.
                if out.ends_with('[') || out.ends_with("[^") {
                    out.push_str("\\-");
                } else {
                    taken = 2;
                    out.push_str("-\\-");
                }
            }
            '{' if !class => match counts {
                Some((len, _)) => {
                    taken = len;
                    out.push_str(&rest[..len]);
                }
                None => out.push_str("\\{"),
            },
            '}' if !class => out.push_str("\\}"),
            _ => out.push(c),
        }
        rest = &rest[taken..];
        if repeats && rest.starts_with('?') {
            // As few as possible: part of the same operator.
            out.push('?');
            rest = &rest[1..];
        }
    }
    Ok(out)
}

/// The length of `{3}`, `{3,}` or `{3,5}`, and whether Go takes the counts.
fn repetition(text: &str) -> Option<(usize, bool)> {
    let end = text.find('}')?;
    let (low, high) = match text[1..end].split_once(',') {
        Some((low, high)) => (low, high),
        None => (&text[1..end], "0"),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let small = |part: &str| part.is_empty() || part.parse::<u32>().is_ok_and(|count| count <= 1000);
    (!low.is_empty() && digits(low) && digits(high)).then_some((end + 1, small(low) && small(high)))
}

#[cfg(test)]
mod tests {
    use super::{Pattern, compile};

    #[test]
    fn words_are_told_apart_as_the_expression_would() {
        for pattern in ["", "a", "a|b", "a|", "|", "GET /dispatch|GET /config", "a-b:c_1"] {
            let quick = Pattern::new(pattern).unwrap();
            assert!(matches!(quick, Pattern::Words(_)), "{pattern}");
            let slow = Pattern::Regex(compile(pattern).unwrap());
            for text in
                ["", "a", "b", "ab", "a|b", "|", "A", "GET /config", "GET /dispatch|GET /config", "a-b:c_1", "a\n"]
            {
                assert_eq!(quick.is_match(text), slow.is_match(text), "{pattern} {text}");
                assert_eq!(quick.expand(text, "<$0>"), slow.expand(text, "<$0>"), "{pattern} {text}");
            }
        }
        assert!(matches!(Pattern::new("a.b"), Ok(Pattern::Regex(_))));
    }
}
