//! `collector/unknown-component-type`: a type that the pinned distribution version does not have.

use super::ambiguous_id::twins;
use super::catalog::{Standing, standing};
use super::edit::{Ops, refer, rename, unrefer};
use super::migrate::{self, Successor};
use super::slip::slips;
use super::stray::strays;
use super::view::{Reference, View, role, views, with_type};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{ONE_READING, Rule};
use catalogue::Class;
use contract::Contract;
use model::{Component, Place, section};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "collector/unknown-component-type",
    severity: Severity::Error,
    summary: "a type that the pinned distribution version does not have",
    fix: Some("the successor where there is one, else remove"),
    safety: ONE_READING,
    page: include_str!("../../pages/collector/unknown-component-type.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let slips = slips(&view);
        let strays = strays(&view);
        let foreign = foreign(&view);
        // Components of a section whose heading is gone fell into the one above, all of them by one slip.
        let mut fallen: Vec<(Class, Class, usize)> = Vec::new();
        for component in &view.config.components {
            // A key that lost its place is no type.
            let misplaced = slips.iter().any(|s| s.at == component.at) || strays.iter().any(|s| s.at == component.at);
            let standing = standing(view.collector, component.class, &component.kind);
            if misplaced || matches!(standing, Standing::Exists | Standing::Unknown) {
                continue;
            }
            if foreign && matches!(standing, Standing::Nothing { near: None } | Standing::Elsewhere(_)) {
                continue;
            }
            let draft = draft(&view, component, &standing);
            if let Standing::Elsewhere(classes) = &standing
                && let Some(to) = target(&view, component, classes)
                && view.node(&view.root.key(section(to))).is_none()
            {
                let first = fallen.iter().find(|(from, other, _)| (*from, *other) == (component.class, to));
                if let Some(first) = first.and_then(|(.., at)| drafts.list.get_mut(*at)) {
                    let more = into_section(&view, component, to);
                    let file = component.at.file;
                    if let Some(fix) = &mut first.finding.fix {
                        let edit = fix.edits.iter_mut().find(|e| e.file == file);
                        edit.into_iter().for_each(|e| e.ops.extend(more.iter().map(|(_, op)| op.clone())));
                        fix.title = format!("Move what belongs there to `{}`", section(to));
                    }
                    let cause = first.finding.at.clone();
                    let cause = Place { file: cause.file, route: cause.route };
                    drafts.push(draft.echo_at(RULE.name, &cause));
                    continue;
                }
                fallen.push((component.class, to, drafts.list.len()));
            }
            drafts.push(draft);
        }
    }
}

/// Whether it is for a distribution of somebody's own: no image says which one it is, and several types are of no known one.
fn foreign(view: &View<'_>) -> bool {
    let strange = |c: &&Component| standing(view.collector, c.class, &c.kind) == Standing::Nothing { near: None };
    view.collector.image.is_none() && view.config.components.iter().filter(strange).count() > 1
}

fn draft(view: &View<'_>, component: &Component, standing: &Standing) -> Draft {
    let (class, id, kind) = (role(component.class), &component.id, &component.kind);
    let version = view.collector.version.map_or_else(|| "the collector".to_owned(), |v| format!("collector {v}"));
    let message = match standing {
        Standing::Elsewhere(classes) => {
            let words: Vec<&str> = classes.iter().map(|c| role(*c)).collect();
            format!("`{kind}` is no {class} but a {}", words.join(" or a "))
                .replace("a exporter", "an exporter")
                .replace("a extension", "an extension")
        }
        Standing::Removed { since, successor: Some(successor) } => {
            format!("{version} has no {class} `{kind}` any more: removed in {since}, `{successor}` took its place")
        }
        Standing::Removed { since, successor: None } => {
            format!("{version} has no {class} `{kind}` any more: removed in {since}")
        }
        Standing::NotYet { since, older: Some(older) } => {
            format!("{version} has no {class} `{kind}` yet: the name came with {since}, before it is `{older}`")
        }
        Standing::NotYet { since, older: None } => {
            format!("{version} has no {class} `{kind}` yet: it came with {since}")
        }
        Standing::Nothing { near: Some(near) } => format!("{version} knows no {class} `{kind}`; `{near}` is near"),
        _ => format!("{version} knows no {class} `{kind}`"),
    };
    let consequence = format!(
        "the collector exits at start: \"unknown type: \\\"{kind}\\\" for id: \\\"{id}\\\"\", even if no pipeline uses it"
    );
    let mut draft = Draft::new(RULE.name, RULE.severity, &component.at, message, consequence);
    if twins(view).iter().any(|(_, twin)| twin.at == component.at) {
        draft = draft.echo("collector/ambiguous-id", Some(&component.at));
    }
    draft.fix(mend(view, component, standing))
}

fn mend(view: &View<'_>, component: &Component, standing: &Standing) -> Option<Fix> {
    match standing {
        Standing::Elsewhere(classes) => relocate(view, component, classes).or_else(|| remove(view, component)),
        Standing::Removed { successor: Some(successor), .. } => {
            let known = migrate::successor(view, component, successor);
            let new =
                known.unwrap_or(Successor { kind: (*successor).to_owned(), ops: Ops::new(), safety: Safety::Unsafe });
            retype(view, component, &new)
        }
        Standing::NotYet { older: Some(name), .. } | Standing::Nothing { near: Some(name) } => {
            retype(view, component, &Successor { kind: (*name).to_owned(), ops: Ops::new(), safety: Safety::Safe })
        }
        _ => remove(view, component),
    }
}

/// Gives the component another type: its key, what differs in its configuration, and the references.
fn retype(view: &View<'_>, component: &Component, new: &Successor) -> Option<Fix> {
    let taken = |id: &str| view.config.component(component.class, id).is_some();
    let mut id = with_type(&component.id, &new.kind);
    if taken(&id) {
        id = format!("{}/{}", new.kind, component.id.replace('/', "-"));
        if taken(&id) {
            return None;
        }
    }
    let mut ops = new.ops.clone();
    ops.push((component.at.file, Op::SetKey { route: component.at.route.clone(), key: id.clone() }));
    if component.class == Class::Extension {
        for text in view.config.extensions.iter().filter(|e| e.value == component.id) {
            ops.push((text.at.file, Op::Set { route: text.at.route.clone(), value: Value::from(id.as_str()) }));
        }
    } else {
        ops.extend(rename(view.users(component), &id));
    }
    let title = format!("Turn {} `{}` into `{id}`", role(component.class), component.id);
    Some(fix(title, new.safety, ops))
}

/// The section of its type, where one is left: the only one, or the one whose references miss it.
fn target(view: &View<'_>, component: &Component, classes: &[Class]) -> Option<Class> {
    let free = |class: &&Class| view.config.component(**class, &component.id).is_none();
    let missed = |class: &&Class| {
        view.undefined().any(|r| r.text.value == component.id && (r.side == **class || **class == Class::Connector))
    };
    let open: Vec<&Class> = classes.iter().filter(free).collect();
    let wanted: Vec<&&Class> = open.iter().filter(|c| missed(c)).collect();
    match (open.as_slice(), wanted.as_slice()) {
        ([only], _) => Some(**only),
        (_, [only]) => Some(***only),
        _ => None,
    }
}

/// Moves the component to the section of its type.
fn relocate(view: &View<'_>, component: &Component, classes: &[Class]) -> Option<Fix> {
    let target = target(view, component, classes)?;
    let file = component.at.file;
    let mut ops: Ops = Vec::new();
    if view.node(&view.root.key(section(target))).is_none() {
        let after = Some(section(component.class).to_owned());
        ops.push((
            file,
            Op::Insert { route: view.root.route.clone(), key: section(target).to_owned(), value: Value::Null, after },
        ));
    }
    ops.extend(into_section(view, component, target));
    Some(fix(format!("Move `{}` to `{}`", component.id, section(target)), Safety::Safe, ops))
}

/// Into a section that is there, with what its new class asks for.
fn into_section(view: &View<'_>, component: &Component, target: Class) -> Ops {
    let to = view.root.key(section(target));
    let mut ops = migrate::inside(view, component, target);
    ops.push((component.at.file, Op::Move { route: component.at.route.clone(), to: to.route, after: None }));
    // A processor that became a connector leaves the processors' list and is fed as an exporter.
    let listed: Vec<Reference<'_>> = view.users(component).filter(|r| r.side == Class::Processor).collect();
    if target == Class::Connector {
        for reference in &listed {
            ops.extend(refer(view, reference.pipeline, Class::Exporter, &component.id));
        }
        ops.extend(unrefer(listed));
    }
    ops
}

/// Removes the component and what refers to it, unless a pipeline would be left without receivers or exporters.
fn remove(view: &View<'_>, component: &Component) -> Option<Fix> {
    let users: Vec<Reference<'_>> = view.users(component).collect();
    if users.iter().any(|r| r.side != Class::Processor && r.pipeline.side(r.side).len() < 2) {
        return None;
    }
    let mut ops = unrefer(users);
    for text in
        view.config.extensions.iter().rev().filter(|e| component.class == Class::Extension && e.value == component.id)
    {
        ops.push((text.at.file, Op::Remove { route: text.at.route.clone() }));
    }
    ops.push((component.at.file, Op::Remove { route: component.at.route.clone() }));
    Some(fix(format!("Remove {} `{}` and what refers to it", role(component.class), component.id), Safety::Unsafe, ops))
}
