//! What pages ask Jaeger, Prometheus and the repository for: each question once, however many readers look at its answer, and
//! only while somebody looks.

mod ask;
mod question;
mod shelf;

pub(crate) use ask::Asker;
pub(crate) use question::{MOST_COMMITS, Period, Question, Reply, TraceSearch, ValueQuery, Who};
pub(crate) use shelf::{Known, PATIENCE, Shelf};

use telemetry::{Jaeger, Prometheus};

/// The servers that pages ask, and those that a browser opens. No page asks or links to any other.
#[derive(Clone, Debug, Default)]
pub struct Upstream {
    /// Prometheus, as this program reaches it.
    pub prometheus: Option<Prometheus>,
    /// Prometheus' own pages, as a browser reaches them. They are linked to where they answer.
    pub prometheus_pages: Option<Prometheus>,
    /// Jaeger's query service, as this program reaches it.
    pub jaeger: Option<Jaeger>,
    /// Jaeger's own pages, as a browser reaches them.
    pub jaeger_pages: Option<Jaeger>,
    /// Whether the pages' addresses are those of browsers alone: the servers then tell themselves whether they have pages.
    pub pages_elsewhere: bool,
}
