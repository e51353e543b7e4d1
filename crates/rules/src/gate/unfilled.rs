//! Labels that a container's environment fills with nothing: a `$(VARIABLE)` that the kubelet does not replace, or a pod
//! label that no pod has. Every matcher on such a label is an echo of the variable.

use super::label::RULE;
use crate::draft::{Draft, fix};
use crate::finding::{Fix, Safety};
use contract::endpoint::nearest_word;
use contract::{Contract, Domain};
use model::{Container, Place, Text, Workload, field_label};
use yaml::{Op, Value};

/// A variable that does not say what it should.
pub(crate) struct Unfilled {
    /// The scalar at fault.
    pub(crate) at: Place,
    /// The span metrics whose labels it spoils: index into the contract's.
    source: usize,
    /// Those labels.
    labels: Vec<String>,
    message: String,
    mend: Option<Fix>,
}

const VARIABLE: &str = "OTEL_RESOURCE_ATTRIBUTES";

const CONSEQUENCE: &str = "spans carry nothing that tells the canary's from others: queries that select by it answer with nothing, for good canaries and bad ones alike";

impl Unfilled {
    /// Whether it explains that a matcher on that label finds nothing.
    pub(crate) fn spoils(&self, source: usize, label: &str) -> bool {
        self.source == source && self.labels.iter().any(|l| l == label)
    }

    /// The finding.
    pub(crate) fn draft(&self) -> Draft {
        Draft::new(RULE.name, RULE.severity, &self.at, self.message.clone(), CONSEQUENCE).fix(self.mend.clone())
    }
}

/// Every such variable of every sender.
pub(crate) fn unfilled(contract: &Contract<'_>) -> Vec<Unfilled> {
    let mut found: Vec<Unfilled> = Vec::new();
    for (source, metrics) in contract.span_metrics.iter().enumerate() {
        for workload in metrics.senders.iter().filter_map(|s| contract.repository.workloads.get(*s)) {
            for container in &workload.containers {
                let Some(own) = container.env.iter().rposition(|e| e.name == VARIABLE) else { continue };
                let Some(text) = container.env.get(own).and_then(|e| e.value.as_ref()) else { continue };
                for (name, value) in text.value.split(',').filter_map(|pair| pair.split_once('=')) {
                    let label = metrics.naming.label(name.trim());
                    let kubelet = references(value).filter_map(|r| judge(contract, workload, container, own, text, r));
                    let all = kubelet.chain(shell(container, own, text, value));
                    for (at, message, mend) in all {
                        let same = |u: &&mut Unfilled| u.at == at && u.source == source && u.message == message;
                        match found.iter_mut().find(same) {
                            Some(one) => one.labels.push(label.clone()),
                            None => {
                                found.push(Unfilled { at, source, labels: vec![label.clone()], message, mend });
                            }
                        }
                    }
                }
            }
        }
    }
    found
}

/// The names in `$(NAME)`.
fn references(value: &str) -> impl Iterator<Item = &str> {
    value.split("$(").skip(1).filter_map(|rest| rest.split_once(')')).map(|(name, _)| name)
}

fn judge(
    contract: &Contract<'_>,
    workload: &Workload,
    container: &Container,
    own: usize,
    text: &Text,
    name: &str,
) -> Option<(Place, String, Option<Fix>)> {
    let position = container.env.iter().rposition(|e| e.name == name);
    match position {
        Some(at) if at < own => {
            let field = container.env.get(at)?.field.as_ref()?;
            let label = field_label(&field.value)?;
            if contract.pod_label(workload, label) != Domain::Values(vec![String::new()]) {
                return None;
            }
            let message =
                format!("pods of {} `{}` have no label `{label}`: `{name}` is empty", workload.kind, workload.name);
            let meant = match workload.kind.as_str() {
                "Rollout" if label.contains("hash") => Some("rollouts-pod-template-hash"),
                "Deployment" | "ReplicaSet" if label.contains("hash") => Some("pod-template-hash"),
                _ => nearest_word(label, workload.labels.iter().map(|(key, _)| key.as_str())),
            };
            let mend = meant.map(|meant| {
                let value = Value::Str(format!("metadata.labels['{meant}']"));
                let op = Op::Set { route: field.at.route.clone(), value };
                fix(format!("Take it from the label `{meant}`"), Safety::Safe, [(field.at.file, op)])
            });
            Some((field.at.clone(), message, mend))
        }
        Some(_) => {
            let message = format!(
                "`{VARIABLE}` stands before variables that it refers to: the kubelet replaces `$(…)` only by earlier ones"
            );
            Some((text.at.clone(), message, moved(contract, container, own)))
        }
        None => {
            let message = format!("`{VARIABLE}` refers to `$({name})`, and no variable of the container has that name");
            let earlier = container.env.iter().take(own).map(|e| e.name.as_str());
            let mend = nearest_word(name, earlier).and_then(|meant| {
                let start = text.value.find(&format!("$({name})"))? + 2;
                let range = start..start + name.len();
                let op = Op::Splice { route: text.at.route.clone(), range, text: meant.to_owned() };
                Some(fix(format!("Refer to `{meant}`"), Safety::Safe, [(text.at.file, op)]))
            });
            Some((text.at.clone(), message, mend))
        }
    }
}

/// `$NAME` and `${NAME}` are the shell's: the kubelet leaves them as they are.
fn shell(container: &Container, own: usize, text: &Text, value: &str) -> Option<(Place, String, Option<Fix>)> {
    let names = container.env.iter().take(own).map(|e| e.name.as_str());
    let meant =
        |name: &str| [format!("${{{name}}}"), format!("${name}")].into_iter().find(|w| value.contains(w.as_str()));
    let (name, written) = names.filter_map(|n| Some((n, meant(n)?))).max_by_key(|(n, _)| n.len())?;
    let message =
        format!("`{VARIABLE}` refers to `{written}`: the kubelet replaces only `$({name})`, and this stays as it is");
    let start = text.value.find(&written)?;
    let op =
        Op::Splice { route: text.at.route.clone(), range: start..start + written.len(), text: format!("$({name})") };
    let mend = fix(format!("Refer to `$({name})`"), Safety::Safe, [(text.at.file, op)]);
    Some((text.at.clone(), message, Some(mend)))
}

/// Moves the variable to the end of the list. Comments inside or above it would stay behind: then a person moves it.
fn moved(contract: &Contract<'_>, container: &Container, own: usize) -> Option<Fix> {
    let entry = &container.env.get(own)?.at;
    let list = entry.parent();
    let node = contract.repository.node(entry)?;
    let stream = contract.repository.files.get(entry.file)?.stream.as_ref()?;
    let span = node.entry_span();
    let above = stream.text().get(..span.start)?.lines().rev().nth(1).unwrap_or_default();
    let commented = stream.text().get(span)?.contains(" #") || above.trim_start().starts_with('#');
    if commented {
        return None;
    }
    let ops = [
        (list.file, Op::Append { route: list.route.clone(), value: node.to_value() }),
        (entry.file, Op::Remove { route: entry.route.clone() }),
    ];
    Some(fix(format!("Move `{VARIABLE}` to the end of the list"), Safety::Safe, ops))
}
