//! Argo's templating inside a query: found, filled in, and mapped back to where it was written.

use std::ops::Range;

use super::lexer::{is_alpha, is_alphanumeric};

/// One `{{ tag }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// The trimmed tag: `args.canary-hash`, `inputs.parameters.x`.
    pub name: String,
    /// From the first opening to the last closing brace.
    pub range: Range<usize>,
}

impl Arg {
    /// The argument's name where the tag is one of `args.…`.
    pub fn argument(&self) -> Option<&str> {
        self.name.strip_prefix("args.")
    }
}

/// Every `{{ tag }}` of `text` in source order, as Argo Rollouts' fasttemplate finds them: from `{{` to the next `}}`,
/// whatever stands between, quotes and comments notwithstanding; the tag is trimmed.
pub fn template_args(text: &str) -> Vec<Arg> {
    let mut args = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open + 2..].find("}}").map(|at| open + 2 + at) else { break };
        args.push(Arg { name: text[open + 2..close].trim().to_owned(), range: open..close + 2 });
        from = close + 2;
    }
    args
}

/// What an unbound placeholder outside of quotes is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guess {
    /// A number, a bare duration (`[1]` is a second), or the digits in front of a unit.
    Number,
    /// A metric, a label, or a part of either.
    Name,
    /// The unit of a duration.
    Unit,
}

/// A text with its templating filled in, and the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filled {
    /// What is parsed.
    pub(super) text: String,
    pieces: Vec<Piece>,
}

/// One placeholder: where it was, where its stand-in is, and the stand-in where it has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    original: Range<usize>,
    filled: Range<usize>,
    written: Option<String>,
}

impl Filled {
    /// The readings of `text` worth trying, best first. Values are put in as they are; a placeholder without one stands
    /// for a name or a number, whichever parses.
    pub(super) fn readings<'a>(
        text: &'a str,
        args: &'a [Arg],
        bound: &'a [(String, String)],
    ) -> impl Iterator<Item = Self> + 'a {
        let quoted = quoted(text, args);
        let value = |arg: &Arg| bound.iter().find(|(tag, _)| *tag == arg.name).map(|(_, value)| value.clone());
        let open: Vec<usize> =
            (0..args.len()).filter(|&index| !quoted[index] && value(&args[index]).is_none()).collect();
        let first: Vec<Vec<Guess>> = open.iter().map(|&index| guesses(text, &args[index])).collect();
        // All readings of up to four such placeholders; beyond that the likeliest one.
        let count = if open.len() > 4 { 1 } else { 3usize.pow(open.len() as u32) };
        let stem = stem(text);
        (0..count).map(move |mut choice| {
            let mut guessed = vec![Guess::Name; args.len()];
            for (slot, &index) in open.iter().enumerate() {
                guessed[index] = first[slot][choice % 3];
                choice /= 3;
            }
            let mut filled = Self { text: String::with_capacity(text.len()), pieces: Vec::new() };
            let mut from = 0;
            for (index, arg) in args.iter().enumerate() {
                filled.text.push_str(&text[from..arg.range.start]);
                from = arg.range.end;
                let start = filled.text.len();
                let value = value(arg);
                let written = value.is_none().then(|| text[arg.range.clone()].to_owned());
                filled.text.push_str(&match (value, guessed[index]) {
                    (Some(value), _) => value,
                    (None, Guess::Name) => format!("{stem}{index}_"),
                    (None, Guess::Number) => "1".to_owned(),
                    (None, Guess::Unit) => "s".to_owned(),
                });
                filled.pieces.push(Piece { original: arg.range.clone(), filled: start..filled.text.len(), written });
            }
            filled.text.push_str(&text[from..]);
            filled
        })
    }

    /// Where `range` of the filled text stands in the original: a boundary inside a stand-in moves to the placeholder's.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.place(range.start, false);
        start..self.place(range.end, true).max(start)
    }

    fn place(&self, at: usize, end: bool) -> usize {
        let mut shift = (0, 0);
        for piece in &self.pieces {
            let inside = if end {
                piece.filled.start < at && at < piece.filled.end
            } else {
                piece.filled.start <= at && at < piece.filled.end
            };
            if inside {
                return if end { piece.original.end } else { piece.original.start };
            }
            // An empty value stands behind what ends there, and in front of what begins there.
            if at < piece.filled.start || (end && at == piece.filled.start) {
                break;
            }
            shift = (piece.filled.end, piece.original.end);
        }
        at - shift.0 + shift.1
    }

    /// Puts placeholders without a value back in place of their stand-ins.
    pub(super) fn restore(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for piece in &self.pieces {
            if let Some(written) = &piece.written {
                let stand_in = &self.text[piece.filled.clone()];
                if stand_in.len() > 1 {
                    text = text.replace(stand_in, written);
                }
            }
        }
        text
    }

    /// Whether every placeholder lies within one token or comment. A value that is more than that (a whole expression)
    /// has no places of its own in the original text.
    pub(super) fn is_within_tokens(&self, tokens: &[Range<usize>]) -> bool {
        self.pieces.iter().map(|piece| &piece.filled).all(|piece| {
            tokens.iter().all(|token| {
                let apart = token.end <= piece.start || piece.end <= token.start;
                apart || (token.start <= piece.start && piece.end <= token.end)
            })
        })
    }

    /// Whether a placeholder without a value lies in `range` of the filled text.
    pub(super) fn is_open(&self, range: &Range<usize>) -> bool {
        self.pieces
            .iter()
            .any(|piece| piece.written.is_some() && piece.filled.start < range.end && range.start < piece.filled.end)
    }
}

/// A name that the text does not hold, so that a stand-in can be told from everything else.
fn stem(text: &str) -> String {
    let mut stem = "argo_".to_owned();
    while text.contains(&stem) {
        stem.push('_');
    }
    stem
}

/// Which placeholders stand inside quotes or comments.
fn quoted(text: &str, args: &[Arg]) -> Vec<bool> {
    let mut quoted = Vec::with_capacity(args.len());
    let (mut quote, mut comment, mut from) = (None, false, 0);
    for arg in args {
        let mut chars = text[from..arg.range.start].chars();
        while let Some(c) = chars.next() {
            match quote {
                _ if comment => comment = !matches!(c, '\n' | '\r'),
                Some('`') if c == '`' => quote = None,
                Some('`') => {}
                Some(_) if c == '\\' => drop(chars.next()),
                Some(open) if c == open => quote = None,
                Some(_) => {}
                None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
                None => comment = c == '#',
            }
        }
        quoted.push(quote.is_some() || comment);
        from = arg.range.end;
    }
    quoted
}

/// The three readings in the order in which the neighbours suggest them.
fn guesses(text: &str, arg: &Arg) -> Vec<Guess> {
    let before = text[..arg.range.start].chars().next_back();
    let after = text[arg.range.end..].chars().next();
    let next = text[arg.range.end..].trim_start().chars().next();
    if before.is_some_and(|c| c.is_ascii_digit()) {
        vec![Guess::Unit, Guess::Number, Guess::Name]
    } else if before.is_some_and(is_alpha)
        || text[..arg.range.start].trim_end().ends_with(['[', ':', '<', '>', '='])
        || !(after.is_some_and(is_alphanumeric) || matches!(next, Some('{' | '[')))
    {
        let name_part = before.is_some_and(is_alpha);
        if name_part {
            vec![Guess::Name, Guess::Number, Guess::Unit]
        } else {
            vec![Guess::Number, Guess::Name, Guess::Unit]
        }
    } else {
        vec![Guess::Name, Guess::Number, Guess::Unit]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_found_inside_quotes_and_comments() {
        let text = "up{a=\"{{ args.canary-hash }}\"} # {{args.b}}\n> {{inputs.parameters.x}}";
        let names: Vec<_> = template_args(text).into_iter().map(|arg| arg.name).collect();
        assert_eq!(names, ["args.canary-hash", "args.b", "inputs.parameters.x"]);
        assert_eq!(template_args("{{ open").len(), 0);
    }

    #[test]
    fn ranges_map_back_over_longer_and_shorter_values() {
        let text = "a{{args.x}}b{{args.y}}c";
        let args = template_args(text);
        let bound = vec![("args.x".to_owned(), String::new()), ("args.y".to_owned(), "0123456789abcdef".to_owned())];
        let filled = Filled::readings(text, &args, &bound).next().expect("one reading");
        assert_eq!(filled.text, "ab0123456789abcdefc");
        assert_eq!(&text[filled.original(0..1)], "a");
        assert_eq!(&text[filled.original(1..2)], "b");
        assert_eq!(&text[filled.original(4..5)], "{{args.y}}");
        assert_eq!(&text[filled.original(18..19)], "c");
        assert_eq!(filled.original(0..19), 0..text.len());
    }
}
