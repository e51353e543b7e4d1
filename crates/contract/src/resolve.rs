//! What an address inside the cluster leads to: a Service of the repository, one that the policy names, or nothing.

use crate::endpoint::{Endpoint, Host, nearest_word};
use model::{Context, Repository, compatible};

/// Where an address leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A Service of the repository (index) and the port asked for, which it has.
    Service(usize, u16),
    /// A Service that the policy names elsewhere, and what its port speaks.
    Elsewhere {
        /// Its name.
        service: String,
        /// Its namespace.
        namespace: String,
        /// What the port speaks.
        speaks: String,
        /// Signals that it takes; empty for any.
        signals: Vec<String>,
    },
    /// A collector that the operator runs (index into the collectors).
    Operator(usize),
    /// Nothing: what is missing and what was probably meant.
    Missing(Missing),
    /// Can't be told.
    Unknown,
}

/// Why an address leads nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// What does not exist: `Service collector in namespace otel`.
    pub what: String,
    /// Host and port to write instead, each where it would change; several when more than one reading is left.
    pub meant: Vec<(String, u16)>,
}

/// Resolves an address that a pod in `from` uses; `policy` says whether the mission's policy speaks about this pod.
pub fn resolve(
    repository: &Repository,
    context: &Context,
    from: Option<&str>,
    file: usize,
    endpoint: &Endpoint,
    policy: bool,
) -> Target {
    let Host::Service(name, written) = endpoint.meaning() else { return Target::Unknown };
    let Some(port) = endpoint.effective_port() else { return Target::Unknown };
    let namespace = written.as_deref().or(from);
    let scope = Scope { repository, context, policy, file };
    scope.resolve(&name, namespace, written.is_some(), port, endpoint)
}

struct Scope<'a> {
    repository: &'a Repository,
    context: &'a Context,
    policy: bool,
    file: usize,
}

impl Scope<'_> {
    fn resolve(&self, name: &str, namespace: Option<&str>, written: bool, port: u16, endpoint: &Endpoint) -> Target {
        if let Some(operator) = self.operator(name, namespace) {
            return Target::Operator(operator);
        }
        if let Some(index) = self.service(name, namespace) {
            return self.port_of(index, port, endpoint);
        }
        if self.policy
            && let Some(namespace) = namespace
            && let Some(there) = self.context.policy.elsewhere.iter().find(|e| e.namespace == namespace)
        {
            if let Some(service) = there.services.iter().find(|s| s.name == name) {
                return match service.ports.get(&port) {
                    Some(speaks) => Target::Elsewhere {
                        service: name.to_owned(),
                        namespace: namespace.to_owned(),
                        speaks: speaks.clone(),
                        signals: service.signals.clone(),
                    },
                    None => {
                        let same: Vec<u16> = service.ports.keys().copied().collect();
                        let meant = meant_port(port, &same).into_iter().map(|p| (endpoint.host.clone(), p)).collect();
                        Target::Missing(Missing {
                            what: format!("port {port} of Service `{name}` in namespace `{namespace}`"),
                            meant,
                        })
                    }
                };
            }
            if there.services.is_empty() {
                return Target::Unknown;
            }
            let near: Vec<&str> = match nearest_word(name, there.services.iter().map(|s| s.name.as_str())) {
                Some(near) => vec![near],
                None => {
                    there.services.iter().filter(|s| s.ports.contains_key(&port)).map(|s| s.name.as_str()).collect()
                }
            };
            let meant = near.into_iter().map(|n| (rename(&endpoint.host, name, n), port)).collect();
            return Target::Missing(Missing { what: format!("Service `{name}` in namespace `{namespace}`"), meant });
        }
        let Some(namespace) = namespace else { return Target::Unknown };
        let deployed = self.repository.namespaces.iter().any(|n| n == namespace);
        if deployed && self.owns(namespace) {
            return Target::Missing(self.missing_service(name, namespace, port, endpoint));
        }
        if written {
            return self.missing_namespace(name, namespace, port, endpoint);
        }
        Target::Unknown
    }

    /// Whether the repository deploys Services to the namespace: one with a lone ConfigMap tells nothing about the rest.
    fn owns(&self, namespace: &str) -> bool {
        self.repository.services.iter().any(|s| s.namespace.as_deref() == Some(namespace))
            || self.repository.workloads.iter().any(|w| w.namespace.as_deref() == Some(namespace))
    }

    fn service(&self, name: &str, namespace: Option<&str>) -> Option<usize> {
        let wanted = namespace.map(str::to_owned);
        let named = |service: &str| {
            service == name
                || self.repository.kustomizations.iter().any(|k| {
                    let (prefix, suffix) = &k.affixes;
                    (!prefix.is_empty() || !suffix.is_empty()) && name == format!("{prefix}{service}{suffix}")
                })
        };
        let services = self.repository.services.iter().enumerate();
        let candidates: Vec<usize> =
            services.filter(|(_, s)| named(&s.name) && compatible(&s.namespace, &wanted)).map(|(i, _)| i).collect();
        self.repository.nearest(self.file, candidates, |i| self.repository.services.get(*i).map(|s| s.spec.file))
    }

    fn operator(&self, name: &str, namespace: Option<&str>) -> Option<usize> {
        self.repository.collectors.iter().position(|c| {
            let model::Source::Operator { object } = c.source else { return false };
            let Some(object) = self.repository.object(object) else { return false };
            let base = format!("{}-collector", object.name);
            let named = name == base || name == format!("{base}-headless") || name == format!("{base}-monitoring");
            named && compatible(&c.namespace, &namespace.map(str::to_owned))
        })
    }

    fn port_of(&self, index: usize, port: u16, endpoint: &Endpoint) -> Target {
        let Some(service) = self.repository.services.get(index) else { return Target::Unknown };
        if service.external || service.ports.is_empty() {
            return Target::Unknown;
        }
        if service.ports.iter().any(|p| p.port == port) {
            return Target::Service(index, port);
        }
        let ports: Vec<u16> = service.ports.iter().map(|p| p.port).collect();
        let meant = meant_port(port, &ports).into_iter().map(|p| (endpoint.host.clone(), p)).collect();
        let namespace = service.namespace.as_ref().map(|n| format!(" in namespace `{n}`")).unwrap_or_default();
        Target::Missing(Missing { what: format!("port {port} of Service `{}`{namespace}", service.name), meant })
    }

    fn missing_service(&self, name: &str, namespace: &str, port: u16, endpoint: &Endpoint) -> Missing {
        let here: Vec<_> =
            self.repository.services.iter().filter(|s| s.namespace.as_deref() == Some(namespace)).collect();
        let near = nearest_word(name, here.iter().map(|s| s.name.as_str()));
        let by_port: Vec<&str> =
            here.iter().filter(|s| s.ports.iter().any(|p| p.port == port)).map(|s| s.name.as_str()).collect();
        let elsewhere: Vec<&str> =
            self.repository.services.iter().filter(|s| s.name == name).filter_map(|s| s.namespace.as_deref()).collect();
        let meant = if let [other] = elsewhere.as_slice() {
            vec![(in_namespace(name, other), port)]
        } else if let Some(near) = near {
            vec![(rename(&endpoint.host, name, near), port)]
        } else {
            by_port.into_iter().map(|n| (rename(&endpoint.host, name, n), port)).collect()
        };
        Missing { what: format!("Service `{name}` in namespace `{namespace}`"), meant }
    }

    /// A namespace that nobody here deploys counts as missing only where what was meant is clear.
    fn missing_namespace(&self, name: &str, namespace: &str, port: u16, endpoint: &Endpoint) -> Target {
        let mut known: Vec<(&str, &str)> = self
            .repository
            .services
            .iter()
            .filter(|s| s.name == name && s.ports.iter().any(|p| p.port == port))
            .filter_map(|s| Some((s.namespace.as_deref()?, s.name.as_str())))
            .collect();
        if self.policy {
            for there in &self.context.policy.elsewhere {
                let has = there.services.iter().any(|s| s.name == name && s.ports.contains_key(&port));
                known.extend(has.then_some((there.namespace.as_str(), name)));
            }
        }
        known.dedup();
        let similar = nearest_word(namespace, known.iter().map(|(n, _)| *n));
        let meant = match (similar, known.as_slice()) {
            (Some(near), _) => near,
            (None, [(only, _)]) if self.policy => only,
            _ => return Target::Unknown,
        };
        let host = match endpoint.host.split_once('.') {
            Some((service, rest)) => {
                let tail = rest.strip_prefix(namespace).unwrap_or_default();
                format!("{service}.{meant}{tail}")
            }
            None => in_namespace(name, meant),
        };
        Target::Missing(Missing { what: format!("namespace `{namespace}`"), meant: vec![(host, port)] })
    }
}

/// The port that was probably meant: the only one, or one that is a slip away (transposed or one digit off).
fn meant_port(wrong: u16, ports: &[u16]) -> Vec<u16> {
    if let [only] = ports {
        return vec![*only];
    }
    // OTLP's two ports are each other's classic mix-up, but which one was meant is the protocol's business.
    let text = wrong.to_string();
    let names: Vec<String> = ports.iter().map(u16::to_string).collect();
    match nearest_word(&text, names.iter().map(String::as_str)) {
        Some(near) => near.parse().into_iter().collect(),
        None => ports.to_vec(),
    }
}

fn rename(host: &str, from: &str, to: &str) -> String {
    host.strip_prefix(from).map_or_else(|| to.to_owned(), |rest| format!("{to}{rest}"))
}

fn in_namespace(name: &str, namespace: &str) -> String {
    format!("{name}.{namespace}.svc.cluster.local")
}
