//! `gate/unresolved-argument`: `{{args.x}}` without an argument of that name, or one that is never given.

use super::view::{View, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::Rule;
use contract::Contract;
use contract::endpoint::nearest_word;
use contract::gates::templates;
use gate::promql::{Arg, template_args};
use model::{ArgValue, Place, field_label};
use std::collections::HashMap;
use yaml::{Node, Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gate/unresolved-argument",
    severity: Severity::Error,
    summary: "`{{args.x}}` without an argument of that name, or one never given",
    fix: Some("the canary's hash, where a pod label was meant"),
    safety: crate::registry::SAFE,
    page: include_str!("../../pages/gate/unresolved-argument.md"),
    check,
};

const CONSEQUENCE: &str =
    "Argo Rollouts cannot resolve the argument: the analysis run ends in Error and the canary is aborted";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    undeclared(contract, drafts);
    never_given(contract, drafts);
    empty_label(contract, drafts);
}

fn undeclared(contract: &Contract<'_>, drafts: &mut Drafts) {
    // One declaration is missing, however often its name is used.
    let mut first: HashMap<(usize, String), Place> = HashMap::new();
    for view in views(contract) {
        let Some(node) = contract.repository.node(&view.metric.at) else { continue };
        let mut found = Vec::new();
        strings(view.metric.at.file, node, &mut found, 0);
        for (place, text) in found {
            for arg in template_args(&text) {
                let Some(message) = unresolved(&view, &text, &arg) else { continue };
                let mut draft =
                    Draft::new(RULE.name, RULE.severity, &place, message, CONSEQUENCE).within(arg.range.clone());
                let key = (view.gate.template, arg.name.clone());
                match first.get(&key).filter(|at| **at != place) {
                    Some(at) => draft = draft.echo_at(RULE.name, at),
                    None => {
                        if first.contains_key(&key) {
                            continue;
                        }
                        first.insert(key, place.clone());
                    }
                }
                drafts.push(draft);
            }
        }
    }
}

/// Why Argo Rollouts can't fill a tag; `None` where it can, or where that can't be told.
fn unresolved(view: &View<'_, '_>, text: &str, arg: &Arg) -> Option<String> {
    let Some(name) = arg.argument() else {
        // `${{ … }}` is filled by others before (Kargo); words with spaces, dots in front or functions are a chart's.
        let filled_before = text.get(..arg.range.start).is_some_and(|t| t.ends_with('$'));
        return (!filled_before && is_path(&arg.name)).then(|| {
            format!(
                "{} uses `{{{{{}}}}}`, but a template knows arguments alone: `{{{{args.…}}}}`",
                view.name(),
                arg.name
            )
        });
    };
    // A template that others pull in may leave the declaration to them.
    if view.gate.args.contains_key(name) || (view.gate.rollout.is_none() && view.template.args.is_empty()) {
        return None;
    }
    let near = nearest_word(name, view.gate.args.keys().map(String::as_str));
    let hint = near.map(|n| format!("; `{n}` is declared")).unwrap_or_default();
    Some(format!("{} uses `{{{{args.{name}}}}}`, which the template does not declare{hint}", view.name()))
}

/// `rollout.spec.x`, `inputs.parameters.y`: a path that begins with a word.
fn is_path(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let rest = tag.trim_start_matches(word);
    tag.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.starts_with('.') && !tag.contains([' ', '|', '('])
}

/// Every string below a metric; templates are small, and the bound keeps hostile ones flat.
fn strings(file: usize, node: Node<'_>, into: &mut Vec<(Place, String)>, depth: usize) {
    if depth > 12 {
        return;
    }
    if let Some(text) = node.as_str() {
        if text.contains("{{") {
            into.push((Place::of(file, node), text.to_owned()));
        }
        return;
    }
    for (_, value) in node.entries() {
        strings(file, value, into, depth + 1);
    }
    for value in node.items() {
        strings(file, value, into, depth + 1);
    }
}

fn never_given(contract: &Contract<'_>, drafts: &mut Drafts) {
    for rollout in &contract.repository.rollouts {
        for (analysis, _) in rollout.runs() {
            for index in templates(contract, rollout, analysis) {
                let Some(template) = contract.repository.templates.get(index) else { continue };
                for arg in template.args.iter().filter(|a| a.value.is_none() && !a.filled) {
                    let given = analysis.args.iter().find(|g| g.name == arg.name);
                    if given.is_some_and(|g| g.value != ArgValue::Nothing) {
                        continue;
                    }
                    let near = nearest_word(&arg.name, analysis.args.iter().map(|a| a.name.as_str()));
                    let hint = near.map(|n| format!("; it gives `{n}`")).unwrap_or_default();
                    let at = given.map_or_else(|| analysis.at.clone(), |g| g.at.clone());
                    let message = format!(
                        "the analysis of `{}` gives no value for argument `{}` of template `{}`{hint}",
                        rollout.name, arg.name, template.name
                    );
                    let draft = Draft::new(RULE.name, RULE.severity, &at, message, CONSEQUENCE)
                        .related(&arg.at, "declared here, without a default");
                    drafts.push(draft);
                }
            }
        }
    }
}

/// An argument from a label that the rollout object does not have: it is empty. Controllers label pods, not the rollout.
fn empty_label(contract: &Contract<'_>, drafts: &mut Drafts) {
    for rollout in &contract.repository.rollouts {
        let Some(object) = contract.repository.object(rollout.object) else { continue };
        let labels = contract.repository.node(&object.at.key("metadata").key("labels"));
        for (analysis, _) in rollout.runs() {
            for given in &analysis.args {
                let ArgValue::Field(path) = &given.value else { continue };
                let Some(label) = field_label(path) else { continue };
                let has = labels.is_some_and(|l| l.get(label).is_some());
                if has || !contract.repository.kustomizations.is_empty() {
                    continue;
                }
                let message = format!(
                    "argument `{}` is taken from label `{label}` of the rollout itself, which it does not have",
                    given.name
                );
                let at = given.at.key("valueFrom");
                let mend = label.ends_with("pod-template-hash").then(|| {
                    let latest = Value::map([("podTemplateHashValue", Value::Str("Latest".to_owned()))]);
                    let op = Op::Set { route: at.route.clone(), value: latest };
                    fix("Take the canary's hash", Safety::Safe, [(at.file, op)])
                });
                let consequence =
                    "the argument is empty: queries that select by it find nothing, and the canary is aborted";
                drafts.push(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend));
            }
        }
    }
}
