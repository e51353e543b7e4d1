//! `gate/condition-type`: a condition that does not compile against the query's result type.

use super::view::{View, set, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::Rule;
use contract::Contract;
use contract::gates::{Gate, Side};
use gate::analysis::Outcome;
use gate::condition::ResultType;
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gate/condition-type",
    severity: Severity::Error,
    summary: "the condition does not compile against the query's result type",
    fix: Some("the obvious repair, where one is left"),
    safety: crate::registry::SAFE,
    page: include_str!("../../pages/gate/condition-type.md"),
    check,
};

const CONSEQUENCE: &str =
    "every measurement is an error; the analysis ends in Error and the canary is aborted, healthy or not";

/// Whether the condition compiles and then is an error on good and bad values alike: `default(result[0], 0)` asks whether a
/// number is nil, which panics (utils/evaluate of Argo Rollouts: `reflect.Value.IsNil`).
pub(crate) fn always_errs(gate: &Gate) -> bool {
    gate.outcomes().is_some_and(|o| o.good == Outcome::Error && o.bad == Outcome::Error)
}

fn at_run_time(view: &View<'_, '_>) -> Option<Draft> {
    let side = view.gate.success.as_ref().or(view.gate.failure.as_ref()).filter(|_| always_errs(view.gate))?;
    let message = format!("the condition of {} compiles, but is an error on every value", view.name());
    let draft = Draft::new(RULE.name, RULE.severity, &side.text.at, message, CONSEQUENCE);
    let mend = view.gate.success.as_ref().filter(|_| view.gate.failure.is_none());
    Some(draft.fix(mend.and_then(|_| super::vacuous::policy_condition(view))))
}

/// A plain scalar ends where ` #` begins a comment; with the comment the condition compiles.
fn cut_by_comment(view: &View<'_, '_>, key: &str, side: &Side) -> Option<(String, Fix)> {
    let at = &side.text.at;
    let node = view.contract.repository.node(at)?;
    let text = view.contract.repository.files.get(at.file)?.stream.as_ref()?.text();
    let rest = text.get(node.span().end..)?;
    let line = rest.lines().next()?;
    if !line.trim_start().starts_with('#') || line.starts_with('#') {
        return None;
    }
    let whole = format!("{}{}", side.text.value, line.trim_end());
    gate::condition::compile(&whole, view.gate.result_type?).ok()?;
    let metric = at.parent();
    let keys: Vec<&str> = view.contract.repository.node(&metric)?.entries().map(|(k, _)| k).collect();
    let before = keys.iter().position(|k| *k == key).and_then(|i| keys.get(i.checked_sub(1)?)).copied()?;
    let value = Value::Str(whole.clone());
    let (route, after) = (metric.route.clone(), Some(before.to_owned()));
    let ops = [
        (at.file, Op::Remove { route: at.route.clone() }),
        (at.file, Op::Insert { route, key: key.to_owned(), value, after }),
    ];
    Some((whole, fix("Quote the condition", Safety::Safe, ops)))
}

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        drafts.list.extend(at_run_time(&view));
        let sides = [("successCondition", &view.gate.success), ("failureCondition", &view.gate.failure)];
        for (name, side) in sides {
            let Some(side) = side else { continue };
            let Some(Err(error)) = &side.compiled else { continue };
            let ty = match view.gate.result_type {
                Some(ResultType::Scalar) => "a scalar: `result` is a number",
                _ => "a vector: `result` is a list of numbers",
            };
            let message = format!("the {name} of {} does not compile against {ty}: {}", view.name(), error.message);
            let mut draft = Draft::new(RULE.name, RULE.severity, &side.text.at, message, CONSEQUENCE);
            if let Some((whole, mend)) = cut_by_comment(&view, name, side) {
                draft.finding.message = format!(
                    "the {name} of {} ends at ` #`, which starts a comment in YAML: `{whole}` was meant",
                    view.name()
                );
                drafts.push(draft.fix(mend));
                continue;
            }
            // Positions and repairs speak about the text with its arguments in it.
            let literal = !side.text.value.contains("{{");
            if literal && let Some(range) = &error.range {
                draft = draft.within(range.clone());
            }
            if literal && let Some(suggestion) = &error.suggestion {
                let op = set(&side.text.at, Value::Str(suggestion.condition.clone()));
                draft = draft.fix(fix(suggestion.title.clone(), Safety::Safe, [op]));
            }
            drafts.push(draft);
        }
    }
}
