//! `gate/label-never-exists`: a matcher on a label, or a label's value, that the series does not have.

use super::unfilled::{Unfilled, unfilled};
use super::view::{View, entry_matchers, hash_label, missing_matcher, namespace_label, rewrite, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::endpoint::nearest_word;
use contract::{CANARY_HASH, Contract, Domain, Family, Origin, STABLE_HASH, value_matches};
use gate::promql::{MatchOp, Matcher, Selector};
use model::ArgValue;
use std::collections::{BTreeSet, HashMap, HashSet};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "gate/label-never-exists",
    severity: Severity::Error,
    summary: "a matcher on a label (or a value of it) that the series does not have",
    fix: Some("the label that it has"),
    safety: SAFE,
    page: include_str!("../../pages/gate/label-never-exists.md"),
    check,
};

const CONSEQUENCE: &str =
    "the selector matches no series: the query answers with nothing, for good canaries and bad ones alike";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let unfilled = unfilled(contract);
    let mut held = HashMap::new();
    for view in views(contract) {
        let Some((text, _)) = view.query() else { continue };
        if let Some(draft) = super::bucket::dropped(&view) {
            drafts.push(draft);
        }
        for selector in view.selectors() {
            let mut families: Vec<&Family> = view.families(selector).collect();
            if families.is_empty() {
                // Under the name that was meant, the labels are judged all the same.
                let name = selector.name.as_deref().filter(|n| super::series::closed(&view, selector, n));
                families.extend(name.and_then(|n| super::series::best(&view, n)).filter(|f| f.exists));
            }
            if families.is_empty() {
                continue;
            }
            for matcher in selector
                .matchers
                .iter()
                .filter(|m| m.name != "__name__" && !m.value.contains("{{") && !value_matches(m, ""))
            {
                if seen(&mut held, contract, selector, matcher) {
                    continue;
                }
                if let Some(draft) = missing_label(&view, selector, &families, matcher)
                    .or_else(|| missing_value(&view, &families, matcher))
                {
                    let mut draft = draft.within(matcher.span.clone());
                    draft.finding.at.route = text.at.route.clone();
                    for cause in causes(&view, &unfilled, &families, matcher) {
                        draft = draft.echo_at(RULE.name, &cause.finding.at.place());
                        drafts.push(cause);
                    }
                    let connectors = families.iter().filter_map(|f| contract.connector(f));
                    drafts.push(connectors.fold(draft, |d, at| d.absent_from(contract.repository, at)));
                }
            }
        }
    }
}

/// Values by metric and label, and by whether a pattern asks: `None` where they can't be told.
type Held<'a> = HashMap<(&'a str, &'a str, bool), Option<HashSet<String>>>;

/// Whether the known series of the selector's name hold a value that the matcher takes, or may: asked of all matchers, and
/// gathered once a label, since many collectors may expose one name.
fn seen<'a>(held: &mut Held<'a>, contract: &Contract<'_>, selector: &'a Selector, matcher: &'a Matcher) -> bool {
    let Some(name) = selector.name.as_deref() else { return false };
    if contract.known(name).all(|family| !family.labels.contains_key(&matcher.name)) {
        return false;
    }
    let pattern = matches!(matcher.op, MatchOp::Re);
    let values = held.entry((name, &matcher.name, pattern)).or_insert_with(|| {
        let each = contract.known(name).map(|family| values(contract, family, &matcher.name, pattern));
        each.collect::<Option<Vec<_>>>().map(|values| values.into_iter().flatten().collect())
    });
    match values {
        Some(values) => values.iter().any(|value| value_matches(matcher, value)),
        None => true,
    }
}

/// What a family's series hold in the label; `None` where that can't be told.
fn values(contract: &Contract<'_>, family: &Family, label: &str, pattern: bool) -> Option<Vec<String>> {
    match family.labels.get(label)? {
        Domain::Values(values) => Some(values.clone()),
        Domain::PodHash => Some(vec![CANARY_HASH.to_owned(), STABLE_HASH.to_owned()]),
        // A whole name ends with what nobody knows before; a pattern can be told from what pods are called.
        Domain::PodName if pattern => {
            let versions = contract.version_values(family, label);
            let all: Vec<String> = versions.canary.iter().chain(&versions.stable).cloned().collect();
            (!versions.canary.is_empty()).then_some(all)
        }
        Domain::PodName | Domain::Any => None,
    }
}

/// What stands behind a matcher that finds nothing: the variable that should have filled the label, or the argument that
/// brings the value.
fn causes(view: &View<'_, '_>, unfilled: &[Unfilled], families: &[&Family], matcher: &Matcher) -> Vec<Draft> {
    let spoils = |u: &&Unfilled| {
        families.iter().any(|f| matches!(f.origin, Origin::Spans { source, .. } if u.spoils(source, &matcher.name)))
    };
    let found: Vec<Draft> = unfilled.iter().filter(spoils).map(Unfilled::draft).collect();
    if found.is_empty() { argument(view, families, matcher).into_iter().collect() } else { found }
}

/// The value is an argument that the rollout gives literally, and the label has one value only.
fn argument(view: &View<'_, '_>, families: &[&Family], matcher: &Matcher) -> Option<Draft> {
    let (text, query) = view.query()?;
    let whole = text.value.get(matcher.value_span.clone())?.trim_matches(['"', '\'', '`']);
    let name =
        query.args().iter().find(|a| whole == text.value.get(a.range.clone()).unwrap_or_default())?.argument()?;
    let analysis = view.gate.analysis.as_ref()?;
    let (analysis, _) = view.rollout()?.runs().find(|(a, _)| a.at == *analysis)?;
    let given = analysis.args.iter().find(|a| a.name == name)?;
    if !matches!(given.value, ArgValue::Literal(_)) {
        return None;
    }
    let mut values = families.iter().filter_map(|f| match f.labels.get(&matcher.name)? {
        Domain::Values(values) => Some(values),
        _ => None,
    });
    let first = values.next().filter(|v| v.len() == 1 && values.all(|other| other == *v))?.first()?;
    // Only where the label holds what the pods are told by.
    let rollout = view.rollout()?.namespace.as_deref();
    if rollout != Some(first) {
        return None;
    }
    let at = given.at.key("value");
    let message =
        format!("argument `{name}` is `{}`, which no series has: the rollout runs in `{first}`", matcher.value);
    let mend = fix(format!("Hand over `{first}`"), Safety::Safe, [super::view::set(&at, Value::Str(first.clone()))]);
    Some(Draft::new(RULE.name, RULE.severity, &at, message, CONSEQUENCE).fix(mend))
}

fn missing_label(view: &View<'_, '_>, selector: &Selector, families: &[&Family], matcher: &Matcher) -> Option<Draft> {
    if families.iter().any(|f| f.open || f.labels.contains_key(&matcher.name)) {
        return None;
    }
    let (text, _) = view.query()?;
    let family = families.first()?;
    let meant = meant_label(view, family, matcher);
    let hint = meant.as_ref().map(|m| format!("; it has `{m}`")).unwrap_or_default();
    let name = selector.name.as_deref().unwrap_or("the series");
    let message =
        format!("{} selects `{name}` by `{}`, a label that it does not have{hint}", view.name(), matcher.name);
    let mend = match meant {
        Some(meant) => rewrite(view, &format!("Select by `{meant}`"), |query| {
            let selector = query
                .selectors()
                .iter()
                .find(|s| s.name == selector.name && s.matchers.iter().any(|m| m.name == matcher.name))?;
            let found = selector.matchers.iter().find(|m| m.name == matcher.name)?;
            // The label may be selected by already: then the wrong one only goes.
            if selector.matchers.iter().any(|m| m.name == meant) {
                query.remove_matcher(selector, found)
            } else {
                query.replace_matcher(found, &meant, found.op, &found.value)
            }
        }),
        None => dimension(view, family, matcher),
    };
    let draft = Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE).fix(mend);
    // A dimension under a wrong name is the cause of a label that is not there.
    let connector = view.contract.connector(family).filter(|_| !family.labels.contains_key(&matcher.name));
    Some(connector.into_iter().fold(draft, |d, at| {
        let list = at.key("dimensions");
        let d = d
            .echo("collector/dimension-matches-nothing", Some(at))
            .echo("collector/invalid-value", Some(&list))
            .echo("collector/unknown-key", Some(&list));
        // Where there is no list, it may stand under another key.
        if view.contract.repository.node(&list).is_none() { d.echo("collector/unknown-key", Some(at)) } else { d }
    }))
}

/// The label that was meant: the one that tells the canary's hash or the namespace where that is what it is compared with,
/// else the one with the nearest name.
fn meant_label(view: &View<'_, '_>, family: &Family, matcher: &Matcher) -> Option<String> {
    if matcher.value == CANARY_HASH || matcher.value == STABLE_HASH {
        return hash_label(family).map(str::to_owned);
    }
    if let Some(namespace) = view.namespace().filter(|n| *n == matcher.value) {
        return namespace_label(family, namespace).map(str::to_owned);
    }
    let fits = |name: &&str| match family.labels.get(*name) {
        Some(Domain::Values(values)) => values.iter().any(|v| value_matches(matcher, v)),
        Some(Domain::PodHash) => false,
        _ => true,
    };
    let names: Vec<&str> = family.labels.keys().map(String::as_str).filter(fits).collect();
    let near = nearest_word(&matcher.name, names.iter().copied());
    // `service` for `service_name`, `kind` for `span_kind`.
    let words = |name: &str| name.split('_').map(str::to_owned).collect::<BTreeSet<_>>();
    let part = || only(names.iter().copied().filter(|name| words(&matcher.name).is_subset(&words(name))));
    // The label that has the value. `job` repeats the service's name and is not what anybody means by another one.
    let value = || {
        let known = |name: &&str| matches!(family.labels.get(*name), Some(Domain::Values(v)) if v.len() > 1 || matcher.op == MatchOp::Eq);
        only(names.iter().copied().filter(|name| known(name) && *name != "job"))
    };
    near.or_else(part).or_else(value).map(str::to_owned)
}

/// The only one of them.
fn only<'a>(mut list: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    list.next().filter(|_| list.next().is_none())
}

/// The connector can carry the label: its attribute is on the spans, only the dimension is missing.
fn dimension(view: &View<'_, '_>, family: &Family, matcher: &Matcher) -> Option<Fix> {
    let Origin::Spans { source, .. } = family.origin else { return None };
    let source = view.contract.span_metrics.get(source)?;
    let attributes = source.attributes.as_ref()?;
    let attribute = attributes.keys().find(|a| contract::sanitize(a) == matcher.name).or_else(|| {
        let hash = matcher.value == CANARY_HASH;
        attributes.iter().find(|(_, d)| hash && **d == Domain::PodHash).map(|(a, _)| a)
    })?;
    let entry = Value::map([("name", Value::Str(attribute.clone()))]);
    let list = source.connector.key("dimensions");
    let op = match view.contract.repository.node(&list) {
        Some(node) if node.is_sequence() => Op::Append { route: list.route.clone(), value: entry },
        Some(_) => Op::Set { route: list.route.clone(), value: Value::Seq(vec![entry]) },
        None => match view.contract.repository.node(&source.connector) {
            Some(node) if node.is_null() => Op::Set {
                route: source.connector.route.clone(),
                value: Value::map([("dimensions", Value::Seq(vec![entry]))]),
            },
            _ => Op::Insert {
                route: source.connector.route.clone(),
                key: "dimensions".to_owned(),
                value: Value::Seq(vec![entry]),
                after: None,
            },
        },
    };
    Some(fix(format!("Add the dimension `{attribute}`"), Safety::Safe, [(list.file, op)]))
}

fn missing_value(view: &View<'_, '_>, families: &[&Family], matcher: &Matcher) -> Option<Draft> {
    let (text, query) = view.query()?;
    let mut all: Vec<String> = Vec::new();
    for family in families {
        all.extend(values(view.contract, family, &matcher.name, matches!(matcher.op, MatchOp::Re))?);
    }
    if all.iter().any(|v| value_matches(matcher, v)) {
        return None;
    }
    let hash = families.iter().any(|f| f.labels.get(&matcher.name) == Some(&Domain::PodHash));
    let (had, meant) = if hash {
        ("the pod template hash".to_owned(), view.argument(CANARY_HASH).map(|a| format!("{{{{args.{a}}}}}")))
    } else {
        let argument = all.iter().find_map(|v| view.argument(v)).map(|a| format!("{{{{args.{a}}}}}"));
        let near = near_value(&matcher.value, &all);
        (
            listed(&all),
            near.or_else(|| argument.filter(|_| query.args().iter().any(|a| matcher.span.contains(&a.range.start)))),
        )
    };
    let written = text.value.get(matcher.value_span.clone()).unwrap_or_default();
    let bound = if written.contains("{{") { format!(" (here `{}`)", matcher.value) } else { String::new() };
    let message =
        format!("{} selects by `{}` {written}{bound}, which no series has: it is {had}", view.name(), matcher.name);
    let spelled = |meant: String| {
        rewrite(view, &format!("Select by `{meant}`"), |query| {
            let found = query.selectors().iter().flat_map(|s| &s.matchers).find(|m| {
                m.name == matcher.name && m.op == matcher.op && query.text().get(m.value_span.clone()) == Some(written)
            })?;
            query.replace_matcher(found, &found.name, MatchOp::Eq, &meant)
        })
    };
    let mend = other_label(view, families, matcher)
        .or_else(|| meant.and_then(spelled))
        .or_else(|| entry_points(view, families, matcher));
    Some(Draft::new(RULE.name, RULE.severity, &text.at, message, CONSEQUENCE).fix(mend))
}

/// The label is there, but it is another's: the scraped collector's namespace where the canary's was meant.
fn other_label(view: &View<'_, '_>, families: &[&Family], matcher: &Matcher) -> Option<Fix> {
    let family = families.first()?;
    let namespace = view.namespace().filter(|n| *n == matcher.value)?;
    let meant = namespace_label(family, namespace).filter(|label| *label != matcher.name)?;
    let written = view.query()?.0.value.get(matcher.value_span.clone())?;
    rewrite(view, &format!("Select by `{meant}`"), |query| {
        let told = |m: &&Matcher| {
            m.name == matcher.name && m.op == matcher.op && query.text().get(m.value_span.clone()) == Some(written)
        };
        let (selector, found) = query.selectors().iter().find_map(|s| Some((s, s.matchers.iter().find(told)?)))?;
        if selector.matchers.iter().any(|m| m.name == meant) {
            query.remove_matcher(selector, found)
        } else {
            query.replace_matcher(found, meant, found.op, &found.value)
        }
    })
}

/// What riders' requests have there, where the label tells what is counted.
fn entry_points(view: &View<'_, '_>, families: &[&Family], matcher: &Matcher) -> Option<Fix> {
    view.mission()?;
    let family = families.first()?;
    let wanted = [entry_matchers(view.contract, family)?.into_iter().find(|(label, ..)| *label == matcher.name)?];
    rewrite(view, "Select riders' requests", |query| {
        let wrong = |m: &Matcher| m.name == matcher.name && m.op == matcher.op && m.value == matcher.value;
        let selector = query.selectors().iter().find(|s| s.matchers.iter().any(wrong))?;
        missing_matcher(query, selector, &wanted)
    })
}

/// The one value that is the wanted one in another spelling: `server` for `SPAN_KIND_SERVER`, `True` for `true`.
fn near_value(wanted: &str, values: &[String]) -> Option<String> {
    let fold = |s: &str| s.to_ascii_uppercase().replace(['-', '.', ' '], "_");
    let folded = fold(wanted);
    let mut same = values.iter().filter(|v| fold(v) == folded || fold(v).ends_with(&format!("_{folded}")));
    match (same.next(), same.next()) {
        (Some(only), None) => Some(only.clone()),
        _ => nearest_word(wanted, values.iter().map(String::as_str)).map(str::to_owned),
    }
}

fn listed(values: &[String]) -> String {
    let mut values: Vec<&str> = values.iter().map(String::as_str).collect();
    values.sort_unstable();
    values.dedup();
    let shown: Vec<String> = values.iter().take(6).map(|v| format!("`{v}`")).collect();
    let more = if values.len() > 6 { ", …" } else { "" };
    match shown.as_slice() {
        [only] => only.clone(),
        _ => format!("one of {}{more}", shown.join(", ")),
    }
}
