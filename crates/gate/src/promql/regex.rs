//! Label patterns: Go's regular expressions, anchored on both ends as Prometheus anchors them.

use regex::Regex;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Pattern(Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        // The pattern alone first: `a)(b` must not pass because of the group around it.
        let translated = translate(pattern)?;
        let compile =
            |pattern: &str| Regex::new(pattern).map_err(|_| format!("invalid regular expression {pattern:?}"));
        compile(&translated)?;
        compile(&format!("^(?s:{translated})$")).map(Self)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The whole match and its groups, with Go's template syntax (`$1`, `${name}`) expanded.
    pub(super) fn expand(&self, text: &str, template: &str) -> Option<String> {
        let captures = self.0.captures(text)?;
        let mut expanded = String::new();
        captures.expand(template, &mut expanded);
        Some(expanded)
    }
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
