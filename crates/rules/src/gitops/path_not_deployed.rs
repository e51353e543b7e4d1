//! `gitops/path-not-deployed`: a manifest folder that no generator covers, or a generator path that does not exist.

use super::is_ours;
use crate::draft::{Draft, Drafts};
use crate::finding::Severity;
use crate::registry::Rule;
use contract::Contract;
use contract::endpoint::nearest_word;
use model::{Application, Generator, GitFacts, Text, folder_of, glob};
use std::collections::BTreeSet;

pub(crate) const RULE: Rule = Rule {
    name: "gitops/path-not-deployed",
    severity: Severity::Error,
    summary: "a manifest folder that no generator covers, or a generator path that does not exist",
    fix: None,
    safety: None,
    page: include_str!("../../pages/gitops/path-not-deployed.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    let Some(git) = &contract.context.git else { return };
    let folders = manifest_folders(contract, git);
    for application in &contract.repository.applications {
        for path in paths(contract, application) {
            drafts.list.extend(missing(application, path, git));
        }
        for generator in
            application.generators.iter().filter(|g| g.repo_url.as_ref().is_some_and(|u| is_ours(contract, &u.value)))
        {
            uncovered(contract, application, generator, &folders, drafts);
        }
    }
}

/// Paths of this repository that an application names.
fn paths<'a>(contract: &Contract<'_>, application: &'a Application) -> Vec<&'a Text> {
    let ours = |url: &Option<Text>| url.as_ref().is_some_and(|u| is_ours(contract, &u.value));
    let generated = application.generators.iter().filter(|g| ours(&g.repo_url)).flat_map(|g| &g.directories);
    let generated = generated.filter(|(_, exclude)| !exclude).map(|(path, _)| path);
    let sources = application.sources.iter().filter(|s| !s.chart && ours(&s.repo_url)).filter_map(|s| s.path.as_ref());
    generated.chain(sources).filter(|p| !p.value.contains("{{")).collect()
}

fn missing(application: &Application, path: &Text, git: &GitFacts) -> Option<Draft> {
    let wanted = path.value.trim_matches('/');
    let root = wanted.is_empty() || wanted == "." || wanted == "*";
    if root || git.directories.any(|d| glob(wanted, d)) {
        return None;
    }
    let parent = wanted.strip_suffix("/*").unwrap_or(wanted);
    let all = git.directories.all()?;
    let near = all.iter().find(|d| d.eq_ignore_ascii_case(parent)).map(String::as_str);
    let near = near.or_else(|| all.iter().find(|d| d.ends_with(&format!("/{parent}"))).map(String::as_str));
    let near = near.or_else(|| nearest_word(parent, all.iter().map(String::as_str)));
    let hint = near.map(|n| format!("; there is `{n}`")).unwrap_or_default();
    let message =
        format!("`{}` deploys `{}`, which matches no folder of this repository{hint}", application.name, path.value);
    let consequence = "Argo CD makes no application of it: nothing is deployed, and with pruning what ran is removed";
    Some(Draft::new(RULE.name, RULE.severity, &path.at, message, consequence))
}

/// Folders (from the root) that hold objects to deploy: not Argo CD's own, not what a kustomization takes in.
fn manifest_folders(contract: &Contract<'_>, git: &GitFacts) -> BTreeSet<String> {
    let repository = contract.repository;
    let own = ["Application", "ApplicationSet", "AppProject", "Kustomization"];
    let mut found = BTreeSet::new();
    for object in repository.objects.iter().filter(|o| !own.contains(&o.kind.as_str())) {
        let path = repository.path(&object.at);
        if repository.kustomizations.iter().any(|k| k.covers(path)) {
            continue;
        }
        let folder = folder_of(path);
        let full = [git.prefix.trim_matches('/'), folder]
            .iter()
            .filter(|s| !s.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join("/");
        if !full.is_empty() {
            found.insert(full);
        }
    }
    found
}

/// A folder beside covered ones that the generator passes over without excluding it.
fn uncovered(
    contract: &Contract<'_>,
    application: &Application,
    generator: &Generator,
    folders: &BTreeSet<String>,
    drafts: &mut Drafts,
) {
    let others = || contract.repository.applications.iter();
    for folder in folders {
        let parent = folder_of(folder);
        let ancestors = std::iter::successors(Some(folder.as_str()), |f| f.rfind('/').map(|i| &f[..i]));
        let deployed = ancestors.into_iter().any(|f| {
            others().any(|a| {
                a.generators.iter().any(|g| g.covers(f))
                    || a.sources.iter().any(|s| s.path.as_ref().is_some_and(|p| p.value.trim_matches('/') == f))
            })
        });
        let excluded = generator.directories.iter().any(|(p, exclude)| *exclude && glob(&p.value, folder));
        let sibling = folders.iter().any(|f| f != folder && folder_of(f) == parent && generator.covers(f));
        let Some((first, _)) = generator.directories.first().filter(|_| !deployed && !excluded && sibling) else {
            continue;
        };
        let message =
            format!("`{}` makes an application of the folders beside `{folder}`, but not of it", application.name);
        let consequence = "what lies there is never deployed";
        drafts.push(Draft::new(RULE.name, RULE.severity, &first.at, message, consequence));
    }
}
