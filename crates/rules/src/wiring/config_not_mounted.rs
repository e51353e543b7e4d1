//! `wiring/config-not-mounted`: the config file that the process is told to read is not what is mounted.

use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::Contract;
use contract::endpoint::nearest_word;
use model::{ConfigMap, Container, Mount, Text, Volume, Workload, compatible, is_collector_image};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "wiring/config-not-mounted",
    severity: Severity::Error,
    summary: "the config file that the process is told to read is not what is mounted",
    fix: Some("`args` for a `command` of options alone"),
    safety: SAFE,
    page: include_str!("../../pages/wiring/config-not-mounted.md"),
    check,
};

const CONSEQUENCE: &str = "the collector exits at start: it cannot read its configuration";
const STUCK: &str = "the pod never starts: the kubelet cannot mount what does not exist";

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for workload in &contract.repository.workloads {
        for container in &workload.containers {
            if container.image.as_ref().is_some_and(|i| is_collector_image(&i.value)) {
                drafts.list.extend(no_program(contract, workload, container));
                for mount in &container.mounts {
                    drafts.list.extend(unmountable(contract, workload, mount));
                }
                for (path, at) in config_files(container) {
                    drafts.list.extend(unread(contract, workload, container, &path, at));
                }
            }
        }
    }
}

/// Files that `--config` names. Other schemes (`env:`, `yaml:`, `http:`) are no files.
fn config_files(container: &Container) -> Vec<(String, &Text)> {
    let mut found = Vec::new();
    let mut args = container.args.iter().peekable();
    while let Some(arg) = args.next() {
        let value = arg.value.trim();
        let (path, at) = if let Some(path) = value.strip_prefix("--config=").or_else(|| value.strip_prefix("-config="))
        {
            (path, arg)
        } else if matches!(value, "--config" | "-config" | "-c") {
            match args.peek() {
                Some(next) => (next.value.as_str(), *next),
                None => continue,
            }
        } else {
            continue;
        };
        let path = path.trim_matches('"').trim_start_matches("file:");
        if path.starts_with('/') && !path.contains("$(") {
            found.push((path.to_owned(), at));
        }
    }
    found
}

/// A `command` takes the place of the image's entry point: its first word is the program.
fn no_program(contract: &Contract<'_>, workload: &Workload, container: &Container) -> Option<Draft> {
    let node = contract.repository.node(&container.at)?;
    let first = node.get("command")?.items().next()?.as_str()?.to_owned();
    if !first.starts_with('-') {
        return None;
    }
    let at = container.at.key("command");
    let message = format!(
        "the `command` of {} `{}` begins with the option `{first}`: it names no program to read the configuration with",
        workload.kind, workload.name
    );
    let consequence =
        "the container cannot start: `command` replaces the image's entry point, and no file has that name";
    let mend = node.get("args").is_none().then(|| {
        let op = Op::SetKey { route: at.route.clone(), key: "args".to_owned() };
        fix("Give them to the image's own program as `args`", Safety::Safe, [(at.file, op)])
    });
    Some(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend))
}

/// A mount without its volume, or a volume without its ConfigMap.
fn unmountable(contract: &Contract<'_>, workload: &Workload, mount: &Mount) -> Option<Draft> {
    let Some(volume) = workload.volumes.iter().find(|v| v.name == mount.volume.value) else {
        // A StatefulSet's claims are volumes too.
        if workload.kind == "StatefulSet" {
            return None;
        }
        let near = nearest_word(&mount.volume.value, workload.volumes.iter().map(|v| v.name.as_str()));
        let hint = near.map(|n| format!("; there is `{n}`")).unwrap_or_default();
        let message = format!(
            "{} `{}` mounts volume `{}`, which it does not have{hint}",
            workload.kind, workload.name, mount.volume.value
        );
        return Some(Draft::new(RULE.name, RULE.severity, &mount.volume.at, message, STUCK));
    };
    let wanted = volume.config_map.as_ref()?;
    let maps = || contract.repository.config_maps.iter().filter(|m| compatible(&m.namespace, &workload.namespace));
    if maps().any(|m| m.name == wanted.value) {
        return None;
    }
    // It counts as missing only where the one that was meant is here.
    let near = nearest_word(&wanted.value, maps().map(|m| m.name.as_str())).or_else(|| {
        let unread = |m: &&ConfigMap| {
            contract.repository.collectors.iter().any(|c| {
                c.workload.is_none()
                    && matches!(c.source, model::Source::ConfigMap { object, .. } if Some(object) == m.object)
            })
        };
        let mut list = maps().filter(unread);
        match (list.next(), list.next()) {
            (Some(only), None) => Some(only.name.as_str()),
            _ => None,
        }
    })?;
    let message = format!(
        "{} `{}` mounts ConfigMap `{}`, which does not exist; there is `{near}`",
        workload.kind, workload.name, wanted.value
    );
    Some(Draft::new(RULE.name, RULE.severity, &wanted.at, message, STUCK))
}

fn unread(contract: &Contract<'_>, workload: &Workload, container: &Container, path: &str, at: &Text) -> Option<Draft> {
    let draft = |message: String| Draft::new(RULE.name, RULE.severity, &at.at, message, CONSEQUENCE);
    for mount in &container.mounts {
        let Some(file) = file_in(mount, path) else { continue };
        let volume = workload.volumes.iter().find(|v| v.name == mount.volume.value)?;
        let map = config_map(contract, workload, volume)?;
        let names = names(volume, map);
        if names.contains(&file) || volume.mixed {
            return None;
        }
        let near = match names.as_slice() {
            [only] => Some(only.as_str()),
            several => nearest_word(&file, several.iter().map(String::as_str)),
        };
        let hint = near.map(|n| format!("; it has `{n}`")).unwrap_or_default();
        return Some(draft(format!(
            "the collector is told to read `{path}`, but ConfigMap `{}` has no `{file}`{hint}",
            map.name
        )));
    }
    // Nothing is mounted there. Where one of the pod's ConfigMaps holds a configuration, that was meant.
    let holds = container.mounts.iter().find(|m| {
        let volume = workload.volumes.iter().find(|v| v.name == m.volume.value);
        volume.and_then(|v| config_map(contract, workload, v)).is_some_and(|map| {
            contract
                .repository
                .collectors
                .iter()
                .any(|c| matches!(c.source, model::Source::ConfigMap { object, .. } if Some(object) == map.object))
        })
    })?;
    Some(
        draft(format!(
            "the collector is told to read `{path}`, but its configuration is mounted at `{}`",
            holds.path.value
        ))
        .related(&holds.path.at, "mounted here"),
    )
}

/// The file of a mount that a path means: for `subPath` the mount itself.
fn file_in(mount: &Mount, path: &str) -> Option<String> {
    let root = mount.path.value.trim_end_matches('/');
    match &mount.sub_path {
        Some(sub) => (path == root).then(|| sub.value.trim_matches('/').to_owned()),
        None => path.strip_prefix(root)?.strip_prefix('/').map(str::to_owned),
    }
}

fn config_map<'r>(contract: &Contract<'r>, workload: &Workload, volume: &Volume) -> Option<&'r ConfigMap> {
    let name = volume.config_map.as_ref()?;
    let repository = contract.repository;
    repository.config_maps.iter().find(|m| m.name == name.value && compatible(&m.namespace, &workload.namespace))
}

/// The files that a ConfigMap volume shows: its keys, or those that `items` picks, under their paths.
fn names(volume: &Volume, map: &ConfigMap) -> Vec<String> {
    if volume.items.is_empty() {
        return map.keys.iter().map(|(key, _)| key.clone()).collect();
    }
    let there = |key: &str| map.keys.iter().any(|(k, _)| k == key);
    volume.items.iter().filter(|(key, _)| there(&key.value)).map(|(_, path)| path.value.clone()).collect()
}
