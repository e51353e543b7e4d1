//! What Prometheus scrapes.

use crate::QueryError;
use crate::answer::data;
use crate::server::Body;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A target.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Target {
    /// Labels that its series get.
    pub labels: BTreeMap<String, String>,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// Why the last scrape failed; empty where it did not.
    #[serde(default, rename = "lastError")]
    pub last_error: String,
}

#[derive(Deserialize)]
struct Targets {
    #[serde(rename = "activeTargets", default)]
    active: Vec<Target>,
}

pub(crate) fn read(body: &Body) -> Result<Vec<Target>, QueryError> {
    data::<Targets>(body).map(|targets| targets.active)
}
