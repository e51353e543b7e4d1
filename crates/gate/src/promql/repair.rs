//! The obvious repair of a query that does not parse: tried, and offered only when the repaired text parses.

use std::ops::Range;

use super::parse::{Hint, Refusal};
use super::query::Suggestion;

/// The first candidate with which `parses` agrees.
pub(super) fn suggest(text: &str, refusal: &Refusal, parses: &dyn Fn(&str) -> bool) -> Option<Suggestion> {
    candidates(text, refusal).into_iter().find(|candidate| {
        let mut repaired = text.to_owned();
        repaired.replace_range(candidate.range.clone(), &candidate.text);
        parses(&repaired)
    })
}

fn candidates(text: &str, refusal: &Refusal) -> Vec<Suggestion> {
    let mut found = Vec::new();
    let mut offer = |range: Range<usize>, replacement: &str, title: &str| {
        if text.is_char_boundary(range.start) && text.is_char_boundary(range.end) {
            found.push(Suggestion { range, text: replacement.to_owned(), title: title.to_owned() });
        }
    };
    let at = refusal.at.min(text.len());
    let rest = text.get(at..).unwrap_or_default();
    let before = text.get(..at).unwrap_or_default();
    let end = end_of_code(text);

    match &refusal.hint {
        Some(Hint::NeedsRange { function, selector }) => {
            let window = window_elsewhere(text).unwrap_or("2m");
            offer(selector.end..selector.end, &format!("[{window}]"), &format!("Give {function} a range"));
        }
        Some(Hint::NeedsRate { selector }) => {
            let wrapped = format!("rate({})", text.get(selector.clone()).unwrap_or_default());
            offer(selector.clone(), &wrapped, "Take the rate of the counter over the range");
        }
        None => {}
    }
    for (wrong, right) in [
        ("&&", "and"),
        ("||", "or"),
        ("=<", "<="),
        ("=>", ">="),
        ("!=~", "!~"),
        ("\u{201c}", "\""),
        ("\u{201d}", "\""),
        ("===", "=="),
    ] {
        if let Some(start) =
            before.len().checked_sub(1).and_then(|from| text.get(from..)?.find(wrong).map(|f| from + f))
            && start <= at + 1
        {
            offer(start..start + wrong.len(), right, &format!("Write {right:?} instead of {wrong:?}"));
        }
    }
    if let Some((from, opening)) = typographic_string(text) {
        offer(from, &opening, "Use plain quotes");
    }
    if rest.starts_with('=') && before.ends_with('=') {
        offer(at..at + 1, "", "Match a label with a single =");
    } else if rest.starts_with('=') {
        offer(at..at + 1, "==", "Compare with ==");
    }
    if let Some((range, names)) = sanitized(text) {
        offer(range, &names, "Write names as Prometheus has them, with underscores");
    }
    let word = rest.len() - rest.trim_start_matches(|c: char| c.is_alphanumeric() || "_.-*".contains(c)).len();
    if word > 0 {
        offer(at..at + word, &format!("\"{}\"", &rest[..word]), "Quote the value");
        offer(at..at + word, &format!("({})", &rest[..word]), "Put the labels in parentheses");
    }
    offer(end..end, ")", "Close the parenthesis");
    offer(end..end, "}", "Close the braces");
    offer(end..end, "\"", "Close the quotes");
    for quote in ["\"", "'"] {
        if rest.starts_with(quote) {
            let stop = rest[1..].find([',', '}', ')', '\n']).map_or(end, |stop| at + 1 + stop);
            offer(stop..stop, quote, "Close the quotes");
        }
    }
    offer(at..at, "}", "Close the braces");
    offer(at..at, ")", "Close the parenthesis");
    offer(at..at, "]", "Close the bracket");
    offer(at..at, ",", "Separate the matchers by a comma");
    if let Some(c) = rest.chars().next()
        && matches!(c, ')' | ']' | '}' | ',' | ';' | '+' | '-' | '*' | '/')
    {
        offer(at..at + c.len_utf8(), "", &format!("Remove {c:?}"));
    }
    let trimmed = text[..end].trim_end_matches([',', '+', '-', '*', '/', ';']).trim_end();
    if trimmed.len() < end {
        offer(trimmed.len()..end, "", "Remove what nothing follows");
    }
    if let Some(gap) = gap_in_duration(text, at) {
        offer(gap, "", "Write the duration without a space");
    }
    found
}

/// The text with names as Prometheus' text format has them: what OpenTelemetry calls `hotrod.pod.hash` is `hotrod_pod_hash`.
fn sanitized(text: &str) -> Option<(Range<usize>, String)> {
    let mut out = String::with_capacity(text.len());
    let mut braces = 0_usize;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '"' | '\'' | '`' => rest[1..].find(c).map_or(rest.len(), |i| i + 2),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '{' if rest.starts_with("{{") => rest.find("}}").map_or(rest.len(), |i| i + 2),
            _ if c.is_alphabetic() || c == '_' => {
                let within = |c: char| c.is_alphanumeric() || "_.:".contains(c) || (braces > 0 && c == '-');
                let end = rest.find(|c: char| !within(c)).unwrap_or(rest.len());
                let operator = rest[end..].trim_start().starts_with(['=', '!']);
                let named = if braces > 0 { operator } else { rest[end..].starts_with(['{', '[']) };
                if named {
                    out.push_str(&rest[..end].replace(['.', '-'], "_"));
                    rest = &rest[end..];
                    continue;
                }
                end
            }
            // A number, so that its unit is no name.
            _ if c.is_ascii_digit() => rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len()),
            _ => {
                braces = match c {
                    '{' => braces + 1,
                    '}' => braces.saturating_sub(1),
                    _ => braces,
                };
                c.len_utf8()
            }
        };
        out.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    // Characters are exchanged one for one, so what differs stands at the same bytes.
    let differs = || text.bytes().zip(out.bytes()).enumerate().filter(|(_, (a, b))| a != b).map(|(i, _)| i);
    let (first, last) = (differs().next()?, differs().next_back()?);
    Some((first..last + 1, out.get(first..=last)?.to_owned()))
}

/// Where the text ends without trailing blanks and a trailing comment.
fn end_of_code(text: &str) -> usize {
    let mut end = text.trim_end().len();
    while let Some(line) = text[..end].rfind('\n').map(|at| at + 1).or(Some(0)) {
        if !text[line..end].trim_start().starts_with('#') || line == end {
            break;
        }
        end = text[..line].trim_end().len();
        if line == 0 {
            break;
        }
    }
    end
}

/// The range that another selector uses.
fn window_elsewhere(text: &str) -> Option<&str> {
    let open = text.find('[')? + 1;
    let close = open + text[open..].find(']')?;
    Some(text[open..close].trim())
}

/// The blank in `[5 m]`, when that is where parsing stopped.
fn gap_in_duration(text: &str, at: usize) -> Option<Range<usize>> {
    let open = text.get(..at)?.rfind('[')? + 1;
    let digits = open + text[open..].find(|c: char| !c.is_ascii_digit())?;
    let unit = digits + text[digits..].find(|c: char| c != ' ')?;
    (digits > open && unit > digits && text[unit..].starts_with(['s', 'm', 'h', 'd', 'w'])).then_some(digits..unit)
}

/// A string between typographic quotes, and the same with plain ones.
fn typographic_string(text: &str) -> Option<(Range<usize>, String)> {
    let quotes = ['\u{201c}', '\u{201d}', '\u{201e}'];
    let open = text.find(quotes)?;
    let width = text[open..].chars().next()?.len_utf8();
    let close = open + width + text[open + width..].find(quotes)?;
    let end = close + text[close..].chars().next()?.len_utf8();
    Some((open..end, format!("\"{}\"", &text[open + width..close])))
}
