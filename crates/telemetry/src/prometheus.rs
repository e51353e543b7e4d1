//! Prometheus.

use crate::answer::{self, Answer, Line};
use crate::server::Server;
use crate::target::{self, Target};
use crate::{QueryError, Sample};

pub(crate) const WHO: &str = "Prometheus";

/// A Prometheus server.
#[derive(Clone, Debug)]
pub struct Prometheus {
    server: Server,
}

impl Prometheus {
    /// The server at `address`: `http://127.0.0.1:9090`, perhaps with a path.
    ///
    /// # Errors
    /// Where that is no such address, or no client can be made (no certificates of the system's, for one).
    pub fn new(address: &str) -> Result<Self, QueryError> {
        Ok(Self { server: Server::new(WHO, address)? })
    }

    /// An instant query at the server's own time.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn query(&self, query: &str) -> Result<Answer, QueryError> {
        answer::read(&self.server.post("/api/v1/query", &[("query", query)]).await?)
    }

    /// A range query: from and to in seconds since 1970, a value every `step` seconds.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn range(&self, query: &str, from: f64, to: f64, step: f64) -> Result<Vec<Line>, QueryError> {
        let asked = [("start", from), ("end", to), ("step", step)].map(|(key, value)| (key, format!("{value:.3}")));
        let mut form = vec![("query", query)];
        form.extend(asked.iter().map(|(key, value)| (*key, value.as_str())));
        answer::range(&self.server.post("/api/v1/query_range", &form).await?)
    }

    /// The samples of an instant query; none is an answer too.
    ///
    /// # Errors
    /// Where there is no answer, or one of another type.
    pub async fn samples(&self, query: &str) -> Result<Vec<Sample>, QueryError> {
        match self.query(query).await? {
            Answer::Vector(samples) => Ok(samples),
            _ => Err(QueryError::Unreadable { who: WHO, what: "a vector was asked for".to_owned() }),
        }
    }

    /// What it scrapes, or tries to.
    ///
    /// # Errors
    /// Where there is no answer.
    pub async fn targets(&self) -> Result<Vec<Target>, QueryError> {
        target::read(&self.server.get("/api/v1/targets", &[("state", "active")]).await?)
    }

    /// The query's graph in its web UI, up to `until` (`2026-01-31 12:00:00`, UTC). Old and new UIs take this address.
    #[must_use]
    pub fn graph(&self, query: &str, until: &str, range: &str) -> String {
        let asked = [("g0.expr", query), ("g0.tab", "0"), ("g0.range_input", range), ("g0.end_input", until)];
        self.server.link("/graph", &asked)
    }

    /// The query's answer by its API, at a time as RFC 3339 writes it.
    #[must_use]
    pub fn answer_at(&self, query: &str, time: &str) -> String {
        self.server.link("/api/v1/query", &[("query", query), ("time", time)])
    }

    /// Whether it has its web UI: one that was built without it answers with an error.
    pub async fn has_ui(&self) -> bool {
        self.server.get("/graph", &[]).await.is_ok_and(|page| page.status == 200)
    }
}
