//! Pods as their controllers describe them: Deployment, DaemonSet, StatefulSet, Rollout, Job, Pod.

use crate::place::{Pairs, Place, Text, pairs};
use yaml::Node;

/// A controller with a pod template.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Index into [`crate::Repository::objects`].
    pub object: usize,
    /// `Deployment`, `Rollout`…
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// The namespace that it is deployed to, where that can be told.
    pub namespace: Option<String>,
    /// The pod template (for a Pod, the object itself).
    pub template: Place,
    /// The pod's labels.
    pub labels: Pairs,
    /// The pod's annotations.
    pub annotations: Pairs,
    /// `spec.selector.matchLabels`.
    pub selector: Pairs,
    /// Containers, then init containers.
    pub containers: Vec<Container>,
    /// Volumes by name.
    pub volumes: Vec<Volume>,
    /// `spec.replicas`.
    pub replicas: Option<i64>,
    /// `hostNetwork`: the pod's `localhost` is the node's.
    pub host_network: bool,
}

/// One container of a pod template.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// The container's mapping.
    pub at: Place,
    /// Image reference.
    pub image: Option<Text>,
    /// `command`, then `args`.
    pub args: Vec<Text>,
    /// Environment in order.
    pub env: Vec<Env>,
    /// Declared ports.
    pub ports: Vec<Port>,
    /// Liveness, readiness and startup probes.
    pub probes: Vec<Probe>,
    /// Volume mounts.
    pub mounts: Vec<Mount>,
    /// `resources.limits.memory`.
    pub memory_limit: Option<Text>,
    /// Whether it is an init container.
    pub init: bool,
}

/// One environment variable.
#[derive(Clone, Debug)]
pub struct Env {
    /// Variable name.
    pub name: String,
    /// The entry's mapping.
    pub at: Place,
    /// Literal value.
    pub value: Option<Text>,
    /// `valueFrom.fieldRef.fieldPath`, unless there is a literal value, too.
    pub field: Option<Text>,
}

/// One declared container port.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: Option<String>,
    /// `containerPort`.
    pub number: u16,
    /// The `containerPort` scalar.
    pub at: Place,
}

/// A reference to a port by number or by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortRef {
    /// By number.
    Number(u16),
    /// By the name of a container port.
    Name(String),
}

impl PortRef {
    /// Reads an IntOrString as Kubernetes does: a string of digits in a `targetPort` is still a name to Kubernetes, but no
    /// port can have such a name, so it is read as the number that was meant.
    pub fn parse(text: &str) -> PortRef {
        text.parse().map_or_else(|_| PortRef::Name(text.to_owned()), PortRef::Number)
    }
}

/// A network probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// `livenessProbe`, `readinessProbe` or `startupProbe`.
    pub kind: &'static str,
    /// `httpGet`, `tcpSocket` or `grpc`.
    pub via: &'static str,
    /// The port and its scalar.
    pub port: (PortRef, Place),
    /// HTTP path.
    pub path: Option<Text>,
    /// `periodSeconds`, 10 by default.
    pub period: f64,
}

/// One volume mount.
#[derive(Clone, Debug)]
pub struct Mount {
    /// The volume's name.
    pub volume: Text,
    /// Folder or file it appears at.
    pub path: Text,
    /// `subPath`.
    pub sub_path: Option<Text>,
}

/// A volume that a ConfigMap fills.
#[derive(Clone, Debug)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// The volume's mapping.
    pub at: Place,
    /// ConfigMap name, where it is one (also inside a projected volume).
    pub config_map: Option<Text>,
    /// A projected volume with further sources: more files than the ConfigMap's appear in it.
    pub mixed: bool,
    /// `items`: key to path.
    pub items: Vec<(Text, Text)>,
}

const CONTROLLERS: &[&str] = &[
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "Rollout",
    "Job",
    "CronJob",
    "Pod",
    "ReplicationController",
];

/// The pod template of a controller, `None` for other kinds and for a Rollout with a `workloadRef`.
pub(crate) fn template<'a>(kind: &str, root: Node<'a>) -> Option<Node<'a>> {
    if !CONTROLLERS.contains(&kind) {
        return None;
    }
    match kind {
        "Pod" => Some(root),
        "CronJob" => root.at(&["spec", "jobTemplate", "spec", "template"]),
        _ => root.at(&["spec", "template"]),
    }
}

impl Workload {
    /// Reads the controller at `root`.
    pub(crate) fn read(object: usize, file: usize, kind: &str, name: &str, root: Node<'_>) -> Option<Workload> {
        let pod = template(kind, root)?;
        let spec = pod.get("spec")?;
        let mut containers = Vec::new();
        for (key, init) in [("containers", false), ("initContainers", true)] {
            if let Some(list) = spec.get(key) {
                containers.extend(list.items().map(|c| Container::read(file, c, init)));
            }
        }
        Some(Workload {
            object,
            kind: kind.to_owned(),
            name: name.to_owned(),
            namespace: None,
            template: Place::of(file, pod),
            labels: pairs(file, pod, &["metadata", "labels"]),
            annotations: pairs(file, pod, &["metadata", "annotations"]),
            selector: pairs(file, root, &["spec", "selector", "matchLabels"]),
            containers,
            volumes: spec
                .get("volumes")
                .map(|v| v.items().filter_map(|v| Volume::read(file, v)).collect())
                .unwrap_or_default(),
            replicas: root.at(&["spec", "replicas"]).and_then(|n| n.as_i64()),
            host_network: spec.get("hostNetwork").and_then(|n| n.as_bool()).unwrap_or(false),
        })
    }

    /// Every declared port with its container.
    pub fn ports(&self) -> impl Iterator<Item = &Port> {
        self.containers.iter().filter(|c| !c.init).flat_map(|c| &c.ports)
    }

    /// The number behind a port reference: itself, or that of the container port with the name.
    pub fn port_number(&self, port: &PortRef) -> Option<u16> {
        match port {
            PortRef::Number(number) => Some(*number),
            PortRef::Name(name) => self.ports().find(|p| p.name.as_deref() == Some(name)).map(|p| p.number),
        }
    }
}

impl Container {
    fn read(file: usize, node: Node<'_>, init: bool) -> Container {
        let list = |key: &str| -> Vec<Node<'_>> { node.get(key).map(|n| n.items().collect()).unwrap_or_default() };
        let args = ["command", "args"].iter().flat_map(|key| list(key)).filter_map(|n| Text::of(file, n)).collect();
        Container {
            name: node.get("name").and_then(|n| n.as_str()).unwrap_or_default().to_owned(),
            at: Place::of(file, node),
            image: Text::at(file, node, &["image"]),
            args,
            env: list("env").into_iter().filter_map(|n| Env::read(file, n)).collect(),
            ports: list("ports").into_iter().filter_map(|n| Port::read(file, n)).collect(),
            probes: ["livenessProbe", "readinessProbe", "startupProbe"]
                .iter()
                .filter_map(|kind| Probe::read(file, kind, node.get(kind)?))
                .collect(),
            mounts: list("volumeMounts").into_iter().filter_map(|n| Mount::read(file, n)).collect(),
            memory_limit: Text::at(file, node, &["resources", "limits", "memory"]),
            init,
        }
    }

    /// The variable with that name.
    pub fn env(&self, name: &str) -> Option<&Env> {
        self.env.iter().rev().find(|e| e.name == name)
    }

    /// The literal value of a variable with `$(OTHER)` references expanded as the kubelet does: only variables that stand
    /// earlier in the list are known, an unknown reference stays as it is. A downward-API value becomes `<fieldPath>`.
    pub fn expanded(&self, name: &str) -> Option<String> {
        let position = self.env.iter().rposition(|e| e.name == name)?;
        self.expand_at(position)
    }

    fn expand_at(&self, position: usize) -> Option<String> {
        let env = self.env.get(position)?;
        if let Some(field) = &env.field {
            return Some(format!("<{}>", field.value));
        }
        let text = &env.value.as_ref()?.value;
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find("$(") {
            let Some(length) = rest[start..].find(')') else { break };
            let name = &rest[start + 2..start + length];
            out.push_str(&rest[..start]);
            let known = self.env[..position].iter().rposition(|e| e.name == name).and_then(|p| self.expand_at(p));
            match known {
                Some(value) => out.push_str(&value),
                None => out.push_str(&rest[start..=start + length]),
            }
            rest = &rest[start + length + 1..];
        }
        out.push_str(rest);
        Some(out)
    }
}

/// The label that a downward-API path asks for: `k` of `metadata.labels['k']`.
pub fn field_label(path: &str) -> Option<&str> {
    let quoted = path.trim().strip_prefix("metadata.labels[")?.strip_suffix(']')?.trim();
    let bare = |quote: char| quoted.strip_prefix(quote)?.strip_suffix(quote);
    bare('\'').or_else(|| bare('"'))
}

impl Env {
    fn read(file: usize, node: Node<'_>) -> Option<Env> {
        let value = Text::at(file, node, &["value"]);
        // Kubernetes refuses an entry with both; what is written out is then the better guess.
        let sourced = value.as_ref().is_none_or(|value| value.value.is_empty());
        Some(Env {
            name: node.get("name")?.as_str()?.to_owned(),
            at: Place::of(file, node),
            value,
            field: sourced.then(|| Text::at(file, node, &["valueFrom", "fieldRef", "fieldPath"])).flatten(),
        })
    }
}

impl Port {
    fn read(file: usize, node: Node<'_>) -> Option<Port> {
        let number = node.get("containerPort")?;
        Some(Port {
            name: node.get("name").and_then(|n| n.as_str()).map(str::to_owned),
            number: number.as_str()?.parse().ok()?,
            at: Place::of(file, number),
        })
    }
}

impl Probe {
    fn read(file: usize, kind: &'static str, node: Node<'_>) -> Option<Probe> {
        let via = ["httpGet", "tcpSocket", "grpc"].into_iter().find(|via| node.get(via).is_some())?;
        let action = node.get(via)?;
        let port = action.get("port")?;
        Some(Probe {
            kind,
            via,
            port: (PortRef::parse(port.as_str()?), Place::of(file, port)),
            path: Text::at(file, action, &["path"]),
            period: node.get("periodSeconds").and_then(|n| n.as_f64()).unwrap_or(10.0),
        })
    }
}

impl Mount {
    fn read(file: usize, node: Node<'_>) -> Option<Mount> {
        Some(Mount {
            volume: Text::at(file, node, &["name"])?,
            path: Text::at(file, node, &["mountPath"])?,
            sub_path: Text::at(file, node, &["subPath"]),
        })
    }
}

impl Volume {
    fn read(file: usize, node: Node<'_>) -> Option<Volume> {
        let sources = node.at(&["projected", "sources"]);
        let projected = || sources?.items().find_map(|s| s.get("configMap"));
        let source = node.get("configMap").or_else(projected);
        Some(Volume {
            name: node.get("name")?.as_str()?.to_owned(),
            at: Place::of(file, node),
            config_map: source.and_then(|s| Text::at(file, s, &["name"])),
            mixed: sources.is_some_and(|s| s.len() > 1),
            items: source
                .and_then(|s| s.get("items"))
                .map(|list| {
                    list.items()
                        .filter_map(|i| Some((Text::at(file, i, &["key"])?, Text::at(file, i, &["path"])?)))
                        .collect()
                })
                .unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Context, Policy, Repository, SourceFile};

    #[test]
    fn a_written_value_goes_before_a_source() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: a\nspec:\n  template:\n    spec:\n      containers:\n        - name: a\n          env:\n            - name: A\n              value: written\n              valueFrom:\n                fieldRef:\n                  fieldPath: metadata.namespace\n            - name: B\n              value: \"\"\n              valueFrom:\n                fieldRef:\n                  fieldPath: metadata.namespace\n";
        let files = [SourceFile { path: "a.yaml".to_owned(), content: Ok(text.into()) }];
        let context = Context::of(Policy::default());
        let repository = Repository::read(&files, &context);
        let field = |name| {
            let container = repository.workloads.first().and_then(|workload| workload.containers.first());
            container.and_then(|container| container.env(name)).map(|env| env.field.is_some())
        };
        assert_eq!((field("A"), field("B")), (Some(false), Some(true)));
    }
}
