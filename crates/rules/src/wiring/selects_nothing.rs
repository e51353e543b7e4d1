//! `wiring/selects-nothing`: a selector that matches no pod template.

mod meant;

use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use contract::{Contract, differs, selects};
use model::{Pairs, Place, Service, Workload, compatible, folder_of, pair};
use std::collections::HashMap;
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "wiring/selects-nothing",
    severity: Severity::Error,
    summary: "a selector matches no pod template",
    fix: Some("the template's labels"),
    safety: ONE_READING,
    page: include_str!("../../pages/wiring/selects-nothing.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let pods = Pods::of(contract);
    for (workload, _) in &pods.slipped {
        drafts.push(own_selector(contract, workload));
    }
    for (index, service) in contract.repository.services.iter().enumerate() {
        if !service.external && !service.selector.is_empty() && contract.links.pods(index).is_empty() {
            drafts.list.extend(no_pods(contract, &pods, service));
        }
    }
}

/// The workloads, found without asking all of them for every Service.
struct Pods<'r> {
    /// Those whose selector does not take their own pods, with the labels that these were meant to carry.
    slipped: Vec<(&'r Workload, Pairs)>,
    by_name: HashMap<&'r str, Vec<usize>>,
    by_folder: HashMap<&'r str, Vec<usize>>,
}

impl<'r> Pods<'r> {
    fn of(contract: &Contract<'r>) -> Pods<'r> {
        let repository = contract.repository;
        let mut pods = Pods { slipped: Vec::new(), by_name: HashMap::new(), by_folder: HashMap::new() };
        for (index, workload) in repository.workloads.iter().enumerate() {
            if differs(&workload.selector, &workload.labels) {
                pods.slipped.push((workload, intended(workload)));
            }
            pods.by_name.entry(&workload.name).or_default().push(index);
            pods.by_folder.entry(folder_of(repository.path(&workload.template))).or_default().push(index);
        }
        pods
    }
}

/// A workload whose selector does not take its own pods. Where a Service agrees with the selector, the label slipped.
fn own_selector(contract: &Contract<'_>, workload: &Workload) -> Draft {
    let services = contract.repository.services.iter().filter(|s| compatible(&s.namespace, &workload.namespace));
    let agrees = services.into_iter().any(|s| {
        !s.selector.is_empty() && selects(&s.selector, &intended(workload)) && !selects(&s.selector, &workload.labels)
    });
    let message = format!(
        "the selector of {} `{}` does not take its own pods: their labels differ",
        workload.kind, workload.name
    );
    let consequence = "Kubernetes refuses the object: nothing of it is deployed";
    let labels = workload.template.key("metadata").key("labels");
    let selector = selector_place(workload);
    let (at, mend) = if agrees {
        (&labels, align(&labels, &workload.labels, &workload.selector))
    } else {
        (&selector, align(&selector, &workload.selector, &workload.labels))
    };
    let (at, mend) = (first_difference(at, &workload.selector, &workload.labels), mend);
    Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend)
}

fn selector_place(workload: &Workload) -> Place {
    workload.selector.first().map_or_else(|| workload.template.clone(), |(_, text)| text.at.parent())
}

/// The labels with those that the selector asks for: what the pods were meant to carry.
fn intended(workload: &Workload) -> Pairs {
    let kept = workload.labels.iter().filter(|(key, _)| pair(&workload.selector, key).is_none());
    kept.chain(&workload.selector).cloned().collect()
}

fn first_difference(at: &Place, selector: &Pairs, labels: &Pairs) -> Place {
    let differs = selector.iter().find(|(key, value)| pair(labels, key).is_none_or(|l| l.value != value.value));
    differs.map_or_else(|| at.clone(), |(key, _)| at.key(key))
}

/// Operations that make the mapping at `at` agree with `wanted` wherever the two speak about the same thing.
fn align(at: &Place, have: &Pairs, wanted: &Pairs) -> Option<Fix> {
    let mut ops = Vec::new();
    let mut certain = true;
    for (key, text) in have {
        match pair(wanted, key) {
            Some(value) if value.value == text.value => {}
            Some(value) => {
                ops.push((at.file, Op::Set { route: text.at.route.clone(), value: Value::Str(value.value.clone()) }))
            }
            None => {
                let free = |k: &str| pair(have, k).is_none();
                let same: Vec<_> = wanted.iter().filter(|(k, v)| v.value == text.value && free(k)).collect();
                match same.as_slice() {
                    [(key, _)] => ops.push((at.file, Op::SetKey { route: text.at.route.clone(), key: key.clone() })),
                    _ => certain = false,
                }
            }
        }
    }
    let safety = if certain { Safety::Safe } else { Safety::Unsafe };
    (!ops.is_empty()).then(|| fix("Select by the labels that the pods carry", safety, ops))
}

/// A Service without pods counts only where it is clear which pods were meant: others' pods are made by operators.
fn no_pods(contract: &Contract<'_>, pods: &Pods<'_>, service: &Service) -> Option<Draft> {
    let here = |w: &Workload| compatible(&service.namespace, &w.namespace);
    if pods.slipped.iter().any(|(w, intended)| here(w) && selects(&service.selector, intended)) {
        return None;
    }
    let among = |list: Option<&Vec<usize>>| -> Vec<usize> {
        let known = |index: &usize| contract.repository.workloads.get(*index).is_some_and(here);
        list.into_iter().flatten().copied().filter(known).collect()
    };
    let named = among(pods.by_name.get(service.name.as_str()));
    let candidates = match named.as_slice() {
        [one] => vec![*one],
        _ => {
            let mut beside = among(pods.by_folder.get(folder_of(contract.repository.path(&service.spec))));
            beside.retain(|index| meant::is(contract, service, *index));
            beside
        }
    };
    let [index] = candidates.as_slice() else { return None };
    let meant = contract.repository.workloads.get(*index)?;
    // An experiment's pods carry labels of their own.
    let experiments = |r: &model::Rollout| r.steps.iter().any(|s| matches!(s.kind, model::StepKind::Other));
    if contract.repository.rollouts.iter().any(|r| r.object == meant.object && experiments(r)) {
        return None;
    }
    let selector = service.spec.key("selector");
    let written: Vec<String> = service.selector.iter().map(|(k, v)| format!("{k}={}", v.value)).collect();
    let message = format!(
        "Service `{}` selects {}, which no pod carries; {} `{}` is the one beside it",
        service.name,
        written.join(","),
        meant.kind,
        meant.name
    );
    let consequence = "the Service has no endpoints: every connection to it is refused";
    let at = first_difference(&selector, &service.selector, &meant.labels);
    let draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(align(
        &selector,
        &service.selector,
        &meant.labels,
    ));
    Some(draft.related(&meant.template, "these pods were meant"))
}
