//! The client.

use crate::answer::{self, Answer};
use std::time::Duration;

/// As long as Argo Rollouts' provider waits.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The server cannot be asked.
    #[error("Prometheus cannot be asked: {}", innermost(.0))]
    Unreachable(#[source] reqwest::Error),
    /// It refused the query.
    #[error("Prometheus says {kind}: {message}")]
    Refused {
        /// Its word for the kind: `bad_data`, `execution`, `timeout`…
        kind: String,
        /// Its reason.
        message: String,
    },
    /// What came is no answer.
    #[error("Prometheus' answer cannot be read: {0}")]
    Unreadable(String),
}

/// The last cause says what happened ("Connection refused"); those before it say where.
fn innermost(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// A Prometheus server.
#[derive(Clone, Debug)]
pub struct Prometheus {
    client: reqwest::Client,
    query: String,
}

impl Prometheus {
    /// The server at `address`: `http://127.0.0.1:9090`, perhaps with a path.
    ///
    /// # Errors
    /// Where no client can be made (no certificates of the system's, for one).
    pub fn new(address: &str) -> Result<Self, QueryError> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build();
        let client = client.map_err(QueryError::Unreachable)?;
        Ok(Self { client, query: format!("{}/api/v1/query", address.trim_end_matches('/')) })
    }

    /// An instant query at the server's own time.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn query(&self, query: &str) -> Result<Answer, QueryError> {
        let sent = self.client.post(&self.query).form(&[("query", query)]).send().await;
        let body = sent.map_err(QueryError::Unreachable)?.bytes().await.map_err(QueryError::Unreachable)?;
        answer::read(&body)
    }
}
