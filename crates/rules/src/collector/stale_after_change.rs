//! `collector/stale-after-change`: a config change does not restart the pods that read it.

use super::edit::put;
use super::view::{View, root_of, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use contract::Contract;
use model::{Object, Source, Workload, pair};
use sha2::{Digest, Sha256};
use yaml::Value;

pub(crate) const RULE: Rule = Rule {
    name: "collector/stale-after-change",
    severity: Severity::Warning,
    summary: "a config change does not restart the pods that read it",
    fix: Some("a config-hash annotation kept by the tool"),
    safety: SAFE,
    page: include_str!("../../pages/collector/stale-after-change.md"),
    check,
};

/// The annotation that the tool keeps on the pod template.
pub const ANNOTATION: &str = "hyperspace/config-hash";

/// Rules about the configuration's content whose mending changes the hash.
const CONTENT: [&str; 18] = [
    "collector/no-receiver",
    "collector/undefined-component",
    "collector/unknown-component-type",
    "collector/half-wired-connector",
    "collector/unknown-key",
    "collector/invalid-value",
    "collector/unsupported-signal",
    "collector/ambiguous-id",
    "collector/loopback-receiver",
    "collector/listens-on-remote-name",
    "collector/metrics-not-exposed",
    "collector/dimension-matches-nothing",
    "collector/signal-refused-by-backend",
    "collector/hard-coded-address",
    "collector/flush-slower-than-gate",
    "collector/chatty-debug",
    "wiring/port-mismatch",
    "wiring/unreachable-endpoint",
];

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        let Source::ConfigMap { object, .. } = view.collector.source else { continue };
        let (Some(map), Some(workload)) = (contract.repository.object(object), view.workload()) else { continue };
        let Some(pods) = contract.repository.object(workload.object) else { continue };
        if first_reader(&view) && long_lived(workload) && !restarted_otherwise(&view, workload, map, pods) {
            drafts.list.extend(draft(&view, workload, map));
        }
    }
}

/// One finding a workload, however many configurations it reads.
fn first_reader(view: &View<'_>) -> bool {
    let readers = &view.contract.repository.collectors;
    readers.iter().position(|c| c.workload == view.collector.workload) == Some(view.index)
}

/// Whether a changed template replaces the pods: a Job runs once, a bare Pod can't be changed.
fn long_lived(workload: &Workload) -> bool {
    matches!(workload.kind.as_str(), "Deployment" | "DaemonSet" | "StatefulSet" | "Rollout")
}

/// Whether something else sees to it: an annotation that a renderer fills in, a reloader, a name that changes with the content.
fn restarted_otherwise(view: &View<'_>, workload: &Workload, map: &Object, pods: &Object) -> bool {
    let annotations = |object: &Object| -> Vec<String> {
        let node = view.node(&object.at).and_then(|n| n.at(&["metadata", "annotations"]));
        node.map(|n| n.entries().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
    };
    let label =
        |object: &Object, key: &str| view.node(&object.at).and_then(|n| n.at(&["metadata", "labels", key])).is_some();
    let reloads = |key: &String| key.contains("reloader.") || key.starts_with("configmap.reloader");
    let templated = workload.annotations.iter().any(|(key, _)| {
        let key = key.to_ascii_lowercase();
        key != ANNOTATION
            && [
                "checksum",
                "hash",
                "sha256",
                "sha1",
                "config-version",
                "configversion",
                "rollme",
                "revision",
                "reloader",
            ]
            .iter()
            .any(|w| key.contains(w))
    });
    let sidecar = workload.containers.iter().filter_map(|c| c.image.as_ref()).any(|i| i.value.contains("reload"));
    let immutable = view.node(&map.at).and_then(|n| n.get("immutable")).and_then(|n| n.as_bool()) == Some(true);
    let helm = label(pods, "helm.sh/chart") || label(map, "helm.sh/chart");
    templated
        || sidecar
        || immutable
        || helm
        || versioned(&map.name)
        || annotations(pods).iter().chain(&annotations(map)).any(reloads)
}

/// Whether a name carries a version or a hash: `config-v3`, `config-7m5tbk2f4h`.
fn versioned(name: &str) -> bool {
    let last = name.rsplit(['-', '.']).next().unwrap_or(name);
    let number = last.strip_prefix('v').unwrap_or(last);
    let counted = !number.is_empty() && number.chars().all(|c| c.is_ascii_digit());
    // Kustomize's suffix: ten characters of a reduced alphabet.
    let hashed = last.len() == 10
        && last.chars().any(|c| c.is_ascii_digit())
        && last.chars().all(|c| "245678bcdfghkmt9".contains(c) || c.is_ascii_lowercase());
    counted || hashed
}

fn draft(view: &View<'_>, workload: &Workload, map: &Object) -> Option<Draft> {
    let hash = hash(view)?;
    let template = &workload.template;
    let annotations = template.key("metadata").key("annotations");
    let present = pair(&workload.annotations, ANNOTATION);
    let (at, message) = match present {
        Some(text) if text.value == hash => return None,
        _ if view.node(&annotations.key(ANNOTATION)).is_some() => (
            annotations.key(ANNOTATION),
            format!("`{ANNOTATION}` does not match the configuration in ConfigMap `{}`", map.name),
        ),
        _ => (
            template.clone(),
            format!(
                "nothing in the pods of {} `{}` changes with ConfigMap `{}`",
                workload.kind, workload.name, map.name
            ),
        ),
    };
    let consequence = "a changed configuration is applied and reported as synced, while the collector runs on with the old one until somebody restarts it";
    let ops = put(view, template, &["metadata", "annotations", ANNOTATION], Value::from(hash));
    let title = format!("Write the configuration's hash to the pod annotation `{ANNOTATION}`");
    let mut draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence);
    if present.is_some() {
        // A kept hash is written anew with the fix of what is wrong in the configuration.
        draft = CONTENT.into_iter().fold(draft, |draft, rule| draft.echo(rule, Some(view.root)));
    }
    Some(draft.related(view.root, "the configuration").fix(fix(title, Safety::Safe, ops)))
}

/// A hash over the parsed content of all that the workload's collector reads: comments and formatting restart nothing.
fn hash(view: &View<'_>) -> Option<String> {
    let mut hasher = Sha256::new();
    let repository = view.contract.repository;
    for collector in repository.collectors.iter().filter(|c| c.workload == view.collector.workload) {
        hasher.update(root_of(view.contract, collector)?.to_value().canonical());
    }
    let digest = hasher.finalize();
    Some(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}
