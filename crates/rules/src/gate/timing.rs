//! When data can be read: `gate/samples-before-data` and `collector/flush-slower-than-gate`.

use super::view::{View, put, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::{Contract, Origin, SpanMetrics};
use gate::analysis::{MetricStatus, Outcome, assess, due_times};
use yaml::Value;

/// Every sample is taken before the data can exist.
pub(crate) const BEFORE: Rule = Rule {
    name: "gate/samples-before-data",
    severity: Severity::Error,
    summary: "every sample is taken before the data can exist",
    fix: Some("longer initialDelay or shorter flush"),
    safety: SAFE,
    page: include_str!("../../pages/gate/samples-before-data.md"),
    check: check_before,
};

/// Metrics reach Prometheus later than the gate's first samples read them.
pub(crate) const SLOW: Rule = Rule {
    name: "collector/flush-slower-than-gate",
    severity: Severity::Warning,
    summary: "metrics reach Prometheus later than the gate's first samples read them",
    fix: Some("shorter `metrics_flush_interval`"),
    safety: SAFE,
    page: include_str!("../../pages/collector/flush-slower-than-gate.md"),
    check: check_slow,
};

/// What a healthy canary's run reads.
enum Reads {
    /// Good data at every sample, wherever the clocks stand.
    Data,
    /// At some phase the samples at these seconds find none.
    SomeLost(Vec<f64>),
    /// At every phase the run fails for lack of data; when the last sample was taken, in seconds.
    NothingYet(f64),
}

fn reads(view: &View<'_, '_>) -> Option<Reads> {
    // Two flushes and two scrapes: by then data is there wherever the clocks stand, and nothing needs to be simulated.
    let scrape = view.contract.context.policy.prometheus.scrape_interval;
    let flush = source(view).map_or(scrape, |(_, s)| s.flush.max(scrape));
    if view.gate.limits.initial_delay.as_secs_f64() >= 2.0 * flush + 2.0 * scrape {
        return Some(Reads::Data);
    }
    if !matches!(view.contract.simulated(view.index).healthy(), Some((_, Outcome::Successful))) {
        return estimated(view);
    }
    let mut lost: Vec<f64> = Vec::new();
    let mut hopeless = true;
    let mut last = 0.0;
    for run in view.contract.fresh_runs(view.index)? {
        let outcomes: Vec<Outcome> = run.iter().map(|(_, o)| *o).collect();
        let missed: Vec<f64> = run.iter().filter(|(_, o)| *o != Outcome::Successful).map(|(at, _)| *at).collect();
        last = run.last().map_or(last, |(at, _)| *at);
        let status = assess(&view.gate.limits, &outcomes);
        hopeless &= missed.len() == run.len() || matches!(status, MetricStatus::Failed);
        if missed.len() > lost.len() {
            lost = missed;
        }
    }
    Some(match (hopeless, lost.is_empty()) {
        (true, _) => Reads::NothingYet(last),
        (false, false) => Reads::SomeLost(lost),
        (false, true) => Reads::Data,
    })
}

/// Nobody described the workload, but the connector's clock is known: data needs two flushes and a scrape at worst.
fn estimated(view: &View<'_, '_>) -> Option<Reads> {
    let (_, source) = source(view)?;
    // A described gate that no healthy canary passes has another fault, which says so.
    if view.description().is_some() || view.gate.rollout.is_none() {
        return None;
    }
    let count = view.gate.limits.count.map_or(1, |c| c.clamp(1, 100)) as usize;
    let due: Vec<f64> = due_times(&view.gate.limits, count).iter().map(|d| d.as_secs_f64()).collect();
    let worst = 2.0 * source.flush + view.contract.context.policy.prometheus.scrape_interval;
    let last = *due.last()?;
    let bounded = view.gate.limits.count.is_some();
    if bounded && last < source.flush {
        return Some(Reads::NothingYet(last));
    }
    let lost: Vec<f64> = due.into_iter().filter(|at| *at < worst).collect();
    Some(if lost.is_empty() { Reads::Data } else { Reads::SomeLost(lost) })
}

/// The slowest connector that the gate reads, with its index.
fn source<'c>(view: &View<'c, '_>) -> Option<(usize, &'c SpanMetrics)> {
    let families = view.selectors().iter().flat_map(|s| view.families(s));
    let sources = families.filter_map(|f| match f.origin {
        Origin::Spans { source, .. } => Some((source, view.contract.span_metrics.get(source)?)),
        Origin::Workload(_) => None,
    });
    sources.max_by(|(_, a), (_, b)| a.flush.total_cmp(&b.flush))
}

fn check_before(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some(Reads::NothingYet(last)) = reads(&view) else { continue };
        let needed = needed_delay(&view);
        let why = match source(&view) {
            Some((_, source)) => {
                format!("span metrics are flushed every {} s and a rate needs two flushes", source.flush)
            }
            None => format!("a rate needs two scrapes, {} s apart", contract.context.policy.prometheus.scrape_interval),
        };
        let message = format!("{} takes its last sample after {last} s, before its data can exist: {why}", view.name());
        let consequence = "a healthy canary is aborted, every time";
        let flush = source(&view).and_then(|(_, s)| shorter_flush(&view, s));
        let mend =
            flush.map(|(title, op)| fix(title, Safety::Safe, [op])).unwrap_or_else(|| longer_delay(&view, needed));
        let at = view.metric.at.key("initialDelay");
        drafts.push(Draft::new(BEFORE.name, BEFORE.severity, &at, message, consequence).fix(mend));
    }
}

/// Seconds until a rate over the gate's series can be read, in whole half minutes.
fn needed_delay(view: &View<'_, '_>) -> f64 {
    let scrape = view.contract.context.policy.prometheus.scrape_interval;
    let flush = source(view).map_or(scrape, |(_, s)| s.flush.max(scrape));
    ((2.0 * flush + scrape) / 30.0).ceil() * 30.0
}

fn longer_delay(view: &View<'_, '_>, needed: f64) -> Fix {
    let value = model::duration::seconds(needed);
    let op = put(view.contract, &view.metric.at, "initialDelay", Value::Str(value.clone()), "name");
    fix(format!("Wait {value} before the first sample"), Safety::Safe, [op])
}

/// The interval at which the gate's first sample finds data, at most the scrape interval; `None` where none is short enough.
fn shorter_flush(view: &View<'_, '_>, source: &SpanMetrics) -> Option<(String, (usize, yaml::Op))> {
    let scrape = view.contract.context.policy.prometheus.scrape_interval;
    let first = view.gate.limits.initial_delay.as_secs_f64();
    let fits = ((first - scrape) / 2.0).floor();
    let interval = fits.min(scrape);
    if interval < 1.0 || interval >= source.flush {
        return None;
    }
    let value = model::duration::seconds(interval);
    let title = format!("Flush span metrics every {value}");
    let node = view.contract.repository.node(&source.connector);
    // A connector without any configuration is null: it becomes a mapping.
    let op = match node {
        Some(node) if node.is_null() => {
            super::view::set(&source.connector, Value::map([("metrics_flush_interval", Value::Str(value))]))
        }
        _ => {
            let place = source.connector.key("metrics_flush_interval");
            match view.contract.repository.node(&place) {
                Some(_) => super::view::set(&place, Value::Str(value)),
                None => (
                    place.file,
                    yaml::Op::Insert {
                        route: source.connector.route.clone(),
                        key: "metrics_flush_interval".to_owned(),
                        value: Value::Str(value),
                        after: None,
                    },
                ),
            }
        }
    };
    Some((title, op))
}

fn check_slow(contract: &Contract<'_>, drafts: &mut Drafts) {
    let mut told: Vec<usize> = Vec::new();
    // The gate that asks earliest decides how short the interval must be.
    let mut list: Vec<View<'_, '_>> = views(contract).collect();
    list.sort_by_key(|v| v.gate.limits.initial_delay);
    for view in &list {
        let Some((index, source)) = source(view) else { continue };
        if told.contains(&index) || source.flush <= contract.context.policy.prometheus.scrape_interval {
            continue;
        }
        let Some(Reads::SomeLost(lost)) = reads(view) else { continue };
        told.push(index);
        let seconds = lost.iter().map(|s| format!("{s}")).collect::<Vec<_>>().join(", ");
        let message = format!(
            "connector `{}` flushes every {} s: {} samples at {seconds} s and may find nothing yet",
            source.id,
            source.flush,
            view.name()
        );
        let consequence =
            "a rate needs two flushes: whether a healthy canary passes depends on where the flush clock stands";
        let place = source.connector.key("metrics_flush_interval");
        let mend = shorter_flush(view, source).map(|(title, op)| fix(title, Safety::Safe, [op]));
        let draft = Draft::new(SLOW.name, SLOW.severity, &place, message, consequence)
            .related(&view.metric.at.key("initialDelay"), "the first sample is due here")
            .fix(mend);
        drafts.push(draft);
    }
}
