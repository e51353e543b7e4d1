//! Where to look at what an analysis run saw: addresses in Prometheus and Jaeger, only where something answers.

use super::measured::time;
use crate::args::EndpointArgs;
use crate::error::CommandError;
use delivery::Run;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use smoke::TraceWanted;
use telemetry::{Jaeger, Prometheus, QueryError, Search};

/// How many traces are listed.
const TRACES: usize = 20;

/// Something with an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Pointer {
    pub(crate) text: String,
    pub(crate) link: String,
}

/// From when to when a run looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

impl Window {
    /// Of a run; one that goes on ends now.
    pub(super) fn of(run: &Run, now: Timestamp) -> Option<Window> {
        let start = time(run.started.as_deref()).or_else(|| time(Some(&run.created)))?;
        let last = run.metrics.iter().flat_map(|metric| &metric.measurements);
        let last = last.filter_map(|measurement| time(measurement.finished.as_deref())).max();
        let over = time(run.completed.as_deref()).or(last.filter(|_| !run.phase.is_empty() && run.phase != "Running"));
        Some(Window { start, end: over.unwrap_or(now).max(start) })
    }

    /// As long as the graph has to reach back, in Prometheus' way.
    fn range(&self) -> String {
        let minutes = self.end.duration_since(self.start).as_secs() / 60 + 2;
        format!("{}m", minutes.max(5))
    }
}

/// The servers that answer.
pub(super) struct Trail {
    /// Each with whether it has pages for people.
    prometheus: Option<(bool, Prometheus)>,
    jaeger: Option<(bool, Jaeger)>,
    /// Who does not answer, and why.
    pub(super) silent: Vec<String>,
}

impl Trail {
    /// Asks each whether it is there, and whether it has pages for people.
    pub(super) async fn find(endpoints: &EndpointArgs) -> Result<Trail, CommandError> {
        let (prometheus, jaeger) = endpoints.open()?;
        let mut silent = Vec::new();
        let mut answers = |asked: Option<QueryError>| {
            silent.extend(asked.as_ref().map(ToString::to_string));
            asked.is_none()
        };
        let prometheus = match answers(prometheus.query("1").await.err()) {
            true => Some((prometheus.has_ui().await, prometheus)),
            false => None,
        };
        let jaeger = match answers(jaeger.services().await.err()) {
            true => Some((jaeger.has_ui().await, jaeger)),
            false => None,
        };
        Ok(Trail { prometheus, jaeger, silent })
    }

    /// The query over the run: its graph, or its answer at the end where there are no pages.
    pub(super) fn query(&self, query: &str, window: &Window) -> Option<Pointer> {
        let (ui, prometheus) = self.prometheus.as_ref()?;
        let end = window.end.checked_add(SignedDuration::from_secs(30)).unwrap_or(window.end);
        Some(if *ui {
            let until = end.strftime("%Y-%m-%d %H:%M:%S").to_string();
            Pointer { text: "graph in Prometheus".to_owned(), link: prometheus.graph(query, &until, &window.range()) }
        } else {
            let at = second(window.end);
            Pointer { text: format!("Prometheus' answer at {at}"), link: prometheus.answer_at(query, &at) }
        })
    }

    /// Traces of the run's pods in that time: the search, and those that there are.
    pub(super) async fn traces(&self, wanted: &TraceWanted, window: &Window) -> Option<(Pointer, Vec<Pointer>)> {
        let (ui, jaeger) = self.jaeger.as_ref()?;
        let search = search(wanted, window.start.as_microsecond(), window.end.as_microsecond(), TRACES);
        let mut found = jaeger.traces(&search).await.ok()?;
        found.sort_by_key(telemetry::Trace::start);
        let link = if *ui { jaeger.search_page(&search) } else { jaeger.search_answer(&search) };
        let all = Pointer { text: format!("{} traces of {} in that time", found.len(), wanted.service), link };
        let one = |trace: &telemetry::Trace| {
            let first = trace.spans.iter().min_by_key(|span| span.start);
            let what = first.map_or_else(String::new, |span| {
                let at = Timestamp::from_microsecond(span.start).map(second).unwrap_or_default();
                format!("{at} {} {}, {:.0} ms, ", span.service, span.operation, span.duration as f64 / 1000.0)
            });
            let errors = trace.spans.iter().filter(|span| span.tags.get("error").is_some_and(|e| e == "true")).count();
            let errors = if errors == 0 { String::new() } else { format!(", {errors} with an error") };
            Pointer {
                text: format!(
                    "{what}{} span{}{errors}",
                    trace.spans.len(),
                    if trace.spans.len() == 1 { "" } else { "s" }
                ),
                link: if *ui { jaeger.trace_page(&trace.id) } else { jaeger.trace_answer(&trace.id) },
            }
        };
        Some((all, found.iter().map(one).collect()))
    }
}

/// The search for traces of a rollout's pods; times in microseconds since 1970.
pub(super) fn search(wanted: &TraceWanted, start: i64, end: i64, limit: usize) -> Search {
    Search { service: wanted.service.clone(), tags: wanted.attributes.clone(), start, end, limit, min_duration: 0 }
}

/// The same up to now. The cluster's clock may be ahead of ours, by hours where ours was set wrong.
pub(super) fn search_since(wanted: &TraceWanted, start: i64, limit: usize) -> Search {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    search(wanted, start, Timestamp::now().as_microsecond() + DAY, limit)
}

/// A time to the second.
pub(super) fn second(time: Timestamp) -> String {
    Timestamp::from_second(time.as_second()).unwrap_or(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Measurement, Metric};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[test]
    fn a_run_looks_from_its_start_to_its_end() {
        let now = at("2026-01-01T01:00:00Z");
        let measurement = Measurement {
            phase: "Failed".to_owned(),
            value: String::new(),
            message: String::new(),
            finished: Some("2026-01-01T00:02:00Z".to_owned()),
        };
        let mut run = Run {
            created: "2026-01-01T00:00:00Z".to_owned(),
            phase: "Running".to_owned(),
            metrics: vec![Metric { measurements: vec![measurement], ..Metric::default() }],
            ..Run::default()
        };
        let ends = |run: &Run| Window::of(run, now).map(|window| window.end);
        assert_eq!(ends(&run), Some(now));
        run.phase = "Failed".to_owned();
        assert_eq!(ends(&run), Some(at("2026-01-01T00:02:00Z")));
        run.completed = Some("2026-01-01T00:02:01Z".to_owned());
        assert_eq!(ends(&run), Some(at("2026-01-01T00:02:01Z")));
        assert_eq!(Window::of(&run, now).map(|window| window.range()), Some("5m".to_owned()));
        run.created = "once".to_owned();
        assert_eq!(Window::of(&run, now), None);
    }
}
