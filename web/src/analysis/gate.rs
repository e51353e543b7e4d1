//! One gate of a run.

use super::beside::Beside;
use super::plot::{self, Plot};
use super::traces::GateTraces;
use super::{Period, words};
use crate::html::{Sentence, shown};
use crate::time;
use delivery::{Metric, Run};
use gate::condition::short;
use telemetry::Prometheus;

pub(crate) struct Gate {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) phase: String,
    pub(crate) tone: &'static str,
    pub(crate) why: Sentence,
    /// The traces that it judged; none before they are known.
    pub(crate) traces: Option<GateTraces>,
    pub(crate) plot: Option<Plot>,
    /// Whose values stand beside, and what they are in words.
    pub(crate) beside: Option<(String, String)>,
    /// Why none do.
    pub(crate) no_beside: Option<String>,
    /// Requirement and how it stands.
    pub(crate) requires: Vec<(&'static str, String, bool)>,
    pub(crate) conditions: Vec<(&'static str, String)>,
    pub(crate) query: Option<String>,
    pub(crate) link: Option<String>,
    pub(crate) measurements: Vec<Row>,
}

pub(crate) struct Row {
    pub(crate) time: String,
    pub(crate) value: String,
    /// The other version's at that time.
    pub(crate) beside: Option<String>,
    pub(crate) phase: String,
    pub(crate) tone: &'static str,
    pub(crate) message: String,
}

/// What there is to a gate that the cluster does not say.
pub(crate) struct Extra {
    pub(crate) beside: Option<Beside>,
    pub(crate) no_beside: Option<String>,
    pub(crate) traces: Option<GateTraces>,
}

/// All gates, the failed first.
pub(crate) fn gates(run: &Run, prometheus: Option<&Prometheus>, extra: &mut dyn FnMut(&Metric) -> Extra) -> Vec<Gate> {
    let mut metrics: Vec<&Metric> = run.metrics.iter().collect();
    metrics.sort_by_key(|metric| (metric.dry_run, rank(&metric.phase)));
    let gate = |(index, metric): (usize, &&Metric)| gate(index + 1, metric, run, prometheus, extra(metric));
    metrics.iter().enumerate().map(gate).collect()
}

fn rank(phase: &str) -> u8 {
    match phase {
        "Failed" => 0,
        "Error" => 1,
        "Inconclusive" => 2,
        "Successful" => 4,
        _ => 3,
    }
}

pub(crate) fn tone(phase: &str) -> &'static str {
    match rank(phase) {
        0 | 1 => "bad",
        2 => "doubtful",
        4 => "good",
        _ => "going",
    }
}

fn gate(number: usize, metric: &Metric, run: &Run, prometheus: Option<&Prometheus>, extra: Extra) -> Gate {
    let Extra { beside, no_beside, traces } = extra;
    let conditions = [("Passes where", &metric.requires.success), ("Fails where", &metric.requires.failure)];
    let conditions = conditions.into_iter().filter(|(_, text)| !text.is_empty());
    let query = metric.query.as_deref().filter(|query| !query.trim().is_empty());
    Gate {
        id: format!("gate-{number}"),
        name: shown(&metric.name),
        phase: if metric.phase.is_empty() { "Pending".to_owned() } else { shown(&metric.phase) },
        tone: tone(&metric.phase),
        why: Sentence::new(&shown(&why(metric))),
        plot: plot::plot(metric, beside.as_ref()),
        beside: beside.as_ref().map(|beside| (beside.label.clone(), span(metric, beside))),
        no_beside,
        traces,
        requires: requires(metric),
        conditions: conditions.map(|(label, text)| (label, shown(text))).collect(),
        link: query.zip(prometheus).map(|(query, prometheus)| graph(prometheus, query, metric, run)),
        query: query.map(|query| shown(query.trim())),
        measurements: metric.measurements.iter().map(|measurement| row(metric, measurement, beside.as_ref())).collect(),
    }
}

/// The query's graph over the gate's time.
fn graph(prometheus: &Prometheus, query: &str, metric: &Metric, run: &Run) -> String {
    let Some(period) = Period::of_gate(metric, run) else { return prometheus.graph(query, "", "30m") };
    let end = period.end.map(|end| end.checked_add(jiff::SignedDuration::from_secs(30)).unwrap_or(end));
    let until = end.map(|end| end.strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
    let minutes = end.map_or(30, |end| end.duration_since(period.start).as_secs() / 60 + 2).max(5);
    prometheus.graph(query, &until, &format!("{minutes}m"))
}

/// The other version's values in words: from the least to the greatest, and how often there was none.
fn span(metric: &Metric, beside: &Beside) -> String {
    let unit = words::unit(metric);
    let numbers: Vec<f64> = beside.values.iter().filter_map(|(_, value)| *value).filter(|v| v.is_finite()).collect();
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let none = beside.values.iter().filter(|(_, value)| value.is_none()).count();
    let nan = beside.values.iter().filter(|(_, value)| value.is_some_and(f64::is_nan)).count();
    let mut all = Vec::new();
    match (short(least), short(most)) {
        _ if numbers.is_empty() => {}
        (one, other) if one == other => all.push(format!("{one}{unit}")),
        (one, other) => all.push(format!("{one} to {other}{unit}")),
    }
    let of = beside.values.len();
    all.extend((nan > 0).then(|| format!("NaN at {nan} of {of} times")));
    all.extend((none > 0).then(|| format!("no data at {none} of {of} times")));
    all.join(", ")
}

/// Why the values give this verdict.
fn why(metric: &Metric) -> String {
    let needs = words::needs(metric).map(|needs| format!("needs {needs}"));
    let last = metric.measurements.last();
    let said = last.map(|last| words::said(metric, last));
    let limit = |text: &Option<String>, otherwise: &str| text.clone().unwrap_or_else(|| otherwise.to_owned());
    let mut text = match (metric.phase.as_str(), &needs) {
        ("Failed", Some(needs)) => {
            let allowed = limit(&metric.requires.failure_limit, "0");
            let values: Vec<String> = metric
                .measurements
                .iter()
                .filter(|measurement| measurement.phase == "Failed")
                .map(|measurement| words::said(metric, measurement))
                .collect();
            format!("It {needs} and measured {}: {} failed, {allowed} allowed.", values.join(", "), metric.failed)
        }
        ("Failed", None) => format!("{} measurements failed its condition.", metric.failed),
        ("Error", _) => format!(
            "It could not be measured {} times in a row, {} allowed.",
            metric.errors_in_a_row,
            limit(&metric.requires.error_limit, "4")
        ),
        ("Inconclusive", _) => "Neither its success nor its failure condition held.".to_owned(),
        ("Successful", Some(needs)) => {
            format!("It {needs}; the last measurement is {}.", said.clone().unwrap_or_else(|| "none".to_owned()))
        }
        (_, Some(needs)) => match &said {
            Some(said) => format!("It {needs}; so far the last measurement is {said}."),
            None => format!("It {needs}; nothing was measured yet."),
        },
        _ => said.clone().map_or("Nothing was measured yet.".to_owned(), |said| format!("It measured {said}.")),
    };
    match said.as_deref() {
        Some("NaN") => {
            text.push_str(" NaN is a division of nothing by nothing: no request in the query's window, as a rule.")
        }
        Some("no data") => text.push_str(" No data: Prometheus has no such series."),
        _ => {}
    }
    if metric.dry_run {
        text.push_str(" It runs dry: whatever it measures, it stops nothing.");
    }
    text
}

fn requires(metric: &Metric) -> Vec<(&'static str, String, bool)> {
    let over = |used: u32, limit: &Option<String>, otherwise: i64| {
        let limit = limit.as_deref().and_then(|text| text.parse::<i64>().ok()).unwrap_or(otherwise);
        let told = if limit < 0 { "any number".to_owned() } else { limit.to_string() };
        (format!("{used}, {told} allowed"), limit >= 0 && i64::from(used) > limit)
    };
    let wanted = metric.of.map_or("until it is stopped".to_owned(), |of| format!("of {of}"));
    let (failed, too_many) = over(metric.failed, &metric.requires.failure_limit, 0);
    let (unclear, too_unclear) = over(metric.inconclusive, &metric.requires.inconclusive_limit, 0);
    let (errors, too_wrong) = over(metric.errors_in_a_row, &metric.requires.error_limit, 4);
    let mut all = vec![
        ("Measured", format!("{} {wanted}", metric.count), false),
        ("Failed", failed, too_many),
        ("Inconclusive", unclear, too_unclear),
        ("Errors in a row", errors, too_wrong),
    ];
    if let Some(interval) = &metric.requires.interval {
        let delay = metric.requires.initial_delay.as_ref();
        let delay = delay.map(|delay| format!(", first after {delay}")).unwrap_or_default();
        all.push(("Every", shown(&format!("{interval}{delay}")), false));
    }
    all
}

fn row(metric: &Metric, measurement: &delivery::Measurement, beside: Option<&Beside>) -> Row {
    let at = measurement.finished.as_deref().and_then(time::parse).map(|at| at.as_second());
    let said = |value: Option<f64>| match value {
        None => "no data".to_owned(),
        Some(value) if value.is_nan() => "NaN".to_owned(),
        Some(value) => format!("{}{}", short(value), words::unit(metric)),
    };
    Row {
        time: measurement.finished.as_deref().and_then(time::said).unwrap_or_default(),
        value: shown(&words::said(metric, measurement)),
        beside: beside.zip(at).and_then(|(beside, at)| beside.near(at)).map(said),
        phase: shown(&measurement.phase),
        tone: tone(&measurement.phase),
        message: shown(&measurement.message),
    }
}
