//! The lines of a file around a finding, with what to mark in each.

use report::visible;
use std::collections::HashMap;
use yaml::Position;

/// Lines shown before the first marked one.
const BEFORE: usize = 2;
/// Lines shown after the last marked one.
const AFTER: usize = 2;
/// A longer span is marked by its first line: the page shows where, the editor shows all of it.
const MOST_LINES: usize = 6;
/// A longer line is cut around the mark; in characters.
const MOST_COLUMNS: usize = 240;

/// One line; `marked` is empty where nothing in it is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) number: usize,
    pub(crate) before: String,
    pub(crate) marked: String,
    pub(crate) after: String,
}

/// The lines of the files seen so far: many findings share a file.
#[derive(Default)]
pub(crate) struct Excerpts<'a> {
    files: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Excerpts<'a> {
    /// The lines around `start..end`; none where the file has no such line.
    pub(crate) fn of(&mut self, file: &'a str, text: &'a str, start: Position, end: Position) -> Vec<Line> {
        let lines = self.files.entry(file).or_insert_with(|| report::lines(text));
        if start.line == 0 || start.line > lines.len() {
            return Vec::new();
        }
        let end = shorten(start, end, lines.len());
        let first = start.line.saturating_sub(BEFORE).max(1);
        let last = (end.line + AFTER).min(lines.len());
        let numbered = lines.iter().enumerate().map(|(index, line)| (index + 1, *line));
        numbered.take(last).skip(first - 1).map(|(number, line)| mark(number, line, start, end)).collect()
    }
}

/// The end of what is marked.
fn shorten(start: Position, end: Position, lines: usize) -> Position {
    if end.line.saturating_sub(start.line) >= MOST_LINES || end.line > lines {
        return Position { line: start.line, column: usize::MAX };
    }
    // A span that ends before the first character of a line ends with the line before.
    if end.line > start.line && end.column <= 1 { Position { line: end.line - 1, column: usize::MAX } } else { end }
}

fn mark(number: usize, line: &str, start: Position, end: Position) -> Line {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    // Columns from 0 here. A line between the first and the last is marked from its first word on.
    let (from, to) = if number < start.line || number > end.line {
        (0, 0)
    } else {
        let from = if number == start.line { start.column.saturating_sub(1) } else { indent };
        let to = if number == end.line { end.column.saturating_sub(1) } else { usize::MAX };
        (from, to.max(from))
    };
    let skipped = if line.chars().nth(MOST_COLUMNS).is_some() { from.saturating_sub(MOST_COLUMNS / 4) } else { 0 };
    let mut cells = line.chars().enumerate().skip(skipped);
    let mut shown = Line { number, ..Line::default() };
    for (column, c) in cells.by_ref().take(MOST_COLUMNS) {
        let part = match column {
            column if column < from => &mut shown.before,
            column if column < to => &mut shown.marked,
            _ if from == to => &mut shown.before,
            _ => &mut shown.after,
        };
        part.push(c);
    }
    if skipped > 0 {
        shown.before.insert(0, '…');
    }
    if cells.next().is_some() {
        shown.after.push('…');
    }
    for part in [&mut shown.before, &mut shown.marked, &mut shown.after] {
        *part = visible(part).into_owned();
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{Excerpts, Line, MOST_COLUMNS};
    use yaml::Position;

    fn excerpt(text: &str, start: (usize, usize), end: (usize, usize)) -> Vec<Line> {
        let at = |(line, column)| Position { line, column };
        Excerpts::default().of("a.yaml", text, at(start), at(end))
    }

    fn drawn(lines: &[Line]) -> String {
        lines.iter().map(|l| format!("{}|{}[{}]{}\n", l.number, l.before, l.marked, l.after)).collect()
    }

    #[test]
    fn the_marked_words_and_their_neighbours() {
        let lines = excerpt("a: 1\nb: 2\r\nc: näive\rd: 4\ne: 5\nf: 6\n", (3, 4), (3, 9));
        assert_eq!(drawn(&lines), "1|a: 1[]\n2|b: 2[]\n3|c: [näive]\n4|d: 4[]\n5|e: 5[]\n");
    }

    #[test]
    fn several_lines_are_marked_from_their_first_word() {
        let lines = excerpt("a:\n  b: 1\n  c: 2\nd: 3\n", (2, 3), (3, 7));
        assert_eq!(drawn(&lines), "1|a:[]\n2|  [b: 1]\n3|  [c: 2]\n4|d: 3[]\n");
    }

    #[test]
    fn a_long_span_is_marked_by_its_first_line() {
        let text = "a:\n".to_owned() + &"  - b\n".repeat(20);
        assert_eq!(drawn(&excerpt(&text, (1, 1), (22, 1))), "1|[a:]\n2|  - b[]\n3|  - b[]\n");
    }

    #[test]
    fn a_huge_line_is_cut_around_the_mark() {
        let text = "x".repeat(100_000) + "HERE" + &"y".repeat(100_000);
        let lines = excerpt(&text, (1, 100_001), (1, 100_005));
        let [line] = lines.as_slice() else { panic!("one line") };
        assert_eq!(line.marked, "HERE");
        assert!(line.before.starts_with('…') && line.after.ends_with('…'));
        assert!(drawn(&lines).chars().count() < MOST_COLUMNS + 20);
    }

    #[test]
    fn control_characters_are_spelled_out_and_positions_outside_show_nothing() {
        assert_eq!(drawn(&excerpt("a: \u{202e}b", (1, 1), (1, 2))), "1|[a]: \\u{202e}b\n");
        assert!(excerpt("a: 1\n", (7, 1), (7, 2)).is_empty());
        assert!(excerpt("", (1, 1), (1, 1)).is_empty());
    }
}
