//! Many traces in brief: a search of thousands would be hundreds of megabytes of spans, so it is asked for in parts, and of each
//! part only the digests are kept.

use super::read::envelope;
use super::{Jaeger, Search};
use crate::QueryError;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt;

/// Traces of one part: some megabytes, of which nothing stays.
const PART: usize = 100;

/// A trace in brief.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// Its ID.
    pub id: String,
    /// When it began, in microseconds since 1970.
    pub start: i64,
    /// Microseconds from its begin to its end.
    pub duration: i64,
    /// The service and the operation that began it.
    pub root: (String, String),
    /// How many spans of each service.
    pub services: BTreeMap<String, u32>,
    /// Whether the span that began it failed: what was asked for was not done.
    pub failed: bool,
    /// Spans that failed, which what was asked for may have got over.
    pub errors: u32,
    /// Values of the attribute that was asked for, of all its processes.
    pub values: BTreeSet<String>,
}

impl Digest {
    /// All its spans.
    #[must_use]
    pub fn spans(&self) -> u32 {
        self.services.values().sum()
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The newest first.
    pub digests: Vec<Digest>,
    /// Whether there are more in that time, older ones.
    pub more: bool,
}

impl Jaeger {
    /// Finds traces and tells of each in brief, the newest first; `search.limit` at most, of any number. `attribute` is one
    /// of their processes' whose values are wanted.
    ///
    /// # Errors
    /// Where there is no answer, or not to the end.
    pub async fn digests(&self, search: &Search, attribute: Option<&str>) -> Result<Found, QueryError> {
        let mut part = Search { limit: PART, ..search.clone() };
        let mut found = Found::default();
        let mut known: HashSet<String> = HashSet::new();
        // Twice nothing new: who answers so does not look at the times that it is asked for.
        let mut idle = 0;
        while idle < 2 {
            let asked = part.asked();
            let asked: Vec<(&str, &str)> = asked.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let body = match self.server.get("/api/traces", &asked).await {
                // Traces of thousands of spans each: fewer at a time.
                Err(QueryError::TooLarge { .. }) if part.limit > 1 => {
                    part.limit = part.limit.div_ceil(4);
                    continue;
                }
                other => other?,
            };
            let raw: Vec<Brief> = envelope(&body)?;
            drop(body);
            let came = raw.len();
            let mut digests: Vec<Digest> = raw.into_iter().map(|brief| brief.digest(attribute)).collect();
            digests.sort_by_key(|digest| std::cmp::Reverse(digest.start));
            let oldest = digests.last().map_or(part.end, |digest| digest.start);
            let before = known.len();
            digests.retain(|digest| known.insert(digest.id.clone()));
            found.digests.append(&mut digests);
            if found.digests.len() >= search.limit {
                found.more = found.digests.len() > search.limit || came >= part.limit;
                break;
            }
            if came < part.limit {
                break;
            }
            // Several may begin in one microsecond: it is looked at again, unless nothing new was in it.
            let new = known.len() > before;
            idle = if new { 0 } else { idle + 1 };
            part.end = oldest.min(part.end) - i64::from(!new);
            if part.end < part.start {
                break;
            }
        }
        // Parts overlap in time where traces began while they were asked for.
        found.digests.sort_by(|one, other| other.start.cmp(&one.start).then_with(|| one.id.cmp(&other.id)));
        found.digests.truncate(search.limit);
        Ok(found)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Brief {
    #[serde(rename = "traceID")]
    trace_id: String,
    #[serde(default)]
    spans: Vec<BriefSpan>,
    #[serde(default)]
    processes: HashMap<String, BriefProcess>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BriefSpan {
    #[serde(rename = "spanID", default)]
    span_id: String,
    operation_name: String,
    start_time: i64,
    duration: i64,
    #[serde(default)]
    references: Option<Vec<BriefReference>>,
    #[serde(default, rename = "tags")]
    failed: Failed,
    #[serde(rename = "processID", default)]
    process_id: String,
}

#[derive(Deserialize)]
struct BriefReference {
    #[serde(rename = "spanID", default)]
    span_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BriefProcess {
    service_name: String,
    #[serde(default)]
    tags: Option<Vec<BriefTag>>,
}

#[derive(Deserialize)]
struct BriefTag {
    key: String,
    value: Scalar,
}

/// A tag's value; of what is neither text nor truth nothing is kept.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Truth(bool),
    Other(#[allow(dead_code, reason = "read over")] IgnoredAny),
}

/// Whether a span's tags say that it failed; nothing else of them is kept.
#[derive(Clone, Copy, Debug, Default)]
struct Failed(bool);

impl<'de> Deserialize<'de> for Failed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Failed, D::Error> {
        struct Tags;
        impl<'de> Visitor<'de> for Tags {
            type Value = Failed;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("tags")
            }

            fn visit_unit<E>(self) -> Result<Failed, E> {
                Ok(Failed(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut tags: A) -> Result<Failed, A::Error> {
                let mut failed = false;
                while let Some(BriefTag { key, value }) = tags.next_element()? {
                    failed |= key == "error" && value.text().is_some_and(|text| text == "true");
                }
                Ok(Failed(failed))
            }
        }
        deserializer.deserialize_any(Tags)
    }
}

impl Brief {
    fn digest(self, attribute: Option<&str>) -> Digest {
        let service = |span: &BriefSpan| {
            self.processes.get(&span.process_id).map_or_else(String::new, |process| process.service_name.clone())
        };
        let mut services: BTreeMap<String, u32> = BTreeMap::new();
        for span in &self.spans {
            *services.entry(service(span)).or_default() += 1;
        }
        let ids: HashSet<&str> = self.spans.iter().map(|span| span.span_id.as_str()).collect();
        let caused = |span: &&BriefSpan| {
            span.references.iter().flatten().any(|reference| ids.contains(reference.span_id.as_str()))
        };
        let roots = self.spans.iter().filter(|span| !caused(span));
        let first = roots.min_by_key(|span| span.start_time);
        let start = self.spans.iter().map(|span| span.start_time).min().unwrap_or_default();
        let end = self.spans.iter().map(|span| span.start_time.saturating_add(span.duration)).max().unwrap_or_default();
        let tags = self.processes.values().flat_map(|process| process.tags.iter().flatten());
        let asked = tags.filter(|tag| Some(tag.key.as_str()) == attribute);
        Digest {
            start,
            duration: end.saturating_sub(start),
            root: first.map(|span| (service(span), span.operation_name.clone())).unwrap_or_default(),
            failed: first.is_some_and(|span| span.failed.0),
            errors: self.spans.iter().filter(|span| span.failed.0).count() as u32,
            values: asked.filter_map(|tag| tag.value.text()).collect(),
            services,
            id: self.trace_id,
        }
    }
}

impl Scalar {
    fn text(&self) -> Option<String> {
        match self {
            Scalar::Text(text) => Some(text.clone()),
            Scalar::Truth(truth) => Some(Value::Bool(*truth).to_string()),
            Scalar::Other(_) => None,
        }
    }
}
