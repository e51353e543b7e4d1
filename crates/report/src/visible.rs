//! Text of a file never reaches a terminal as control codes.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` on one line, with control characters and Unicode's direction overrides (CVE-2021-42574) spelled out as
/// `\n`, `\u{1b}`…; unchanged where it holds none.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            c if hostile(c) => {
                // Writing to a String cannot fail.
                let _ = write!(out, "{}", c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Would move the cursor (further than a tab does), change colours, or reorder what is read.
pub(crate) fn hostile(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn control_codes_are_spelled_out() {
        assert_eq!(visible("a\u{1b}[31mb\nc\u{202e}d\u{9b}e"), "a\\u{1b}[31mb\\nc\\u{202e}d\\u{9b}e");
    }

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(visible("näive ✓ 日本"), std::borrow::Cow::Borrowed(_)));
    }
}
