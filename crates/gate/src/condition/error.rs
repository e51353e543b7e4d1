//! Why a condition does not compile, or could not be evaluated.

use std::ops::Range;

/// A repaired condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What the repair does, for a fix's title.
    pub title: String,
    /// The whole condition, repaired. It compiles.
    pub condition: String,
}

/// What kind of fault keeps a condition from compiling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// expr cannot parse it: every measurement is an Error.
    Syntax,
    /// It does not fit the type of the result (or names what does not exist): every measurement is an Error.
    Type,
    /// It compiles, but its value is never a boolean: every measurement is an Error.
    NeverBool,
    /// It uses a corner of expr that is not modelled here. Nothing is known about it, and nothing should be said.
    NotModelled,
}

/// Why a condition does not compile against a result type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// What kind of fault it is.
    pub kind: Refusal,
    /// expr's own words where it is a fault of the expression.
    pub message: String,
    /// The bytes of the condition's text that are at fault.
    pub range: Option<Range<usize>>,
    /// The repair, where one reading is left. It suits a success condition: it is false where there is no data.
    pub suggestion: Option<Suggestion>,
}

impl CompileError {
    fn new(kind: Refusal, message: String, range: Range<usize>) -> CompileError {
        CompileError { kind, message, range: Some(range), suggestion: None }
    }

    pub(super) fn syntax(message: String, range: Range<usize>) -> CompileError {
        CompileError::new(Refusal::Syntax, message, range)
    }

    pub(super) fn types(message: String, range: Range<usize>) -> CompileError {
        CompileError::new(Refusal::Type, message, range)
    }

    pub(super) fn never_bool(message: String, range: Range<usize>) -> CompileError {
        CompileError::new(Refusal::NeverBool, message, range)
    }

    pub(super) fn unmodelled(message: &str, range: Range<usize>) -> CompileError {
        CompileError::new(Refusal::NotModelled, message.to_owned(), range)
    }
}

/// Why a compiled condition could not be evaluated; Argo Rollouts then counts the measurement as an Error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What went wrong, in expr's words where they are known.
    pub message: String,
}
