//! What is wrong with a text.

use granit_parser::ErrorKind;
use std::ops::Range;

/// Something that keeps a loader from reading the text, or from reading it as it was meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// For people, without the place.
    pub message: String,
    /// Byte range in the outer file; empty at the end of the file.
    pub span: Range<usize>,
    /// The document it lies in, from 0, counted in the stream that reports it.
    pub document: usize,
}

/// Kinds of [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not YAML. The rest of the document is unknown; what stood before it was understood.
    Syntax,
    /// A key stands twice in one mapping: Kubernetes and the collector refuse to load that.
    DuplicateKey {
        /// Byte range of the first one in the outer file.
        first: Range<usize>,
    },
    /// YAML, and understood, but go-yaml, which Kubernetes and the collector read with, does not load it: a tab that
    /// indents, a key that is missing or no scalar, a merge of something else than mappings, an anchor's name, a second
    /// document without `---`.
    Refused,
    /// An alias names no anchor that stands before it; it reads as null.
    UnknownAlias,
    /// An alias lies inside the value that it stands for; it reads as null.
    CyclicAlias,
    /// Aliases multiply the document beyond what go-yaml loads; all of them read as null.
    AliasBomb,
    /// Nested deeper than [`crate::Stream::MAX_DEPTH`]; the rest of the document is unknown.
    TooDeep,
    /// The text has 4 GiB or more; nothing was read.
    TooLarge,
}

/// The documents that were not read to their end, sorted.
pub(crate) fn broken_documents(faults: &[Fault]) -> Vec<usize> {
    use FaultKind::{Syntax, TooDeep, TooLarge};
    let broken = faults.iter().filter(|fault| matches!(fault.kind, Syntax | TooDeep | TooLarge));
    let mut documents: Vec<usize> = broken.map(|fault| fault.document).collect();
    documents.sort_unstable();
    documents.dedup();
    documents
}

/// The parser's error kinds in the terms of somebody who writes manifests; what to do about it where that is clear.
pub(crate) fn message(kind: &ErrorKind) -> String {
    let text = match kind {
        ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            "a tab cannot indent YAML; use spaces"
        }
        ErrorKind::TabAtBlockScalarStart => "a block scalar's lines must be indented with spaces, not tabs",
        ErrorKind::TabInPlainScalar => "a tab inside a value without quotes",
        ErrorKind::MappingValueNotAllowed => {
            "a `: ` where no key can be: quote the value, or check the indentation of this line"
        }
        ErrorKind::MappingKeyNotAllowed => "a key where none can be: check the indentation of this line",
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "this line is neither an entry (`key: value`) nor part of a value: is a colon or a space after it missing?"
        }
        ErrorKind::ExpectedBlockMappingKey => {
            "expected another key of this mapping: the line is indented differently from the keys above"
        }
        ErrorKind::ExpectedBlockSequenceEntry => {
            "expected another item (`- `) of this list: the line is indented differently from the items above"
        }
        ErrorKind::BlockSequenceEntryNotAllowed => "a list item (`- `) where none can be: check the indentation",
        ErrorKind::BlockEntryInFlowCollection => "a `- ` inside brackets: separate the items with commas",
        ErrorKind::InvalidIndentation | ErrorKind::InvalidFlowScalarIndent | ErrorKind::InvalidQuotedScalarIndent => {
            "wrong indentation: the line stands further left than the value it continues"
        }
        ErrorKind::InvalidBlockScalarIndent => "a line of this block scalar stands further left than its first line",
        ErrorKind::UnclosedQuotedScalar => "this quote is never closed",
        ErrorKind::UnclosedFlowCollection { open } => return format!("this `{open}` is never closed"),
        ErrorKind::MismatchedFlowCollectionEnd { open, close } => return format!("`{open}` is closed by `{close}`"),
        ErrorKind::MisplacedFlowCollectionEnd => "a closing bracket that nothing opened",
        ErrorKind::ExpectedFlowMappingSeparator => "expected `,` or `}` in this mapping",
        ErrorKind::ExpectedFlowSequenceSeparator => "expected `,` or `]` in this list",
        ErrorKind::UnexpectedEofFlowSequence => "the text ends inside `[`",
        ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => "the text ends inside `{`",
        ErrorKind::UnexpectedEofBlockSequence
        | ErrorKind::UnexpectedEofBlockMapping
        | ErrorKind::UnexpectedEof
        | ErrorKind::UnexpectedEndOfPlainScalar => "the text ends in the middle of a value",
        ErrorKind::UnknownQuotedScalarEscape => {
            "unknown escape in double quotes: write `\\\\` for a backslash, or use single quotes"
        }
        ErrorKind::InvalidQuotedScalarHexEscape => "an escape (`\\x`, `\\u`, `\\U`) with too few hexadecimal digits",
        ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "text after a closing quote: quote the value as a whole"
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("a value cannot begin with `{}`; quote it", character.escape_default());
        }
        ErrorKind::CommentInterceptedScalar => "a comment in the middle of a value of several lines",
        ErrorKind::CommentNotSeparated => "a `#` needs a space in front to begin a comment",
        ErrorKind::InvalidBlockScalarHeader => {
            "after `|` or `>` only an indentation digit, `+` or `-`, and a comment may follow"
        }
        ErrorKind::ZeroBlockScalarIndent => "a block scalar cannot be indented by 0",
        ErrorKind::DocumentIndicatorInQuotedScalar => "`---` or `...` inside quotes: is a closing quote missing above?",
        ErrorKind::RecursionLimitExceeded => {
            return format!("nested deeper than {} levels", crate::Stream::MAX_DEPTH);
        }
        kind => return kind.to_string(),
    };
    text.to_owned()
}

/// Whether the error is about a tab.
pub(crate) fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart
    )
}

/// Whether the error is about an escape in double quotes.
pub(crate) fn is_escape(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidLowSurrogateHexEscape
            | ErrorKind::InvalidLowSurrogate
            | ErrorKind::MissingLowSurrogate
            | ErrorKind::UnpairedLowSurrogate
            | ErrorKind::InvalidUnicodeEscape
    )
}

/// The first escape that cannot be one, in the double-quoted scalar at `quote`; the parser gives the quote's place.
pub(crate) fn bad_escape(text: &str, quote: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = quote;
    while let Some(next) = bytes[at..].iter().position(|b| *b == b'\\').map(|i| at + i) {
        let escape = &text[next + 1..];
        let digits = match escape.as_bytes().first() {
            Some(b'x') => 2,
            Some(b'u') => 4,
            Some(b'U') => 8,
            Some(b'0' | b'a' | b'b' | b't' | b'\t' | b'n' | b'v' | b'f' | b'r' | b'e' | b' ' | b'"' | b'/' | b'\\')
            | Some(b'N' | b'_' | b'L' | b'P' | b'\n' | b'\r') => 0,
            _ => return next,
        };
        let code = escape.get(1..1 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        // A pair of surrogates is one character.
        let low = escape.get(5..7) == Some("\\u");
        let pair = matches!(code, Some(0xd800..0xdc00)) && low && {
            let low = escape.get(7..11).and_then(|hex| u32::from_str_radix(hex, 16).ok());
            matches!(low, Some(0xdc00..0xe000))
        };
        match code.and_then(char::from_u32) {
            _ if pair => at = next + 12,
            None if digits > 0 => return next,
            _ => at = next + 2,
        }
        at = at.min(bytes.len());
    }
    quote
}
