//! Everything about each gate on one card, for `gates` and the report: what it reads, what it makes of it, what it takes to
//! promote or abort.

use crate::Contract;
use crate::gates::Gate;
use gate::analysis::{due_times, duration, strongest_abort, weakest_promotion};
use gate::condition::TruthTable;

/// A gate's card.
#[derive(Clone, Debug)]
pub struct Card {
    /// The metric's name.
    pub name: String,
    /// The template's name.
    pub template: String,
    /// The rollout that runs it.
    pub rollout: Option<String>,
    /// The template's file.
    pub file: String,
    /// Line of the metric, from 1.
    pub line: usize,
    /// `traffic`, `error rate`, `latency` or `other`.
    pub kind: &'static str,
    /// The query with its arguments as the rollout gives them; the canary's hash is a made-up one.
    pub query: Option<String>,
    /// The series that the selectors read.
    pub series: Vec<CardSeries>,
    /// Conditions as written, by key.
    pub conditions: Vec<(&'static str, String)>,
    /// What the success condition (else the failure condition) makes of each result.
    pub truth: Option<TruthTable>,
    /// When samples are taken, in seconds after the start of the analysis; the first ten.
    pub due: Vec<f64>,
    /// Seconds that a healthy run takes; `None` where it never ends by itself.
    pub seconds: Option<f64>,
    /// The weakest evidence that still promotes; `None` where nothing does or a condition does not compile.
    pub weakest: Option<String>,
    /// The strongest evidence that still aborts; `None` where nothing does.
    pub strongest: Option<String>,
    /// What simulated canaries read here, where the workload is described.
    pub reads: Vec<(&'static str, String)>,
}

/// A metric that a selector reads.
#[derive(Clone, Debug)]
pub struct CardSeries {
    /// Its name.
    pub name: String,
    /// Whether it reaches Prometheus; `None` where nobody described what would emit it.
    pub exists: Option<bool>,
    /// Its labels.
    pub labels: Vec<String>,
}

/// A card for every gate.
pub fn cards(contract: &Contract<'_>) -> Vec<Card> {
    contract.gates.iter().enumerate().filter_map(|(index, gate)| card(contract, index, gate)).collect()
}

fn card(contract: &Contract<'_>, index: usize, gate: &Gate) -> Option<Card> {
    let repository = contract.repository;
    let metric = gate.metric(contract)?;
    let template = repository.templates.get(gate.template)?;
    let node = repository.node(&metric.at)?;
    let stream = repository.files.get(metric.at.file)?.stream.as_ref()?;
    let counted = gate.counted();
    let side = gate.success.as_ref().or(gate.failure.as_ref());
    let conditions = [("successCondition", &gate.success), ("failureCondition", &gate.failure)];
    let simulated = contract.simulated(index);
    let reads = [
        ("healthy", simulated.healthy()),
        ("idle", simulated.idle()),
        ("stable pods alone", simulated.stable_only()),
        ("no series", simulated.nothing()),
    ];
    let lookup = |name: &str| gate.args.get(name).cloned().flatten();
    Some(Card {
        name: metric.name.clone(),
        template: template.name.clone(),
        rollout: gate.rollout.and_then(|r| repository.rollouts.get(r)).map(|r| r.name.clone()),
        file: repository.path(&metric.at).to_owned(),
        line: stream.position(node.span().start).line,
        kind: gate.kind.as_str(),
        query: gate
            .query
            .as_ref()
            .map(|q| crate::gates::substitute(&q.value, &lookup).unwrap_or_else(|| q.value.clone())),
        series: series(contract, gate),
        conditions: conditions
            .into_iter()
            .filter_map(|(key, side)| Some((key, side.as_ref()?.text.value.clone())))
            .collect(),
        truth: side.and_then(|s| s.condition()).map(|c| c.truth_table()),
        due: due_times(&gate.limits, gate.limits.count.map_or(3, |c| c.clamp(0, 10)) as usize)
            .iter()
            .map(|d| d.as_secs_f64())
            .collect(),
        seconds: duration(&gate.limits).map(|d| d.as_secs_f64()),
        weakest: counted.as_ref().and_then(weakest_promotion).map(|e| e.to_string()),
        strongest: counted.as_ref().and_then(strongest_abort).map(|e| e.to_string()),
        reads: reads.into_iter().filter_map(|(who, r)| r.map(|(m, o)| (who, shown(&m, o)))).collect(),
    })
}

fn series(contract: &Contract<'_>, gate: &Gate) -> Vec<CardSeries> {
    let mut found: Vec<CardSeries> = Vec::new();
    for selector in gate.query().map(|q| q.selectors()).unwrap_or_default() {
        let Some(name) = &selector.name else { continue };
        if found.iter().any(|s| s.name == *name) {
            continue;
        }
        let known = contract.known(name).next();
        found.push(CardSeries {
            name: name.clone(),
            exists: known.map(|f| f.exists),
            labels: known.map(|f| f.labels.keys().cloned().collect()).unwrap_or_default(),
        });
    }
    found
}

fn shown(measured: &gate::condition::Measured, outcome: gate::analysis::Outcome) -> String {
    use gate::condition::Measured;
    let number =
        |v: &f64| if v.is_finite() { format!("{}", (v * 10_000.0).round() / 10_000.0) } else { format!("{v}") };
    let value = match measured {
        Measured::Scalar(v) => number(v),
        Measured::Vector(v) if v.is_empty() => "no data".to_owned(),
        Measured::Vector(v) => v.iter().map(number).collect::<Vec<_>>().join(", "),
    };
    format!("{value}: {outcome:?}")
}
