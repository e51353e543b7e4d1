//! What there is to a gate that failed: the traces of that time, its query in Prometheus, and what is wrong with it, or with
//! what it reads, in the repository.

use super::trail::{Pointer, Trail, Window};
use contract::{Contract, Hashes};
use delivery::{FailedGate, Name};
use report::visible;
use rules::{Report, Reported};
use serde::Serialize;
use smoke::Wanted;

/// Findings that are shown of one gate.
const FINDINGS: usize = 5;

/// Of one gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Evidence {
    pub(crate) gate: String,
    /// The search for the traces in that time.
    pub(crate) traces: Option<Pointer>,
    /// The query, with its arguments in it.
    pub(crate) query: Option<Pointer>,
    /// What the repository's check says: rule, place and words.
    pub(crate) findings: Vec<String>,
    /// Who could not be asked.
    pub(crate) silent: Vec<String>,
}

/// The repository's rollout that the cluster calls so, and what its telemetry must show.
pub(super) fn wanted(contract: &Contract<'_>, name: &Name, hash: &str) -> Option<(usize, Wanted)> {
    let mut all = contract.repository.rollouts.iter();
    let index = all.position(|rollout| rollout.may_be(&name.namespace, &name.name))?;
    let hashes = Hashes { canary: hash, stable: hash };
    Some((index, Wanted::of(contract, index, name.clone(), &hashes)))
}

/// A run, as far as it was looked into.
pub(super) struct About<'a> {
    pub(super) trail: &'a Trail,
    /// When it looked.
    pub(super) window: Option<Window>,
    /// Its rollout in the repository.
    pub(super) rollout: Option<usize>,
    /// The search for the traces of its pods.
    pub(super) traces: Option<Pointer>,
}

/// What there is to each gate that failed in a run.
pub(super) fn evidence(
    about: &About<'_>,
    contract: &Contract<'_>,
    report: &Report,
    gates: &[FailedGate],
) -> Vec<Evidence> {
    let query = |query: &str| about.trail.query(query, about.window.as_ref()?);
    let one = |gate: &FailedGate| Evidence {
        gate: gate.name.clone(),
        traces: about.traces.clone(),
        query: gate.query.as_deref().and_then(query),
        findings: about.rollout.map(|index| findings(contract, report, index, &gate.name)).unwrap_or_default(),
        silent: about.trail.silent.clone(),
    };
    gates.iter().map(one).collect()
}

/// Findings on the gate, then those on what its series come through.
fn findings(contract: &Contract<'_>, report: &Report, rollout: usize, gate: &str) -> Vec<String> {
    let repository = contract.repository;
    let ours = contract.gates.iter().filter(|found| found.rollout == Some(rollout));
    let metrics = ours.filter_map(|found| found.metric(contract)).filter(|metric| metric.name == gate);
    let spans: Vec<(String, usize, usize)> = metrics
        .filter_map(|metric| {
            let stream = repository.files.get(metric.at.file)?.stream.as_ref()?;
            let span = repository.node(&metric.at)?.span();
            let line = |at| stream.position(at).line;
            Some((repository.path(&metric.at).to_owned(), line(span.start), line(span.end)))
        })
        .collect();
    let on_it = |found: &&Reported| {
        spans.iter().any(|(file, from, to)| found.file == *file && (*from..=*to).contains(&found.start.line))
    };
    let chain = |found: &&Reported| ["collector/", "wiring/"].iter().any(|group| found.finding.rule.starts_with(group));
    let roots = || report.findings.iter().filter(|found| found.finding.caused_by.is_none());
    let all = roots().filter(on_it).chain(roots().filter(|found| !on_it(found) && chain(found)));
    let words = |found: &Reported| {
        format!("{}:{} {} ({})", found.file, found.start.line, found.finding.message, found.finding.rule)
    };
    all.take(FINDINGS).map(words).collect()
}

/// Lines for people, below the verdict.
pub(crate) fn text(all: &[Evidence]) -> String {
    let mut text = String::new();
    let mut add = |label: &str, words: &str| text.push_str(&format!("  {label:9} {}\n", visible(words)));
    for evidence in all {
        add("gate", &evidence.gate);
        if let Some(Pointer { text, link }) = &evidence.traces {
            add("traces", &format!("{text}: {link}"));
        }
        if let Some(Pointer { text, link }) = &evidence.query {
            add("query", &format!("{text}: {link}"));
        }
        if evidence.findings.is_empty() {
            add("finding", "`check` finds nothing wrong with this gate or its chain: the traces tell more");
        }
        evidence.findings.iter().for_each(|finding| add("finding", finding));
        evidence.silent.iter().for_each(|why| add("silent", why));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use model::{Context, Repository, SourceFile};

    #[test]
    fn the_finding_is_on_the_gate_or_its_chain() {
        let file = |(path, text): &(&str, &str)| SourceFile { path: (*path).to_owned(), content: Ok((*text).into()) };
        let files: Vec<SourceFile> = scenario::FILES.iter().map(file).collect();
        let context = Context::of(model::Policy::default());
        let repository = Repository::read(&files, &context);
        let contract = Contract::derive(&repository, &context);
        let report = rules::check(&repository, &context);
        let gate = contract.gates.iter().find(|gate| gate.rollout == Some(0)).and_then(|gate| gate.metric(&contract));
        let gate = gate.map(|metric| metric.name.clone()).expect("a gate");
        let found = findings(&contract, &report, 0, &gate);
        assert!(!found.is_empty() && found.len() <= FINDINGS, "{found:#?}");
        assert!(found.iter().all(|line| line.contains(".yaml:")), "{found:#?}");
        let other = findings(&contract, &report, 0, "no such gate");
        assert!(other.iter().all(|line| line.contains("collector/") || line.contains("wiring/")), "{other:#?}");
    }
}
