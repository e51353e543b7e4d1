//! The few lines of a file around a finding, cut so that neither a huge file nor a huge line costs or fills anything.

use rules::Reported;
use std::collections::HashMap;
use std::ops::Range;
use yaml::Position;

/// Lines shown before the first marked one.
const BEFORE: usize = 2;
/// Lines shown after the last marked one.
const AFTER: usize = 1;
/// A longer span is marked by its first line: the excerpt shows where, the editor shows all of it.
const MOST_LINES: usize = 4;
/// A longer line is cut around the mark; in characters.
const MOST_COLUMNS: usize = 160;

/// Line starts of the files seen so far: many findings share a file.
#[derive(Default)]
pub(crate) struct Excerpts<'a> {
    lines: HashMap<&'a str, Vec<&'a str>>,
}

/// Source lines and what to mark in them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// Number of the first line.
    pub(crate) first: usize,
    /// The lines, joined by `\n`.
    pub(crate) text: String,
    /// Bytes of `text` to mark.
    pub(crate) mark: Range<usize>,
    /// Whether the first marked line lost its front.
    pub(crate) cut: bool,
}

impl<'a> Excerpts<'a> {
    /// The excerpt for a finding in `text`; `None` where the file has no such line.
    pub(crate) fn of(&mut self, finding: &'a Reported, text: &'a str) -> Option<Excerpt> {
        let lines = self.lines.entry(&finding.file).or_insert_with(|| lines(text));
        let (start, mut end) = (finding.start, finding.end);
        if start.line == 0 || start.line > lines.len() {
            return None;
        }
        let whole = end.line.saturating_sub(start.line) >= MOST_LINES || end.line > lines.len();
        if whole {
            end = Position { line: start.line, column: usize::MAX };
        }
        // A span that ends before the first character of a line ends with the line before.
        if end.line > start.line && end.column <= 1 {
            end = Position { line: end.line - 1, column: usize::MAX };
        }
        let first = start.line.saturating_sub(BEFORE).max(1);
        let last = (end.line + AFTER).min(lines.len());
        let (mut text, mut mark, mut front_cut) = (String::new(), 0..0, false);
        for number in first..=last {
            let line = lines.get(number - 1).copied().unwrap_or_default();
            let focus = if number == start.line { start.column } else { 1 };
            let cut = Cut::new(line, focus);
            let base = text.len();
            text.push_str(&cut.text);
            if number == start.line {
                mark.start = base + cut.byte(start.column);
                front_cut = cut.skipped > 0;
            }
            if number == end.line {
                mark.end = base + cut.byte(end.column);
            }
            if number != last {
                text.push('\n');
            }
        }
        mark.end = mark.end.max(mark.start);
        Some(Excerpt { first, text, mark, cut: front_cut })
    }
}

/// The lines of a text as YAML ends them (LF, CRLF or CR), without a byte order mark, which takes no column.
pub fn lines(text: &str) -> Vec<&str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\n', '\r']) {
        let (line, tail) = rest.split_at(at);
        lines.push(line);
        rest = tail.strip_prefix("\r\n").or_else(|| tail.get(1..)).unwrap_or_default();
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

/// A line, shortened around a column.
struct Cut {
    text: String,
    /// Characters left out at the front.
    skipped: usize,
    /// Bytes that stand for them.
    ellipsis: usize,
}

impl Cut {
    fn new(line: &str, focus: usize) -> Cut {
        const MARK: &str = "…";
        if line.len() <= MOST_COLUMNS || line.chars().nth(MOST_COLUMNS).is_none() {
            return Cut { text: line.to_owned(), skipped: 0, ellipsis: 0 };
        }
        let skipped = focus.saturating_sub(MOST_COLUMNS / 4);
        let kept: String = line.chars().skip(skipped).take(MOST_COLUMNS).collect();
        let tail = if line.chars().nth(skipped + MOST_COLUMNS).is_some() { MARK } else { "" };
        let head = if skipped > 0 { MARK } else { "" };
        Cut { text: format!("{head}{kept}{tail}"), skipped, ellipsis: head.len() }
    }

    /// Byte offset in `text` of a column (from 1), clamped to the text.
    fn byte(&self, column: usize) -> usize {
        let nth = column.saturating_sub(1).saturating_sub(self.skipped);
        let body = self.text.get(self.ellipsis..).unwrap_or_default();
        body.char_indices().nth(nth).map_or(self.text.len(), |(at, _)| self.ellipsis + at)
    }
}
