//! `gate/series-never-exists`: the query reads a metric that nothing in the repository emits.

use super::fallback;
use super::view::{View, difference, of_healthy, rewritten, views};
use crate::draft::{Draft, Drafts};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::endpoint::nearest_word;
use contract::{CANARY_HASH, Contract, Family, Kind, Load, Origin, PHASES, Scenario};
use gate::analysis::Outcome;
use gate::condition::Measured;
use gate::promql::{ExprKind, Query, Selector, Splice};

pub(crate) const RULE: Rule = Rule {
    name: "gate/series-never-exists",
    severity: Severity::Error,
    summary: "the query reads a metric that nothing in the repository emits",
    fix: Some("the emitted name"),
    safety: SAFE,
    page: include_str!("../../pages/gate/series-never-exists.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Some((text, _)) = view.query() else { continue };
        for selector in view.selectors() {
            let Some(name) = selector.name.as_deref().filter(|n| !n.contains("{{")) else { continue };
            if contract.exists(name) || !closed(&view, selector, name) {
                continue;
            }
            let broken = contract.known(name).next();
            let hint = match (broken, best(&view, name)) {
                (Some(_), _) => ": the chain that would emit it is broken".to_owned(),
                (None, Some(best)) => format!("; the repository emits `{}`", best.name),
                (None, None) => String::new(),
            };
            let message = format!("{} reads `{name}`, which nothing here emits{hint}", view.name());
            let consequence = "the query answers with nothing, for good canaries and bad ones alike";
            let range = selector.name_span.clone().unwrap_or_else(|| selector.span.clone());
            let mut draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).within(range);
            match broken {
                Some(family) => {
                    draft = upstream(&view, draft, family);
                    if let Some(cause) = super::unheard::cause(contract, family) {
                        draft = draft.echo_at(RULE.name, &cause.finding.at.place());
                        drafts.push(cause);
                    }
                }
                None if hidden(&view, selector, name) => draft = unseen(&view, draft),
                None => draft = draft.fix(rename(&view, name)),
            }
            drafts.push(draft);
        }
        drafts.list.extend(reads_nothing(&view));
    }
}

/// Every series exists, and still a healthy canary's requests leave nothing that the query answers with: what it joins or
/// divides never meets.
fn reads_nothing(view: &View<'_, '_>) -> Option<Draft> {
    view.mission()?;
    let (text, _) = view.query()?;
    let names = || view.selectors().iter().filter_map(|s| s.name.as_deref());
    if names().next().is_none() || !names().all(|n| view.contract.exists(n)) {
        return None;
    }
    let simulated = view.contract.simulated(view.index);
    let (measured, outcome) = simulated.healthy()?;
    let empty = |m: &Measured| match m {
        Measured::Vector(values) => values.first().is_none_or(|v| v.is_nan()),
        Measured::Scalar(value) => value.is_nan(),
    };
    if outcome == Outcome::Successful || !empty(&measured) {
        return None;
    }
    // Wherever the clocks stand: what answers now and then is slow, not empty.
    let always = PHASES.iter().all(|(flush, scrape)| {
        let scenario = Scenario { flush_phase: *flush, scrape_phase: *scrape, ..Scenario::of(Load::HEALTHY) };
        view.contract.read(view.gate, &scenario, 0.0).is_some_and(|m| empty(&m))
    });
    if !always {
        return None;
    }
    // A span metric has no series of failures before the first one.
    let (what, consequence, mend) = if simulated.read(Load { failing: 0.5, ..Load::HEALTHY }).is_some_and(|m| empty(&m))
    {
        let consequence = "every measurement is empty or NaN, and every canary is aborted, healthy or not";
        ("no series pass the query", consequence, meeting(view))
    } else {
        let consequence = "a canary whose rides all succeed is aborted, one of which a few fail is promoted";
        ("before the first failed ride there are no series of failures", consequence, fallback::for_failures(view))
    };
    let message = format!("{} reads nothing of a healthy canary: {what}", view.name());
    let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, consequence).fix(mend);
    let causes = [
        "gate/label-never-exists",
        "gate/query-syntax",
        "gate/window-too-short",
        "gate/arbitrary-series",
        "gate/unresolved-argument",
        "gate/condition-type",
        "gate/threshold-deviates",
        "gate/not-scoped-to-canary",
        "gate/vacuous",
        RULE.name,
    ];
    let draft = causes.into_iter().fold(draft, |d, rule| d.echo(rule, Some(&view.metric.at)));
    let families = view.selectors().iter().flat_map(|s| view.families(s));
    let draft = families.fold(draft, |d, family| upstream(view, d, family));
    Some(draft.echo("collector/dimension-matches-nothing", None))
}

/// The query with both sides of its operators summed up, where it then answers.
fn meeting(view: &View<'_, '_>) -> Option<Fix> {
    let (text, _) = view.query()?;
    let edited = rewritten(&text.value, |query| super::arbitrary::aggregate(query, query.root(), None))?;
    let answers = match of_healthy(view, &edited)? {
        Measured::Vector(values) => values.first().is_some_and(|v| v.is_finite()),
        Measured::Scalar(value) => value.is_finite(),
    };
    answers.then(|| crate::draft::fix("Sum up both sides", Safety::Safe, [difference(text, &edited)]))
}

/// What a broken chain is reported as, on the collector.
const CAUSES: [&str; 13] = [
    "collector/half-wired-connector",
    "collector/metrics-not-exposed",
    "collector/no-receiver",
    "collector/unsupported-signal",
    "collector/signal-refused-by-backend",
    "collector/undefined-component",
    "collector/unknown-component-type",
    "collector/unknown-key",
    "collector/ambiguous-id",
    "collector/listens-on-remote-name",
    "collector/loopback-receiver",
    "collector/invalid-value",
    "collector/unused-component",
];

/// A broken chain has its own finding, on the collector or on the way to it.
fn upstream(view: &View<'_, '_>, draft: Draft, family: &Family) -> Draft {
    let collector = match family.origin {
        Origin::Spans { source, .. } => view.contract.span_metrics.get(source).map(|s| s.collector),
        Origin::Workload(_) => None,
    };
    let config = collector.and_then(|c| view.contract.repository.collectors.get(c)).and_then(|c| c.config.at.clone());
    let draft = CAUSES.into_iter().fold(draft, |d, rule| d.echo(rule, config.as_ref()));
    draft.echo("wiring/", None).echo("yaml/", None)
}

/// Whether it is a span metric while no connector can be seen: one that is misspelled, misplaced or gone has its own finding.
fn hidden(view: &View<'_, '_>, selector: &Selector, name: &str) -> bool {
    view.contract.span_metrics.is_empty() && span_like(selector, name)
}

fn unseen(view: &View<'_, '_>, draft: Draft) -> Draft {
    let configs = view.contract.repository.collectors.iter().filter_map(|c| c.config.at.as_ref());
    let pairs = configs.flat_map(|at| CAUSES.into_iter().map(move |rule| (rule, at)));
    pairs.fold(draft, |d, (rule, at)| d.echo(rule, Some(at))).echo("yaml/", None)
}

/// Whether the world that the metric would come from is described: then what nobody emits does not exist.
pub(super) fn closed(view: &View<'_, '_>, selector: &Selector, name: &str) -> bool {
    let contract = view.contract;
    let outside = &contract.context.policy.prometheus.outside;
    if outside.iter().any(|p| name == p || (p.ends_with('_') && name.starts_with(p.as_str()))) {
        return false;
    }
    let connector = contract.families.iter().any(|f| matches!(f.origin, Origin::Spans { .. }));
    let Some(description) = view.description() else {
        // Nobody described the workload. What span metrics are called follows from the collector's configuration alone.
        return connector
            && span_like(selector, name)
            && !contract.context.policy.prometheus.outside.iter().any(|p| name.starts_with(p.as_str()));
    };
    if description.metric_prefixes.iter().any(|p| name.starts_with(p.as_str())) {
        return false;
    }
    let tied = selector.matchers.iter().any(|m| m.value == CANARY_HASH);
    let similar =
        nearest_word(name, contract.families.iter().map(|f| f.name.as_str())).is_some() || span_like(selector, name);
    tied || similar || !contract.unknown_emitters()
}

/// Whether it is named and selected as span metrics are.
fn span_like(selector: &Selector, name: &str) -> bool {
    let prefixes =
        ["traces_span_metrics_", "traces_spanmetrics_", "span_metrics_", "spanmetrics_", "traces_spanmetric"];
    if prefixes.iter().any(|p| name.starts_with(p)) {
        return true;
    }
    let tails = ["calls", "calls_total", "duration_milliseconds", "duration_seconds", "latency", "duration"];
    let base = name.trim_end_matches("_bucket").trim_end_matches("_count").trim_end_matches("_sum");
    let labelled = selector.matchers.iter().any(|m| matches!(m.name.as_str(), "span_name" | "span_kind"));
    tails.iter().any(|t| base == *t || (labelled && base.ends_with(&format!("_{t}"))))
}

/// The family that was meant: the same role, the nearest name.
pub(super) fn best<'c>(view: &View<'c, '_>, name: &str) -> Option<&'c Family> {
    let contract = view.contract;
    let any = contract.families.iter().any(|f| f.exists);
    let families: Vec<&Family> = contract.families.iter().filter(|f| f.exists || !any).collect();
    if let Some(near) = nearest_word(name, families.iter().map(|f| f.name.as_str())) {
        return families.into_iter().find(|f| f.name == near);
    }
    let timed = ["duration", "latency"].iter().any(|w| name.contains(w));
    let kind = match name {
        n if n.ends_with("_bucket") => Kind::Bucket,
        n if n.ends_with("_sum") => Kind::Sum,
        n if n.ends_with("_count") && timed => Kind::Count,
        _ => Kind::Counter,
    };
    let own = own(view, &families, name, kind);
    if let [only] = own.as_slice() {
        return Some(only);
    }
    let wanted = |f: &&Family| match f.origin {
        Origin::Spans { duration, .. } => duration == timed && f.kind == kind,
        Origin::Workload(_) => false,
    };
    let mut spans: Vec<&Family> = families.into_iter().filter(wanted).collect();
    spans.dedup_by(|a, b| a.name == b.name);
    match spans.as_slice() {
        [only] if own.is_empty() => Some(only),
        _ => None,
    }
}

/// The workload's own families of that kind whose name begins alike; where there are several, those that have the labels
/// that the query selects by.
fn own<'c>(view: &View<'c, '_>, families: &[&'c Family], name: &str, kind: Kind) -> Vec<&'c Family> {
    let first = name.split('_').next().unwrap_or(name);
    let alike = |f: &Family| matches!(f.origin, Origin::Workload(_)) && f.name.starts_with(first) && f.kind == kind;
    let mut found: Vec<&Family> = families.iter().copied().filter(|f| alike(f)).collect();
    let labelled = |f: &Family| {
        let selectors = view.selectors().iter().filter(|s| s.name.as_deref() == Some(name));
        selectors.flat_map(|s| &s.matchers).all(|m| m.name == "__name__" || f.labels.contains_key(&m.name))
    };
    if found.len() > 1 {
        found.retain(|f| labelled(f));
    }
    // What a request is known to count is what a request gate means.
    if found.len() > 1 {
        let counted = |f: &Family| {
            let requests = view.description().into_iter().flat_map(|d| &d.requests);
            requests.flat_map(|r| &r.counts).any(|c| c.metric == f.name)
        };
        found.retain(|f| counted(f));
    }
    found
}

fn rename(view: &View<'_, '_>, name: &str) -> Option<Fix> {
    let best = best(view, name)?.name.clone();
    let renamed = |query: &Query| {
        let selector = query.selectors().iter().find(|s| s.name.as_deref() == Some(name))?;
        query.replace_name(selector, &best)
    };
    let (text, _) = view.query()?;
    let edited = rewritten(&text.value, renamed)?;
    // The condition speaks of the unit that the name had; where the policy has a threshold, that is written instead.
    let scaled = rescale(name, &best).filter(|_| super::meaning::wanted(view).is_none());
    let edited = scaled.and_then(|scale| in_unit(&edited, scale)).unwrap_or(edited);
    Some(crate::draft::fix(format!("Read `{best}`"), Safety::Safe, [difference(text, &edited)]))
}

/// What turns values of one name's unit into those of another's.
fn rescale(meant: &str, read: &str) -> Option<&'static str> {
    let unit = |name: &str| ["milliseconds", "seconds"].into_iter().find(|u| name.split('_').any(|part| part == *u));
    match (unit(meant)?, unit(read)?) {
        ("seconds", "milliseconds") => Some(" / 1000"),
        ("milliseconds", "seconds") => Some(" * 1000"),
        _ => None,
    }
}

/// The query in another unit, where it answers a duration: a quantile, or a mean.
fn in_unit(text: &str, scale: &str) -> Option<String> {
    let query = gate::promql::parse(text).ok()?;
    let root = query.root();
    let timed = query.quantile().is_some() || query.ratio().is_some();
    let [open, close] =
        query.wrap(root, "(", &format!("){scale}")).filter(|_| timed && query.comparisons().is_empty())?;
    let call = matches!(root.kind, ExprKind::Call(_) | ExprKind::Paren(_));
    let splices = if call { vec![Splice { text: scale.to_owned(), ..close }] } else { vec![open, close] };
    Splice::apply(text, &splices)
}
