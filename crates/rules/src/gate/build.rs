//! Builds a gate from the series that exist: names, labels, entry points and delays come from the contract.

use super::view::{entry_matchers, hash_label, namespace_label};
use crate::draft::fix;
use crate::finding::{Fix, Safety};
use contract::gates::GateKind;
use contract::{Contract, Family, Kind, Origin};
use gate::condition::{Op as Compare, ResultType, guarded};
use gate::promql::MatchOp;
use model::{ArgValue, Mission, Provider, Template};
use yaml::{Op, Value};

/// How often a gate measures where nobody said it: one lost sample of so many decides nothing.
pub(super) const MEASUREMENTS: i64 = 5;

/// The gate to build.
pub(crate) struct Wanted<'r> {
    pub(crate) kind: GateKind,
    pub(crate) mission: &'r Mission,
    pub(crate) rollout: usize,
    pub(crate) template: &'r Template,
}

/// The fix that adds the gate to its template, with the arguments that it needs.
pub(crate) fn build(contract: &Contract<'_>, wanted: &Wanted<'_>) -> Option<Fix> {
    let family = family(contract, wanted.kind)?;
    let (hash, mut ops) = hash_argument(contract, wanted)?;
    let matchers = matchers(contract, wanted, family, &hash);
    let (name, query, condition) = texts(contract, wanted, family, &matchers)?;
    let address = address(contract, wanted);
    let delay = initial_delay(contract, family);
    let interval = contract.context.policy.prometheus.scrape_interval.max(1.0);
    let metric = Value::map([
        ("name", Value::Str(name.clone())),
        ("initialDelay", Value::Str(model::duration::seconds(delay))),
        ("interval", Value::Str(model::duration::seconds(interval))),
        ("count", Value::Int(MEASUREMENTS)),
        ("failureLimit", Value::Int(1)),
        ("successCondition", Value::Str(condition)),
        (
            "provider",
            Value::map([(
                "prometheus",
                Value::map([("address", Value::Str(address)), ("query", Value::Block(query))]),
            )]),
        ),
    ]);
    let metrics = wanted.template.spec.key("metrics");
    let op = match contract.repository.node(&metrics) {
        Some(_) => Op::Append { route: metrics.route.clone(), value: metric },
        None => Op::Insert {
            route: wanted.template.spec.route.clone(),
            key: "metrics".to_owned(),
            value: Value::Seq(vec![metric]),
            after: None,
        },
    };
    ops.push((metrics.file, op));
    Some(fix(format!("Add the gate `{name}`"), Safety::Safe, ops))
}

/// The series that the gate reads: span metrics before the workload's own counters.
fn family<'c>(contract: &'c Contract<'_>, kind: GateKind) -> Option<&'c Family> {
    let usable = |f: &&Family| {
        let role = match (&f.origin, kind) {
            (Origin::Spans { duration, .. }, GateKind::Latency) => *duration && f.kind == Kind::Bucket,
            (Origin::Spans { duration, .. }, _) => !*duration && f.kind == Kind::Counter,
            (Origin::Workload(_), GateKind::Latency) => false,
            (Origin::Workload(_), _) => f.kind == Kind::Counter && f.labels.contains_key("error"),
        };
        role && hash_label(f).is_some() && entry_matchers(contract, f).is_some()
    };
    let spans = |f: &&Family| matches!(f.origin, Origin::Spans { .. });
    let families = || contract.families.iter().filter(usable);
    families()
        .find(|f| f.exists && spans(f))
        .or_else(|| families().find(spans))
        .or_else(|| families().find(|f| f.exists))
}

/// The argument that carries the canary's hash; added to template and rollout where there is none.
fn hash_argument(contract: &Contract<'_>, wanted: &Wanted<'_>) -> Option<(String, Vec<(usize, Op)>)> {
    let rollout = contract.repository.rollouts.get(wanted.rollout)?;
    let (analysis, _) = rollout.runs().next()?;
    let given = analysis.args.iter().find(|a| a.value == ArgValue::CanaryHash);
    if let Some(given) = given.filter(|g| wanted.template.args.iter().any(|a| a.name == g.name)) {
        return Some((given.name.clone(), Vec::new()));
    }
    let name = given.map_or_else(|| "canary-hash".to_owned(), |g| g.name.clone());
    let mut ops = Vec::new();
    let argument = Value::map([("name", Value::Str(name.clone()))]);
    let args = wanted.template.spec.key("args");
    ops.push(append(contract, &args, &wanted.template.spec, "args", argument));
    if given.is_none() {
        let from = Value::map([("podTemplateHashValue", Value::Str("Latest".to_owned()))]);
        let argument = Value::map([("name", Value::Str(name.clone())), ("valueFrom", from)]);
        ops.push(append(contract, &analysis.at.key("args"), &analysis.at, "args", argument));
    }
    Some((name, ops))
}

/// Appends to the list at `list`, or adds it to `parent`.
pub(crate) fn append(
    contract: &Contract<'_>,
    list: &model::Place,
    parent: &model::Place,
    key: &str,
    value: Value,
) -> (usize, Op) {
    let op = match contract.repository.node(list) {
        Some(_) => Op::Append { route: list.route.clone(), value },
        None => {
            Op::Insert { route: parent.route.clone(), key: key.to_owned(), value: Value::Seq(vec![value]), after: None }
        }
    };
    (list.file, op)
}

fn matchers(
    contract: &Contract<'_>,
    wanted: &Wanted<'_>,
    family: &Family,
    hash: &str,
) -> Vec<(String, MatchOp, String)> {
    let mut list = Vec::new();
    let rollout = contract.repository.rollouts.get(wanted.rollout);
    let bound = |name: &str| contract.gates.iter().find(|g| g.rollout == Some(wanted.rollout))?.args.get(name)?.clone();
    let argument = rollout.and_then(|r| r.runs().next()).and_then(|(analysis, _)| {
        let is_namespace = |v: &ArgValue| *v == ArgValue::Field("metadata.namespace".to_owned());
        analysis.args.iter().find(|a| is_namespace(&a.value) && wanted.template.args.iter().any(|t| t.name == a.name))
    });
    if let Some(argument) = argument
        && let Some(namespace) = bound(&argument.name)
        && let Some(label) = namespace_label(family, &namespace)
    {
        list.push((label.to_owned(), MatchOp::Eq, format!("{{{{args.{}}}}}", argument.name)));
    }
    if let Some(label) = hash_label(family) {
        list.push((label.to_owned(), MatchOp::Eq, format!("{{{{args.{hash}}}}}")));
    }
    list.extend(entry_matchers(contract, family).unwrap_or_default());
    list
}

fn selector(name: &str, matchers: &[(String, MatchOp, String)], indent: &str) -> String {
    let lines = matchers.iter().map(|(label, op, value)| {
        let sign = match op {
            MatchOp::Eq => "=",
            MatchOp::Ne => "!=",
            MatchOp::Re => "=~",
            MatchOp::Nre => "!~",
        };
        format!("{indent}  {label}{sign}\"{}\"", value.replace('\\', "\\\\"))
    });
    format!("{name}{{\n{}\n{indent}}}[2m]", lines.collect::<Vec<_>>().join(",\n"))
}

/// Name, query and condition.
fn texts(
    contract: &Contract<'_>,
    wanted: &Wanted<'_>,
    family: &Family,
    matchers: &[(String, MatchOp, String)],
) -> Option<(String, String, String)> {
    let gates = &wanted.mission.gates;
    let condition = |op: Compare, value: f64| guarded(op, value, ResultType::Vector);
    let name = &family.name;
    match wanted.kind {
        GateKind::Traffic => {
            let value = gates.traffic_at_least?;
            let query = format!("sum(rate({}))\n", selector(name, matchers, ""));
            Some((format!("traffic-at-least-{}", slug(value)), query, condition(Compare::Ge, value)))
        }
        GateKind::ErrorRate => {
            let value = gates.error_rate_below?;
            let failed = match family.origin {
                Origin::Spans { .. } => ("status_code".to_owned(), MatchOp::Eq, "STATUS_CODE_ERROR".to_owned()),
                Origin::Workload(_) => ("error".to_owned(), MatchOp::Eq, "true".to_owned()),
            };
            let failing: Vec<_> = matchers.iter().cloned().chain([failed]).collect();
            let query = format!(
                "(\n  sum(rate({}))\n  or vector(0)\n)\n/\nsum(rate({}))\n",
                selector(name, &failing, "  "),
                selector(name, matchers, "")
            );
            Some((format!("error-rate-below-{}", slug(value)), query, condition(Compare::Lt, value)))
        }
        GateKind::Latency => {
            let value = gates.latency_below_ms?;
            let quantile = gates.latency_quantile.unwrap_or(0.95);
            let unit = contract.span_metrics.iter().find_map(|s| match family.origin {
                Origin::Spans { source, .. } => {
                    contract.span_metrics.get(source).map(|found| found.unit_ms).or(Some(s.unit_ms))
                }
                Origin::Workload(_) => None,
            });
            let threshold = value / unit.unwrap_or(1.0);
            let query = format!(
                "histogram_quantile({quantile},\n  sum by (le) (rate({}))\n)\n",
                selector(name, matchers, "  ")
            );
            let percentile = format!("p{}", slug(quantile * 100.0));
            Some((format!("latency-{percentile}-below-{}-ms", slug(value)), query, condition(Compare::Lt, threshold)))
        }
        GateKind::Other => None,
    }
}

/// A number in a name: `0-05`.
fn slug(value: f64) -> String {
    format!("{value}").replace('.', "-")
}

/// The Prometheus that sibling gates ask, or the one that the policy names.
fn address(contract: &Contract<'_>, wanted: &Wanted<'_>) -> String {
    let siblings = wanted.template.metrics.iter().chain(contract.repository.templates.iter().flat_map(|t| &t.metrics));
    let known = siblings.filter_map(|m| match &m.provider {
        Provider::Prometheus { address: Some(address), .. } => Some(address.value.clone()),
        _ => None,
    });
    known.into_iter().next().unwrap_or_else(|| {
        let elsewhere = contract.context.policy.elsewhere.iter();
        let server = elsewhere
            .flat_map(|e| e.services.iter().map(move |s| (e, s)))
            .find(|(_, s)| s.signals.iter().any(|x| x == "metrics"));
        server.map_or_else(
            || "http://prometheus-server.prometheus.svc.cluster.local".to_owned(),
            |(e, s)| {
                let port = s.ports.keys().next().copied().unwrap_or(80);
                let port = if port == 80 { String::new() } else { format!(":{port}") };
                format!("http://{}.{}.svc.cluster.local{port}", s.name, e.namespace)
            },
        )
    })
}

/// Seconds until a canary's first requests can be read, rounded up to half minutes, a minute at least.
pub(crate) fn initial_delay(contract: &Contract<'_>, family: &Family) -> f64 {
    let scrape = contract.context.policy.prometheus.scrape_interval;
    let flush = match family.origin {
        Origin::Spans { source, .. } => contract.span_metrics.get(source).map_or(60.0, |s| s.flush),
        Origin::Workload(_) => 0.0,
    };
    let needed = 2.0 * flush.max(scrape) + scrape;
    ((needed / 30.0).ceil() * 30.0).max(60.0)
}
