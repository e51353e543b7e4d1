//! Byte offsets to lines and columns.

use std::sync::{Arc, OnceLock};

/// A place in a file as people count: both numbers start at 1, columns count characters (not bytes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1. `\n`, `\r\n` and a lone `\r` end a line, as in YAML.
    pub line: usize,
    /// Column in characters, from 1. A byte order mark takes no column.
    pub column: usize,
}

/// The outermost text with its line starts, found at the first question about a position.
#[derive(Debug)]
pub(crate) struct Lines {
    pub(crate) text: Arc<str>,
    starts: OnceLock<Vec<u32>>,
}

impl Lines {
    pub(crate) fn new(text: Arc<str>) -> Self {
        Self { text, starts: OnceLock::new() }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let starts = self.starts.get_or_init(|| line_starts(&self.text));
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = starts.partition_point(|&start| start as usize <= offset).max(1);
        let start = starts.get(line - 1).map_or(0, |&start| start as usize);
        let before = self.text.get(start..offset).unwrap_or_default();
        let before = if line == 1 { before.strip_prefix('\u{feff}').unwrap_or(before) } else { before };
        Position { line, column: before.chars().count() + 1 }
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (i, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
            starts.push(i as u32 + 1);
        }
    }
    starts
}
