//! `collector/unknown-key`: a key that the component does not have.

use super::catalog::{Standing, standing};
use super::edit::{Ops, put};
use super::schema::{Judge, judged_components, of_service, recent};
use super::slip::{Meant, Slip, slips};
use super::stray::{Stray, strays};
use super::view::{View, is_variable, listed, role, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use catalogue::{Schema, Version};
use contract::endpoint::nearest_word;
use contract::{CONNECTOR, Contract};
use model::{Component, Place, Source, section, type_of};
use yaml::{Node, Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/unknown-key",
    severity: Severity::Error,
    summary: "a key that the component does not have",
    fix: Some("move it where the indentation slipped, else remove"),
    safety: ONE_READING,
    page: include_str!("../../pages/collector/unknown-key.md"),
    check,
};

const CONSEQUENCE: &str = "the collector exits at start: \"has invalid keys\"";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let slips = slips(&view);
        // A bare file with several keys that we make no sense of is somebody else's.
        let alien = slips.iter().filter(|s| matches!(s.meant, Meant::Nothing) && s.at.parent() == *view.root).count();
        if view.collector.source == Source::File && view.collector.workload.is_none() && alien > 1 {
            continue;
        }
        let mut found: Vec<Unknown> = slips.iter().map(of_slip).collect();
        found.extend(strays(&view).iter().map(of_stray));
        for (component, schema) in judged_components(&view) {
            let Some(node) = view.node(&component.at) else { continue };
            let walk = Walk { view: &view, component: Some(component), slips: &slips };
            walk.mapping(&[(node, schema)], &mut found);
        }
        if let Some((node, schema)) = view.node(&view.root.key("service").key("telemetry")).zip(of_service()) {
            let walk = Walk { view: &view, component: None, slips: &slips };
            walk.mapping(&[(node, schema)], &mut found);
        }
        drafts.list.extend(together(found).into_iter().map(draft));
    }
}

/// A key that nobody knows where it stands.
struct Unknown {
    at: Place,
    key: String,
    /// The mapping that it stands in, for a sentence.
    inside: String,
    reading: Reading,
    says: String,
}

/// Keys that stand in one mapping and belong into one other are one slip of the indentation: the first, and the rest.
fn together(found: Vec<Unknown>) -> Vec<(Unknown, Vec<Unknown>)> {
    let mut groups: Vec<(Unknown, Vec<Unknown>)> = Vec::new();
    for unknown in found {
        let same = |first: &Unknown| match (&first.reading, &unknown.reading) {
            (Reading::Move { to: a, .. }, Reading::Move { to: b, .. }) => {
                a == b && first.at.parent() == unknown.at.parent()
            }
            _ => false,
        };
        match groups.iter_mut().find(|(first, _)| same(first)) {
            Some((_, rest)) => rest.push(unknown),
            None => groups.push((unknown, Vec::new())),
        }
    }
    groups
}

fn draft((first, rest): (Unknown, Vec<Unknown>)) -> Draft {
    let keys: Vec<&str> = std::iter::once(&first).chain(&rest).map(|u| u.key.as_str()).collect();
    let names = listed(&keys);
    let (stand, belong) = if rest.is_empty() { ("stands", "belongs") } else { ("stand", "belong") };
    let Unknown { at, inside, reading, says, key } = first;
    let message = match &reading {
        Reading::Rename(name) => format!("{inside} has no key `{key}`; `{name}` is near"),
        Reading::Move { label, .. } => format!("{names} {stand} in {inside}, but {belong} into {label}"),
        Reading::Rewrite(title, _) => format!("{inside} has no key `{key}` any more: {}", lower(title)),
        Reading::Nothing => format!("{inside} has no key `{key}`"),
    };
    let (file, route) = (at.file, at.route.clone());
    let mut draft = Draft::new(RULE.name, RULE.severity, &at, message, says);
    let mend = match reading {
        Reading::Rename(name) => {
            fix(format!("Rename `{key}` to `{name}`"), Safety::Safe, [(file, Op::SetKey { route, key: name })])
        }
        Reading::Move { to, label, missing } => {
            let mut ops = Ops::new();
            if let Some(name) = missing {
                let parent = to.parent();
                ops.push((file, Op::Insert { route: parent.route, key: name, value: Value::Null, after: None }));
            }
            ops.push((file, Op::Move { route, to: to.route.clone(), after: None }));
            for other in rest {
                draft = draft.related(&other.at, "and this one");
                ops.push((file, Op::Move { route: other.at.route, to: to.route.clone(), after: None }));
            }
            fix(format!("Move {names} into {label}"), Safety::Safe, ops)
        }
        Reading::Rewrite(title, ops) => fix(title, Safety::Safe, ops),
        Reading::Nothing => fix(format!("Remove `{key}`"), Safety::Unsafe, [(file, Op::Remove { route })]),
    };
    draft.fix(mend)
}

fn of_slip(slip: &Slip) -> Unknown {
    let reading = match &slip.meant {
        Meant::Named(name) => Reading::Rename(name.clone()),
        Meant::In(to, label) => Reading::Move { to: to.clone(), label: label.clone(), missing: None },
        Meant::Nothing => Reading::Nothing,
    };
    let says = CONSEQUENCE.to_owned();
    Unknown { at: slip.at.clone(), key: slip.key.clone(), inside: slip.inside.clone(), reading, says }
}

fn of_stray(stray: &Stray) -> Unknown {
    let reading = Reading::Move { to: stray.owner.clone(), label: format!("`{}` beside it", stray.id), missing: None };
    let says = format!("the collector exits at start: \"unknown type: \\\"{}\\\"\"", stray.key);
    Unknown { at: stray.at.clone(), key: stray.key.clone(), inside: stray.inside(), reading, says }
}

struct Walk<'a> {
    view: &'a View<'a>,
    component: Option<&'a Component>,
    slips: &'a [Slip],
}

/// Mappings from the component down to the one at hand, each with what it may hold.
type Chain<'a, 's> = [(Node<'a>, &'s Schema)];

impl<'a> Walk<'a> {
    fn mapping(&self, chain: &Chain<'a, '_>, found: &mut Vec<Unknown>) {
        let Some((node, schema)) = chain.last() else { return };
        match schema {
            Schema::Fields { .. } if node.is_mapping() => {
                let open = schema.open();
                for (key, value) in node.entries() {
                    match schema.field(key) {
                        Some(inner) => self.deeper(chain, value, inner, found),
                        // `tls::insecure` is a path to the collector.
                        None if open || key == "<<" || key.contains("::") || is_variable(key) => {}
                        None => found.extend(self.unknown(chain, key, value)),
                    }
                }
            }
            Schema::Map(inner) => {
                for (_, value) in node.entries() {
                    self.deeper(chain, value, inner, found);
                }
            }
            Schema::List(inner) => {
                for value in node.items() {
                    self.deeper(chain, value, inner, found);
                }
            }
            Schema::OneOf(all) => {
                // Only a reading of the node's own kind can be judged, and only where it is the only one.
                let mut fitting = all.iter().filter(|s| s.same_kind(*node));
                if let (Some(only), None) = (fitting.next(), fitting.next()) {
                    let mut chain = chain.to_vec();
                    chain.pop();
                    chain.push((*node, only));
                    self.mapping(&chain, found);
                }
            }
            _ => {}
        }
    }

    fn deeper(&self, chain: &Chain<'a, '_>, value: Node<'a>, schema: &Schema, found: &mut Vec<Unknown>) {
        let mut chain = chain.to_vec();
        chain.push((value, schema));
        self.mapping(&chain, found);
    }

    fn unknown(&self, chain: &Chain<'a, '_>, key: &str, value: Node<'a>) -> Option<Unknown> {
        let file = self.view.root.file;
        let at = Place::of(file, value);
        // A section that slipped in here is reported as such.
        if self.slips.iter().any(|s| s.at == at) {
            return None;
        }
        let (node, _) = chain.last()?;
        let older = self.view.collector.version.is_some_and(|v| v < Version(0, 128, 0));
        if older && self.component.is_none() && key == "address" {
            return None;
        }
        let reading = self.meant(chain, key, value);
        if matches!(reading, Reading::Nothing) && !recent(self.view) {
            return None;
        }
        let inside = self.name(&Place::of(file, *node));
        Some(Unknown { at, key: key.to_owned(), inside, reading, says: CONSEQUENCE.to_owned() })
    }

    /// How to call a mapping: the component, and the keys below it.
    fn name(&self, place: &Place) -> String {
        match self.component {
            Some(c) => {
                let below: Vec<String> = place.route.steps.iter().skip(c.at.route.steps.len()).map(step).collect();
                let path = if below.is_empty() { String::new() } else { format!(" (`{}`)", below.join(".")) };
                format!("{} `{}`{path}", role(c.class), c.id)
            }
            None => {
                let below: Vec<String> =
                    place.route.steps.iter().skip(self.view.root.route.steps.len()).map(step).collect();
                format!("`{}`", below.join("."))
            }
        }
    }

    fn meant(&self, chain: &Chain<'a, '_>, key: &str, value: Node<'a>) -> Reading {
        let Some(((node, schema), above)) = chain.split_last() else { return Reading::Nothing };
        let file = self.view.root.file;
        if let Some(reading) = self.rewrite(*node, key, value) {
            return reading;
        }
        // Further up in the component.
        for (ancestor, schema) in above.iter().rev() {
            if schema.field(key).is_some_and(|s| s.takes(value)) && ancestor.get(key).is_none() {
                let to = Place::of(file, *ancestor);
                return Reading::Move { label: self.name(&to), to, missing: None };
            }
        }
        // One level further down: into the entry right before it, or the only one that has a place for it.
        let has = |name: &str| {
            let inner = schema.field(name)?;
            let present = node.get(name);
            let free = present.is_none_or(|n| n.is_null() || n.is_mapping() && n.get(key).is_none());
            (free && inner.field(key).is_some_and(|s| s.takes(value))).then_some(())
        };
        let before = node.entries().take_while(|(k, _)| *k != key).last().map(|(k, _)| k).filter(|k| has(k).is_some());
        let present: Vec<&str> = node.entries().map(|(k, _)| k).filter(|k| has(k).is_some()).collect();
        let any: Vec<&str> = schema.keys().into_iter().filter(|k| has(k).is_some()).collect();
        let inner = before.or(match (present.as_slice(), any.as_slice()) {
            ([only], _) | ([], [only]) => Some(*only),
            _ => None,
        });
        // A near name beats a guess at a level that is not even there.
        let near = nearest_word(key, schema.keys().into_iter().filter(|k| node.get(k).is_none()));
        let near = near.filter(|n| schema.field(n).is_some_and(|s| s.takes(value)));
        match (inner, near) {
            (Some(inner), near) if near.is_none() || present.contains(&inner) => {
                let to = Place::of(file, *node).key(inner);
                let missing = node.get(inner).is_none().then(|| inner.to_owned());
                return Reading::Move { label: format!("`{inner}`"), to, missing };
            }
            (_, Some(near)) => return Reading::Rename(near.to_owned()),
            _ => {}
        }
        // A component that was indented too deep.
        if let Some(component) = self.component {
            let exists = matches!(standing(self.view.collector, component.class, type_of(key)), Standing::Exists);
            let free = self.view.config.component(component.class, key).is_none();
            if exists && free && (value.is_mapping() || value.is_null()) {
                let to = self.view.root.key(section(component.class));
                return Reading::Move { label: format!("`{}`", section(component.class)), to, missing: None };
            }
        }
        Reading::Nothing
    }

    /// Keys that became others.
    fn rewrite(&self, node: Node<'a>, key: &str, value: Node<'a>) -> Option<Reading> {
        let file = self.view.root.file;
        let at = Place::of(file, value);
        let route = at.route.clone();
        let kind = self.component.map(|c| c.kind.as_str());
        match (kind, key) {
            (Some("debug"), "loglevel") if node.get("verbosity").is_none() => {
                let verbosity = if value.as_str() == Some("debug") { "detailed" } else { "basic" };
                let ops = vec![
                    (file, Op::Set { route: route.clone(), value: verbosity.into() }),
                    (file, Op::SetKey { route, key: "verbosity".to_owned() }),
                ];
                Some(Reading::Rewrite("Say it with `verbosity`".to_owned(), ops))
            }
            // The span metrics processor's keys; the connector never had them.
            (Some(kind), "latency_histogram_buckets")
                if CONNECTOR.contains(&kind) && node.get("histogram").is_none() =>
            {
                let buckets = Value::map([("explicit", Value::map([("buckets", value.to_value())]))]);
                let mut ops = vec![(file, Op::Remove { route })];
                ops.extend(put(self.view, &at.parent(), &["histogram"], buckets));
                Some(Reading::Rewrite("Say it with `histogram.explicit.buckets`".to_owned(), ops))
            }
            (Some(kind), "metrics_exporter") if CONNECTOR.contains(&kind) => {
                let title = "Leave it to the pipelines, which say where its metrics go".to_owned();
                Some(Reading::Rewrite(title, vec![(file, Op::Remove { route })]))
            }
            // Refused since 0.128, when `telemetry.disableAddressFieldForInternalTelemetry` became stable (core changelog).
            (None, "address") if at.parent().route.last_key() == Some("metrics") && node.get("readers").is_none() => {
                let address = contract::endpoint::parse(value.as_str()?)?;
                let host = if address.host.is_empty() { "0.0.0.0" } else { address.host.as_str() };
                let prometheus =
                    Value::map([("host", Value::from(host)), ("port", Value::Int(i64::from(address.port?)))]);
                let pull = Value::map([("exporter", Value::map([("prometheus", prometheus)]))]);
                let readers = Value::seq([Value::map([("pull", pull)])]);
                let mut ops = vec![(file, Op::Remove { route })];
                ops.extend(put(self.view, &at.parent(), &["readers"], readers));
                Some(Reading::Rewrite("Say it with `readers`".to_owned(), ops))
            }
            _ => None,
        }
    }
}

/// What an unknown key was meant to be.
enum Reading {
    Rename(String),
    Move { to: Place, label: String, missing: Option<String> },
    Rewrite(String, Ops),
    Nothing,
}

fn step(step: &yaml::Step) -> String {
    match step {
        yaml::Step::Key(key) => key.to_string(),
        yaml::Step::Index(index) | yaml::Step::Document(index) => index.to_string(),
    }
}

fn lower(title: &str) -> String {
    let mut chars = title.chars();
    chars.next().map(|c| c.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
