//! What stops a command, in kinds, with a hint for the person.

use std::error::Error;
use std::fmt::Display;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The request cannot be met as it stands.
    User,
    /// The policy file cannot be used.
    Config,
    /// A fault of ours or of the system.
    Internal,
}

/// Why a command could not run; exit code 2.
#[derive(Debug)]
pub(crate) struct CommandError {
    pub(crate) kind: Kind,
    pub(crate) message: String,
    /// The causes, outermost first.
    pub(crate) causes: Vec<String>,
    /// What the person can do.
    pub(crate) hint: Option<String>,
}

impl CommandError {
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Self::new(Kind::Config, message)
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(Kind::Internal, message)
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), causes: Vec::new(), hint: None }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The hint, where there is one.
    pub(crate) fn maybe_hint(mut self, hint: Option<impl Into<String>>) -> Self {
        self.hint = hint.map(Into::into).or(self.hint);
        self
    }

    /// A hint where the error brought none of its own.
    pub(crate) fn hint_if_none(mut self, hint: &str) -> Self {
        self.hint.get_or_insert_with(|| hint.to_owned());
        self
    }

    /// Adds an error and the chain of its sources.
    pub(crate) fn because(mut self, error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }
}

/// On one line, for where there is no more room.
impl Display for CommandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl From<git::Error> for CommandError {
    fn from(error: git::Error) -> Self {
        let kind = match &error {
            git::Error::Git { .. } | git::Error::Io { .. } => Kind::Internal,
            _ => Kind::User,
        };
        let mut this = Self::new(kind, error.to_string());
        this.hint = error.hint();
        match Error::source(&error) {
            Some(source) => this.because(source),
            None => this,
        }
    }
}

impl From<files::ReadError> for CommandError {
    fn from(error: files::ReadError) -> Self {
        let this = Self::user(format!("cannot read {}", error.path.display())).because(&error.source);
        match error.source.kind() {
            std::io::ErrorKind::InvalidInput => this.hint("a stream is read from standard input: `… | check -`"),
            std::io::ErrorKind::NotFound => {
                this.hint("PATH is a folder that holds manifests anywhere below it, or one file")
            }
            _ => this,
        }
    }
}

/// Says what was being done where a plain IO error enters.
pub(crate) trait Doing<T> {
    fn doing(self, what: impl Display) -> Result<T, CommandError>;
}

impl<T> Doing<T> for std::io::Result<T> {
    fn doing(self, what: impl Display) -> Result<T, CommandError> {
        self.map_err(|error| CommandError::user(format!("cannot {what}")).because(&error))
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::internal("cannot write JSON").because(&error)
    }
}
