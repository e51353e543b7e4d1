//! To a receiver at a URL.

use crate::{CONTENT_TYPE, Endpoint, Trace};
use std::error::Error;
use std::time::Duration;

/// Why a trace did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No answer.
    #[error("{0}")]
    Unreachable(String),
    /// Another answer than 2xx.
    #[error("it answered {0}")]
    Refused(u16),
}

/// Posts a trace; `limit` bounds all of it, connecting too. The error names no header.
///
/// # Errors
/// Where it did not arrive.
pub async fn post(trace: &Trace, to: &Endpoint, limit: Duration) -> Result<(), SendError> {
    let client = reqwest::Client::builder().timeout(limit).build().map_err(|error| unreachable(&error))?;
    let mut request = client.post(&to.url).header("content-type", CONTENT_TYPE).body(trace.encode());
    for (key, value) in &to.headers {
        request = request.header(key, value);
    }
    let answer = request.send().await.map_err(|error| unreachable(&error))?;
    if answer.status().is_success() { Ok(()) } else { Err(SendError::Refused(answer.status().as_u16())) }
}

/// The last cause says what happened; the error itself shows the URL, which may hold credentials.
fn unreachable(error: &reqwest::Error) -> SendError {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    SendError::Unreachable(match cause {
        _ if error.is_timeout() => "no answer in time".to_owned(),
        Some(cause) => cause.to_string(),
        None => "no such request can be made".to_owned(),
    })
}
