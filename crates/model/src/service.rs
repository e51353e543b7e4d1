//! Kubernetes Services.

use crate::place::{Pairs, Place, pairs};
use crate::workload::PortRef;
use yaml::Node;

/// A Service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Index into [`crate::Repository::objects`].
    pub object: usize,
    /// Its name.
    pub name: String,
    /// Its namespace, where that can be told.
    pub namespace: Option<String>,
    /// `spec`.
    pub spec: Place,
    /// `spec.selector`; empty for a Service without endpoints of its own.
    pub selector: Pairs,
    /// `ExternalName` and Services without selector have no pods here.
    pub external: bool,
    /// `clusterIP: None`: callers reach the pods themselves, on whatever port they like.
    pub headless: bool,
    /// Its ports.
    pub ports: Vec<ServicePort>,
    /// The Service's annotations (some scrape jobs read them).
    pub annotations: Pairs,
    /// The Service's own labels.
    pub labels: Pairs,
}

/// One port of a Service.
#[derive(Clone, Debug)]
pub struct ServicePort {
    /// Its name.
    pub name: Option<String>,
    /// The port that callers use.
    pub port: u16,
    /// The `port` scalar.
    pub at: Place,
    /// `targetPort`, the port itself by default.
    pub target: PortRef,
    /// The `targetPort` scalar, where there is one.
    pub target_at: Option<Place>,
    /// The entry's mapping.
    pub entry: Place,
}

/// The name that pods anywhere in the cluster reach a Service by, with the cluster's usual domain.
pub fn service_host(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.svc.cluster.local")
}

impl Service {
    /// The name that pods anywhere in the cluster reach it by; the short one where its namespace can't be told.
    pub fn host(&self) -> String {
        self.namespace.as_deref().map_or_else(|| self.name.clone(), |namespace| service_host(&self.name, namespace))
    }

    pub(crate) fn read(object: usize, file: usize, name: &str, root: Node<'_>) -> Option<Service> {
        let spec = root.get("spec")?;
        let ports = spec.get("ports").map(|l| l.items().filter_map(|p| ServicePort::read(file, p)).collect());
        let external = spec.get("type").and_then(|t| t.as_str()) == Some("ExternalName");
        Some(Service {
            object,
            name: name.to_owned(),
            namespace: None,
            spec: Place::of(file, spec),
            selector: pairs(file, spec, &["selector"]),
            external,
            headless: spec.get("clusterIP").and_then(|ip| ip.as_str()) == Some("None"),
            ports: ports.unwrap_or_default(),
            annotations: pairs(file, root, &["metadata", "annotations"]),
            labels: pairs(file, root, &["metadata", "labels"]),
        })
    }
}

impl ServicePort {
    fn read(file: usize, node: Node<'_>) -> Option<ServicePort> {
        let port = node.get("port")?;
        let number: u16 = port.as_str()?.parse().ok()?;
        let target = node.get("targetPort").filter(|t| !t.is_null());
        Some(ServicePort {
            name: node.get("name").and_then(|n| n.as_str()).map(str::to_owned),
            port: number,
            at: Place::of(file, port),
            target: target.and_then(|t| t.as_str()).map_or(PortRef::Number(number), PortRef::parse),
            target_at: target.map(|t| Place::of(file, t)),
            entry: Place::of(file, node),
        })
    }
}
