//! ApplicationSets that the push edited and no Application deploys: applied after it, or Argo CD goes on by the old ones.

use super::changed::{Moment, revision};
use super::followed::Followed;
use super::plan::Plan;
use super::release::{Content, below};
use crate::commands::cluster::which::patiently;
use crate::error::CommandError;
use crate::ui::Ui;
use delivery::Name;
use model::{Application, Repository};
use serde_json::Value;

/// One of them.
pub(super) struct Set {
    pub(super) name: Name,
    value: Value,
    /// A repository that it names and the cluster does not follow.
    elsewhere: Option<String>,
}

/// Those that differ from what the commit before said.
pub(super) fn edited(followed: &Followed, plan: &Plan, content: &Content) -> Result<Vec<Set>, CommandError> {
    let now = Repository::read(&content.input.files, &content.input.context);
    let Some(before) = revision(followed, plan, Moment::Before(&content.commit)) else { return Ok(Vec::new()) };
    let before = plan.at(&before)?;
    let before = Repository::read(&before.files, &before.context);
    let mut sets = Vec::new();
    for set in changed(&now, &before) {
        let Some(object) = now.object(set.object) else { continue };
        let path = plan.whole(now.path(&object.at));
        if followed.found.iter().any(|found| found.sources.iter().any(|source| below(&path, &source.path))) {
            continue;
        }
        let namespace = object.own_namespace.clone().unwrap_or_else(|| followed.argocd().to_owned());
        let name = Name::new(namespace, &object.name);
        let Some(value) = now.node(&object.at).map(|node| node.to_value().canonical()) else { continue };
        let mut value: Value = serde_json::from_str(&value)?;
        value["metadata"]["namespace"] = Value::from(name.namespace.clone());
        sets.push(Set { name, value, elsewhere: elsewhere(set, followed).map(str::to_owned) });
    }
    Ok(sets)
}

/// Applies those that the cluster knows.
pub(super) async fn apply(ui: &Ui, followed: &Followed, sets: &[Set]) -> Result<(), CommandError> {
    let Some(cluster) = followed.reach.cluster() else {
        for Set { name, .. } in sets {
            ui.status(&format!(
                "ApplicationSet {} was edited; without access to the cluster it is not applied: `kubectl apply` does",
                name.name
            ));
        }
        return Ok(());
    };
    for Set { name, value, elsewhere } in sets {
        if !patiently(ui, || cluster.has_set(name)).await? {
            ui.status(&format!(
                "ApplicationSet {} was edited; the cluster has none of that name, so it is not applied",
                name.name
            ));
            continue;
        }
        if let Some(elsewhere) = elsewhere {
            ui.status(&format!(
                "ApplicationSet {} was edited, and names {elsewhere}, not what the cluster follows: it is not applied",
                name.name
            ));
            continue;
        }
        let forced = patiently(ui, || cluster.apply_set(name, value)).await?;
        let how = forced.map(|why| format!(", taking over: {why}")).unwrap_or_default();
        ui.status(&format!("applied ApplicationSet {}, which no Application deploys{how}", name.name));
    }
    Ok(())
}

/// ApplicationSets with another content than before, or new.
fn changed<'r>(now: &'r Repository, before: &Repository) -> Vec<&'r Application> {
    let content = |repository: &Repository, set: &Application| {
        let object = repository.object(set.object)?;
        Some(repository.node(&object.at)?.to_value().canonical())
    };
    let same = |set: &Application| {
        before
            .applications
            .iter()
            .any(|other| other.set && other.name == set.name && content(before, other) == content(now, set))
    };
    now.applications.iter().filter(|set| set.set && !same(set)).collect()
}

/// A repository that the set names and the cluster does not follow: applied, it would take the Applications away from here.
fn elsewhere<'s>(set: &'s Application, followed: &Followed) -> Option<&'s str> {
    let generators = set.generators.iter().filter_map(|generator| generator.repo_url.as_ref());
    let sources = set.sources.iter().filter(|source| !source.chart).filter_map(|source| source.repo_url.as_ref());
    let known = |url: &str| {
        let sources = followed.found.iter().flat_map(|found| &found.sources);
        sources.into_iter().any(|source| model::url::same_repository(&source.url, url))
    };
    generators.chain(sources).map(|text| text.value.as_str()).find(|url| !known(url))
}
