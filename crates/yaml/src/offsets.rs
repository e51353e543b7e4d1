//! From decoded scalar text back to the source: which source bytes each decoded byte was made of.
//!
//! The source is not decoded a second time: it is aligned with the text that the parser decoded, so the two cannot
//! disagree about anything but where a folded line break came from.

use crate::scalar::ScalarStyle;
use std::ops::Range;

/// One stretch of decoded text and the source stretch that it stands for. Equal lengths mean equal bytes; otherwise
/// the source is an escape, a doubled quote or a folded line break, and can only be pointed at as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    decoded: u32,
    decoded_len: u32,
    source: u32,
    source_len: u32,
}

/// Where decoded bytes came from, in order.
#[derive(Debug)]
pub(crate) struct OffsetMap {
    pieces: Vec<Piece>,
    /// Answers for text without pieces (an empty scalar).
    empty: u32,
}

impl OffsetMap {
    /// `span` is the scalar's range in `source`, quotes or block header included.
    pub(crate) fn new(source: &str, span: Range<usize>, decoded: &str, style: ScalarStyle) -> Self {
        let mut align = Align { source: source.as_bytes(), decoded: decoded.as_bytes(), at: 0, pieces: Vec::new() };
        let inner = match style {
            ScalarStyle::Single | ScalarStyle::Double => {
                (span.start + 1).min(span.end)..span.end.saturating_sub(1).max(span.start)
            }
            _ => span.clone(),
        };
        match style {
            ScalarStyle::Plain => align.flow(inner.clone(), None),
            ScalarStyle::Single => align.flow(inner.clone(), Some(b'\'')),
            ScalarStyle::Double => align.flow(inner.clone(), Some(b'\\')),
            ScalarStyle::Literal => align.literal(span.start),
            ScalarStyle::Folded => align.folded(span.start),
        }
        if align.at < decoded.len() {
            // Not understood: the rest of the text is somewhere in the rest of the scalar.
            let source = align.pieces.last().map_or(inner.start, |p| (p.source + p.source_len) as usize);
            align.piece(decoded.len() - align.at, source, inner.end.saturating_sub(source));
        }
        Self { pieces: align.pieces, empty: inner.start as u32 }
    }

    /// The source offset of the byte at `offset`.
    pub(crate) fn start(&self, offset: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.decoded as usize <= offset);
        let Some(piece) = after.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return self.empty as usize;
        };
        let within = offset - piece.decoded as usize;
        if within >= piece.decoded_len as usize {
            (piece.source + piece.source_len) as usize
        } else if piece.decoded_len == piece.source_len {
            piece.source as usize + within
        } else {
            piece.source as usize
        }
    }

    /// The source offset after the byte before `offset`: a range's end stays on the line of its last byte.
    pub(crate) fn end(&self, offset: usize) -> usize {
        let Some(last) = offset.checked_sub(1) else { return self.start(0) };
        let after = self.pieces.partition_point(|piece| piece.decoded as usize <= last);
        let Some(piece) = after.checked_sub(1).and_then(|i| self.pieces.get(i)) else {
            return self.empty as usize;
        };
        let within = offset - piece.decoded as usize;
        if piece.decoded_len == piece.source_len && within <= piece.decoded_len as usize {
            piece.source as usize + within
        } else {
            (piece.source + piece.source_len) as usize
        }
    }
}

/// The indentation of a block scalar whose header begins at `header`.
pub(crate) fn block_indent(source: &str, header: usize, decoded: &str) -> usize {
    let align = Align { source: source.as_bytes(), decoded: decoded.as_bytes(), at: 0, pieces: Vec::new() };
    align.block_start(header).1
}

struct Align<'a> {
    source: &'a [u8],
    decoded: &'a [u8],
    /// How much of `decoded` is accounted for.
    at: usize,
    pieces: Vec<Piece>,
}

impl Align<'_> {
    fn byte(&self, at: usize) -> u8 {
        self.source.get(at).copied().unwrap_or(0)
    }

    fn next_decoded(&self) -> u8 {
        self.decoded.get(self.at).copied().unwrap_or(0)
    }

    /// Length of the line break at `at`, 0 when there is none.
    fn break_len(&self, at: usize) -> usize {
        match (self.byte(at), self.byte(at + 1)) {
            (b'\r', b'\n') => 2,
            (b'\r' | b'\n', _) => 1,
            _ => 0,
        }
    }

    fn line_end(&self, from: usize) -> usize {
        let rest = self.source.get(from..).unwrap_or_default();
        from + rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len())
    }

    fn blanks_end(&self, mut from: usize) -> usize {
        while matches!(self.byte(from), b' ' | b'\t') {
            from += 1;
        }
        from
    }

    fn piece(&mut self, decoded_len: usize, source: usize, source_len: usize) {
        let decoded_len = decoded_len.min(self.decoded.len() - self.at);
        if decoded_len == 0 {
            return;
        }
        let piece = Piece {
            decoded: self.at as u32,
            decoded_len: decoded_len as u32,
            source: source as u32,
            source_len: source_len as u32,
        };
        self.at += decoded_len;
        if let Some(last) = self.pieces.last_mut()
            && last.decoded_len == last.source_len
            && piece.decoded_len == piece.source_len
            && last.source + last.source_len == piece.source
        {
            last.decoded_len += piece.decoded_len;
            last.source_len += piece.source_len;
            return;
        }
        self.pieces.push(piece);
    }

    fn copy(&mut self, source: Range<usize>) {
        self.piece(source.len(), source.start, source.len());
    }

    /// Plain and quoted scalars; `special` is the byte that introduces an escape: `'` or `\`.
    fn flow(&mut self, inner: Range<usize>, special: Option<u8>) {
        let mut i = inner.start;
        while i < inner.end {
            let byte = self.byte(i);
            let blanks = self.blanks_end(i);
            if blanks < inner.end && self.break_len(blanks) > 0 {
                i = self.fold(i);
            } else if blanks > i {
                self.copy(i..blanks.min(inner.end));
                i = blanks;
            } else if Some(byte) == special && byte == b'\'' {
                self.piece(1, i, 2);
                i += 2;
            } else if Some(byte) == special {
                i = self.escape(i);
            } else {
                let rest = self.source.get(i..inner.end).unwrap_or_default();
                let stop = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n') || Some(*b) == special;
                let len = rest.iter().position(stop).unwrap_or(rest.len()).max(1);
                self.copy(i..i + len);
                i += len;
            }
        }
    }

    /// Blanks and line breaks from `i`: one break folds to a space, further ones stay. Returns where they end.
    fn fold(&mut self, i: usize) -> usize {
        let first = self.blanks_end(i);
        let mut at = self.blanks_end(first + self.break_len(first));
        if self.break_len(at) == 0 {
            self.piece(1, i, at - i);
            return at;
        }
        let mut from = i;
        while self.break_len(at) > 0 {
            let end = self.blanks_end(at + self.break_len(at));
            self.piece(1, from, end - from);
            (from, at) = (end, end);
        }
        at
    }

    /// The escape at `i`. Returns where it ends.
    fn escape(&mut self, i: usize) -> usize {
        let line_break = self.break_len(i + 1);
        if line_break > 0 {
            // An escaped line break is nothing, but empty lines after it are.
            let mut at = self.blanks_end(i + 1 + line_break);
            while self.break_len(at) > 0 {
                let end = self.blanks_end(at + self.break_len(at));
                self.piece(1, at, end - at);
                at = end;
            }
            return at;
        }
        let made = utf8_len(self.next_decoded());
        let len = match self.byte(i + 1) {
            b'x' => 4,
            // Four bytes come from a pair of surrogates only.
            b'u' if made == 4 => 12,
            b'u' => 6,
            b'U' => 10,
            _ => 2,
        };
        self.piece(made, i, len);
        i + len
    }

    /// Start of the content and its indentation, which the decoded text lacks.
    fn block_start(&self, header: usize) -> (usize, usize) {
        let end = self.line_end(header);
        let start = end + self.break_len(end);
        let mut line = start;
        // The first line that holds anything, in both texts.
        let lead = self.decoded.iter().position(|b| *b != b'\n').unwrap_or(self.decoded.len());
        let decoded_spaces = self.decoded[lead..].iter().take_while(|b| **b == b' ').count();
        let mut widest = 0;
        while line < self.source.len() {
            let end = self.line_end(line);
            let spaces = self.source[line..end].iter().take_while(|b| **b == b' ').count();
            widest = widest.max(spaces);
            if line + spaces < end {
                return (start, spaces.saturating_sub(decoded_spaces));
            }
            // A line of blanks only counts as content when it is longer than the indentation.
            if decoded_spaces > 0 && spaces >= decoded_spaces && lead == self.breaks_between(start, line) {
                let rest = self.decoded[lead..].iter().take_while(|b| **b != b'\n').count();
                if rest == decoded_spaces {
                    return (start, spaces - decoded_spaces);
                }
            }
            if self.break_len(end) == 0 {
                break;
            }
            line = end + self.break_len(end);
        }
        (start, widest)
    }

    fn breaks_between(&self, mut from: usize, to: usize) -> usize {
        let mut count = 0;
        while from < to {
            let end = self.line_end(from);
            from = end + self.break_len(end).max(1);
            count += 1;
        }
        count
    }

    /// The content of the line at `i` without its indentation, and the length of its break.
    fn block_line(&self, i: usize, indent: usize) -> (Range<usize>, usize) {
        let end = self.line_end(i);
        let spaces = self.source[i.min(end)..end].iter().take(indent).take_while(|b| **b == b' ').count();
        (i + spaces..end, self.break_len(end))
    }

    fn literal(&mut self, header: usize) {
        let (mut i, indent) = self.block_start(header);
        while self.at < self.decoded.len() && i <= self.source.len() {
            let (line, line_break) = self.block_line(i, indent);
            let end = line.end;
            self.copy(line);
            self.piece(1, end, line_break);
            if line_break == 0 {
                break;
            }
            i = end + line_break;
        }
    }

    fn folded(&mut self, header: usize) {
        let (mut i, indent) = self.block_start(header);
        // Line breaks since the last line with content.
        let mut breaks: Vec<(usize, usize)> = Vec::new();
        while self.at < self.decoded.len() && i < self.source.len() {
            let (line, line_break) = self.block_line(i, indent);
            let end = line.end;
            if !line.is_empty() {
                self.folded_breaks(&mut breaks);
                self.copy(line);
            }
            breaks.push((end, line_break));
            if line_break == 0 {
                break;
            }
            i = end + line_break;
        }
        self.folded_breaks(&mut breaks);
    }

    /// Accounts for what the line breaks became: a space, nothing, or as many line feeds as stand in the decoded text.
    fn folded_breaks(&mut self, breaks: &mut Vec<(usize, usize)>) {
        let feeds = self.decoded[self.at..].iter().take_while(|b| **b == b'\n').count().min(breaks.len());
        let skipped = breaks.len() - feeds;
        if feeds == 0
            && self.next_decoded() == b' '
            && let Some(&(at, len)) = breaks.first()
        {
            self.piece(1, at, len);
        }
        for &(at, len) in &breaks[skipped..] {
            self.piece(1, at, len);
        }
        breaks.clear();
    }
}

fn utf8_len(first: u8) -> usize {
    match first {
        0xf0.. => 4,
        0xe0.. => 3,
        0xc0.. => 2,
        _ => 1,
    }
}
