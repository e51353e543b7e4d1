//! Why there is no answer.

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The address cannot be asked; it is not repeated, since a password may stand in it.
    #[error("{who}'s address is no http or https URL")]
    Address {
        /// Who was to be asked.
        who: &'static str,
    },
    /// The server cannot be asked.
    #[error("{who} cannot be asked: {}", innermost(.source))]
    Unreachable {
        /// Who was asked.
        who: &'static str,
        /// What happened.
        source: reqwest::Error,
    },
    /// It refused the request.
    #[error("{who} says {kind}: {message}")]
    Refused {
        /// Who was asked.
        who: &'static str,
        /// Its word for the kind (`bad_data`, `execution`, `timeout`…), or the HTTP status.
        kind: String,
        /// Its reason.
        message: String,
    },
    /// What came is no answer.
    #[error("{who}'s answer cannot be read: {what}")]
    Unreadable {
        /// Who was asked.
        who: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// More came than anybody reads.
    #[error("{who} answers with more than {} MiB", .limit >> 20)]
    TooLarge {
        /// Who was asked.
        who: &'static str,
        /// The limit, in bytes.
        limit: usize,
    },
}

impl QueryError {
    /// Whether another attempt may fare better: the server is on its way up, or was busy.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            QueryError::Unreachable { .. } => true,
            QueryError::Refused { kind, .. } => {
                matches!(kind.as_str(), "timeout" | "unavailable" | "internal") || kind.starts_with("HTTP 5")
            }
            _ => false,
        }
    }
}

/// The last cause says what happened ("Connection refused"); those before it say where, with the whole URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    // An error without a cause would show its URL itself: a timeout, for one.
    if last.downcast_ref::<reqwest::Error>().is_some() {
        return if error.is_timeout() { "no answer in time" } else { "the request failed" }.to_owned();
    }
    last.to_string()
}
