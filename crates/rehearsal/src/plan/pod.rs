//! The rollout's pods: arguments, environment, labels, and where they are scraped and probed.

use super::PlanError;
use contract::{Contract, Speaks, Target, sanitize};
use model::{Container, Rollout, Workload, image_name, image_tag};
use std::collections::BTreeMap;

/// HotROD's image.
const HOTROD: &str = "jaegertracing/example-hotrod";

/// The one version that can be built here beside the old one.
const TAG: &str = "1.76.0";

/// Made-up values of what a node knows about a pod.
const NODE: &str = "node-1";

/// Which pod it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The pod template's hash.
    pub hash: String,
    /// The pod's name.
    pub name: String,
    /// Its address in the cluster.
    pub ip: String,
}

/// An HTTP probe that the kubelet would send: a request as any other to whoever counts them.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Container port.
    pub port: u16,
    /// Path.
    pub path: String,
    /// Seconds between two.
    pub period: f64,
}

/// A variable that holds a collector's address.
#[derive(Clone, Debug, PartialEq)]
pub struct Sends {
    /// The variable.
    pub variable: String,
    /// The address as written.
    pub endpoint: contract::endpoint::Endpoint,
    /// The collector's container port that it leads to; `None` where it leads nowhere.
    pub port: Option<u16>,
}

/// What the rollout's pod template says.
#[derive(Clone, Debug)]
pub struct PodPlan {
    /// Namespace.
    pub namespace: String,
    /// The rollout's name, which pods are called after.
    pub owner: String,
    /// Image.
    pub image: String,
    /// Arguments.
    pub args: Vec<String>,
    /// Variables with downward-API values as `<fieldPath>`.
    pub env: Vec<(String, String)>,
    /// Field paths that stand in them.
    pub fields: Vec<String>,
    /// Pod labels.
    pub labels: BTreeMap<String, String>,
    /// Where Prometheus is told to scrape: container port and path.
    pub scrapes: Vec<(u16, String)>,
    /// HTTP probes.
    pub probes: Vec<Probe>,
    /// Where it sends traces.
    pub sends: Vec<Sends>,
    /// The collector behind that (index).
    pub collector: Option<usize>,
}

impl PodPlan {
    pub(super) fn of(contract: &Contract<'_>, rollout: &Rollout, index: usize) -> Result<PodPlan, PlanError> {
        let repository = contract.repository;
        let Some(workload) = repository.workloads.get(index) else { return Err(PlanError::NoRollout) };
        let image_of = |c: &Container| c.image.as_ref().map(|i| i.value.clone());
        let is_hotrod = |c: &&Container| image_of(c).is_some_and(|image| image_name(&image).ends_with(HOTROD));
        let Some((position, container)) = workload.containers.iter().enumerate().find(|(_, c)| !c.init && is_hotrod(c))
        else {
            let image = workload.containers.iter().find_map(image_of).unwrap_or_default();
            return Err(PlanError::Workload { rollout: rollout.name.clone(), image });
        };
        let env = container.env.iter();
        let senders = contract.senders.iter().filter(|s| s.workload == index && s.container == position);
        let sends: Vec<Sends> = senders
            .clone()
            .map(|s| Sends {
                variable: s.variable.clone(),
                endpoint: s.endpoint.clone(),
                port: reached(contract, &s.target, s.collector),
            })
            .collect();
        let scrapes = contract.scrapes.iter().filter(|s| s.workload == index);
        Ok(PodPlan {
            namespace: contract::namespace(rollout.namespace.as_deref()).to_owned(),
            owner: rollout.name.clone(),
            image: image_of(container).unwrap_or_default(),
            args: container.args.iter().map(|a| a.value.clone()).filter(|a| !a.starts_with('/')).collect(),
            env: env.clone().filter_map(|e| Some((e.name.clone(), container.expanded(&e.name)?))).collect(),
            fields: env.filter_map(|e| Some(e.field.as_ref()?.value.clone())).collect(),
            labels: workload.labels.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
            scrapes: scrapes.map(|s| (s.port, s.path.clone())).collect(),
            probes: probes(workload, container),
            sends,
            collector: senders.filter_map(|s| s.collector).next(),
        })
    }

    /// What differs from the cluster, where the image is another version than the one that runs here.
    pub(super) fn note(&self) -> Option<String> {
        let tag = image_tag(&self.image).unwrap_or("latest");
        (tag != TAG).then(|| format!("the canary runs HotROD {TAG}: {tag} is not to be had as a module"))
    }

    /// A pod's name: Kubernetes appends five characters to the hash.
    #[must_use]
    pub fn identity(&self, hash: &str, number: u8) -> Identity {
        const END: [&str; 6] = ["x7k2p", "n4wzq", "b9c5d", "t2h8v", "m6r4j", "k5f7g"];
        let end = END.get(usize::from(number) % END.len()).copied().unwrap_or_default();
        let name = format!("{}-{hash}-{end}", self.owner);
        Identity { hash: hash.to_owned(), name, ip: format!("10.244.0.{}", 10 + number) }
    }

    /// The environment with the downward API's values filled in; `address` gives where a variable's endpoint is here.
    pub fn environment(&self, pod: &Identity, address: &dyn Fn(&Sends) -> String) -> Vec<(String, String)> {
        let fill = |text: &str| {
            let mut filled = text.to_owned();
            for field in &self.fields {
                filled = filled.replace(&format!("<{field}>"), &self.value(pod, field));
            }
            filled
        };
        let sent = |name: &str| self.sends.iter().find(|s| s.variable == name);
        let all = self.env.iter();
        all.map(|(name, text)| (name.clone(), sent(name).map_or_else(|| fill(text), address))).collect()
    }

    fn value(&self, pod: &Identity, field: &str) -> String {
        match field {
            "metadata.name" => pod.name.clone(),
            "metadata.namespace" => self.namespace.clone(),
            "metadata.uid" => "00000000-0000-4000-8000-000000000000".to_owned(),
            "status.podIP" | "status.hostIP" => pod.ip.clone(),
            "spec.nodeName" => NODE.to_owned(),
            "spec.serviceAccountName" => "default".to_owned(),
            _ => self.labelled(pod, field).unwrap_or_default(),
        }
    }

    /// `metadata.labels['x']`.
    fn labelled(&self, pod: &Identity, field: &str) -> Option<String> {
        let name = field.strip_prefix("metadata.labels['")?.strip_suffix("']")?;
        if name == "rollouts-pod-template-hash" {
            return Some(pod.hash.clone());
        }
        self.labels.get(name).cloned()
    }

    /// The labels that the cluster's discovery puts on what it scrapes from a pod.
    #[must_use]
    pub fn target_labels(&self, pod: &Identity, wanted: &[String], port: u16) -> BTreeMap<String, String> {
        let mut labels = target_labels(&self.labels, wanted, &self.namespace, pod, port);
        labels.insert("rollouts_pod_template_hash".to_owned(), pod.hash.clone());
        labels
    }
}

/// Every pod label, and those of `namespace`, `pod`, `node` and `instance` that the policy names.
pub(crate) fn target_labels(
    pod_labels: &BTreeMap<String, String>,
    wanted: &[String],
    namespace: &str,
    pod: &Identity,
    port: u16,
) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        pod_labels.iter().map(|(name, value)| (sanitize(name), value.clone())).collect();
    let known = [
        ("namespace", namespace.to_owned()),
        ("pod", pod.name.clone()),
        ("node", NODE.to_owned()),
        ("instance", format!("{}:{port}", pod.ip)),
    ];
    labels.extend(known.into_iter().filter(|(n, _)| wanted.iter().any(|w| w == n)).map(|(n, v)| (n.to_owned(), v)));
    labels
}

fn probes(workload: &Workload, container: &Container) -> Vec<Probe> {
    let http = container.probes.iter().filter(|p| p.via == "httpGet");
    http.filter_map(|p| {
        let path = p.path.as_ref().map_or("/", |path| path.value.as_str()).to_owned();
        Some(Probe { port: workload.port_number(&p.port.0)?, path, period: p.period })
    })
    .collect()
}

/// The collector's container port behind a Service's port, where a pod of another node reaches something there.
fn reached(contract: &Contract<'_>, target: &Target, collector: Option<usize>) -> Option<u16> {
    let repository = contract.repository;
    let Target::Service(service, port) = target else { return None };
    let collector = collector?;
    let workload = repository.workloads.get(repository.collectors.get(collector)?.workload?)?;
    let service = repository.services.get(*service)?;
    let found = service.ports.iter().find(|p| p.port == *port)?;
    let number = workload.port_number(&found.target)?;
    let mut answering = contract::chain::answering(contract.listeners_of(collector), number);
    let listens = answering.any(|l| l.speaks != Speaks::Other);
    listens.then_some(number)
}
