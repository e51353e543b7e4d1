//! What an address inside the cluster leads to: a Service of the repository, one that the policy names, or nothing.

use crate::endpoint::{Endpoint, Host, distance, nearest_word};
use crate::links::Links;
use model::{Context, ElsewhereService, Repository, Service, compatible};

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

/// Who asks for an address: how much may be concluded from what is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The policy speaks about the caller: it says what lives elsewhere, and all else is in the repository.
    pub policy: bool,
    /// It sends telemetry: a name that is part of another, with the same port, is the same collector.
    pub otlp: bool,
}

/// What addresses are resolved against.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The typed views.
    pub repository: &'a Repository,
    /// Policy and facts from outside.
    pub context: &'a Context,
    /// The joins between Services and pods.
    pub links: &'a Links,
}

impl<'a> World<'a> {
    /// Resolves an address for a caller in namespace `from`, written in the file with that index.
    pub fn resolve(self, from: Option<&'a str>, file: usize, endpoint: &'a Endpoint, caller: Caller) -> Target {
        if let Some(meant) = misspelled_domain(&endpoint.host) {
            let what = format!("host `{}` (names of Services end with `.svc.cluster.local`)", endpoint.host);
            let port = endpoint.effective_port();
            return port.map_or(Target::Unknown, |p| Target::Missing(Missing { what, meant: vec![(meant, p)] }));
        }
        let Host::Service(name, written) = endpoint.meaning() else { return Target::Unknown };
        let Some(port) = endpoint.effective_port() else { return Target::Unknown };
        let call = Call { world: self, caller, file, name: &name, port, endpoint, written: written.is_some() };
        call.resolve(written.as_deref().or(from))
    }
}

struct Call<'a> {
    world: World<'a>,
    caller: Caller,
    file: usize,
    name: &'a str,
    port: u16,
    endpoint: &'a Endpoint,
    written: bool,
}

impl<'a> Call<'a> {
    fn resolve(&self, namespace: Option<&str>) -> Target {
        if let Some(operator) = self.operator(namespace) {
            return Target::Operator(operator);
        }
        if let Some(index) = self.service(namespace) {
            return self.port_of(index);
        }
        let Some(namespace) = namespace else { return Target::Unknown };
        if self.caller.policy
            && let Some(there) = self.world.context.policy.elsewhere.iter().find(|e| e.namespace == namespace)
        {
            return self.elsewhere(namespace, &there.services);
        }
        if self.world.links.owns(namespace) {
            return self.missing_service(namespace);
        }
        if self.written { self.missing_namespace(namespace) } else { Target::Unknown }
    }

    fn elsewhere(&self, namespace: &str, services: &[ElsewhereService]) -> Target {
        if let Some(service) = services.iter().find(|s| s.name == self.name) {
            if let Some(speaks) = service.ports.get(&self.port) {
                return Target::Elsewhere {
                    service: self.name.to_owned(),
                    namespace: namespace.to_owned(),
                    speaks: speaks.clone(),
                    signals: service.signals.clone(),
                };
            }
            let ports: Vec<u16> = service.ports.keys().copied().collect();
            return self.missing_port(self.name, Some(namespace), &ports);
        }
        if services.is_empty() {
            return Target::Unknown;
        }
        // Somebody else's namespace, and one of the repository's own has just that Service.
        let services_here = self.world.links.named(self.name).filter_map(|i| self.world.repository.services.get(i));
        let mut homes = services_here.filter(|s| self.serves(s)).filter_map(|s| s.namespace.as_deref());
        if let (Some(home), None) = (homes.next(), homes.next()) {
            return self.missing(namespace, vec![(model::service_host(self.name, home), self.port)]);
        }
        let near: Vec<&str> = match nearest_word(self.name, services.iter().map(|s| s.name.as_str())) {
            Some(near) => vec![near],
            None => services.iter().filter(|s| s.ports.contains_key(&self.port)).map(|s| s.name.as_str()).collect(),
        };
        self.missing(namespace, near.into_iter().map(|n| (self.renamed(n), self.port)).collect())
    }

    fn missing(&self, namespace: &str, meant: Vec<(String, u16)>) -> Target {
        Target::Missing(Missing { what: format!("Service `{}` in namespace `{namespace}`", self.name), meant })
    }

    fn missing_port(&self, service: &str, namespace: Option<&str>, ports: &[u16]) -> Target {
        let meant = meant_port(self.port, ports).into_iter().map(|p| (self.endpoint.host.clone(), p)).collect();
        let namespace = namespace.map(|n| format!(" in namespace `{n}`")).unwrap_or_default();
        Target::Missing(Missing { what: format!("port {} of Service `{service}`{namespace}", self.port), meant })
    }

    fn service(&self, namespace: Option<&str>) -> Option<usize> {
        let wanted = namespace.map(str::to_owned);
        let services = &self.world.repository.services;
        let here = |i: &usize| services.get(*i).is_some_and(|s| compatible(&s.namespace, &wanted));
        let candidates: Vec<usize> = self.world.links.named(self.name).filter(here).collect();
        self.world.repository.nearest(self.file, candidates, |i| services.get(*i).map(|s| s.spec.file))
    }

    fn operator(&self, namespace: Option<&str>) -> Option<usize> {
        let base = ["-headless", "-monitoring"].iter().find_map(|s| self.name.strip_suffix(s)).unwrap_or(self.name);
        let base = base.strip_suffix("-collector")?;
        let wanted = namespace.map(str::to_owned);
        let here = |c: &model::Collector| compatible(&c.namespace, &wanted);
        let mut known = self.world.links.operated(base).iter().copied();
        known.find(|index| self.world.repository.collectors.get(*index).is_some_and(here))
    }

    fn port_of(&self, index: usize) -> Target {
        let Some(service) = self.world.repository.services.get(index) else { return Target::Unknown };
        // A headless name is the pods' own: they answer on ports that the Service need not list.
        if service.external || service.headless || service.ports.is_empty() {
            let known = service.headless && service.ports.iter().any(|p| p.port == self.port);
            return if known { Target::Service(index, self.port) } else { Target::Unknown };
        }
        if service.ports.iter().any(|p| p.port == self.port) {
            return Target::Service(index, self.port);
        }
        let ports: Vec<u16> = service.ports.iter().map(|p| p.port).collect();
        self.missing_port(&service.name, service.namespace.as_deref(), &ports)
    }

    /// Others may deploy to the namespace too (a chart, an operator): unless the policy says that nobody does, a Service is
    /// missing only where the one that was meant is there.
    fn missing_service(&self, namespace: &str) -> Target {
        let service = |index: usize| self.world.repository.services.get(index);
        let here = || self.world.links.services_in(namespace).iter().filter_map(|index| service(*index));
        let homes: Vec<&str> = (self.world.links.named(self.name))
            .filter_map(service)
            .filter(|s| self.caller.policy || self.serves(s))
            .filter_map(|s| s.namespace.as_deref())
            .collect();
        let elsewhere = self.known_elsewhere();
        let names = |serving: bool| here().filter(move |s| !serving || self.serves(s)).map(|s| s.name.as_str());
        let near = match self.caller.policy {
            true => nearest_word(self.name, names(false)),
            false => single(names(true).filter(|n| slip(self.name, n))),
        };
        let part = || names(true).filter(|n| part_of(self.name, n)).collect::<Vec<_>>();
        let meant = match (homes.as_slice(), near) {
            ([other], _) if self.caller.policy || !self.written => {
                vec![(model::service_host(self.name, other), self.port)]
            }
            (_, Some(near)) => vec![(self.renamed(near), self.port)],
            // The name that the policy knows in another namespace beats names that are alike here.
            _ if !elsewhere.is_empty() => {
                elsewhere.iter().map(|n| (model::service_host(self.name, n), self.port)).collect()
            }
            _ if self.caller.policy || self.caller.otlp => {
                let mut list = part();
                if list.is_empty() && self.caller.policy {
                    list = names(true).collect();
                }
                list.into_iter().map(|n| (self.renamed(n), self.port)).collect()
            }
            _ => Vec::new(),
        };
        if meant.is_empty() && !self.caller.policy { Target::Unknown } else { self.missing(namespace, meant) }
    }

    /// Namespaces that the policy says have a Service of that name and port.
    fn known_elsewhere(&self) -> Vec<&'a str> {
        let has = |s: &ElsewhereService| s.name == self.name && s.ports.contains_key(&self.port);
        let known = self.world.context.policy.elsewhere.iter().filter(|e| e.services.iter().any(has));
        if self.caller.policy { known.map(|e| e.namespace.as_str()).collect() } else { Vec::new() }
    }

    fn serves(&self, service: &Service) -> bool {
        service.ports.iter().any(|p| p.port == self.port)
    }

    /// A namespace that nobody here deploys counts as missing only where what was meant is clear.
    fn missing_namespace(&self, namespace: &str) -> Target {
        let mut known: Vec<(&str, &str)> = Vec::new();
        // Only a sender of telemetry may mean a Service of a similar name.
        let asked: Vec<usize> = match self.caller.otlp {
            true => self.world.links.serving(self.port).to_vec(),
            false => self.world.links.named(self.name).collect(),
        };
        let asked = asked.into_iter().filter_map(|index| self.world.repository.services.get(index));
        for service in asked.filter(|s| self.serves(s)) {
            let named = service.name == self.name || (self.caller.otlp && part_of(self.name, &service.name));
            let home = service.namespace.as_deref().filter(|_| named);
            known.extend(home.map(|home| (home, service.name.as_str())));
        }
        if self.caller.policy {
            for there in &self.world.context.policy.elsewhere {
                let has = there.services.iter().any(|s| s.name == self.name && s.ports.contains_key(&self.port));
                known.extend(has.then_some((there.namespace.as_str(), self.name)));
            }
        }
        known.sort_unstable();
        known.dedup();
        let exact: Vec<(&str, &str)> = known.iter().copied().filter(|(_, name)| *name == self.name).collect();
        let similar = match self.caller.policy {
            true => nearest_word(namespace, exact.iter().map(|(n, _)| *n)),
            false => single(exact.iter().map(|(n, _)| *n).filter(|n| slip(namespace, n))),
        };
        let (meant, name) = match (similar, exact.as_slice(), known.as_slice()) {
            (Some(near), ..) => (near, self.name),
            (None, [only], _) if self.caller.policy => *only,
            (None, [], [only]) if self.caller.policy => *only,
            _ => return Target::Unknown,
        };
        let host = match self.endpoint.host.split_once('.') {
            Some((_, rest)) => format!("{name}.{meant}{}", rest.strip_prefix(namespace).unwrap_or_default()),
            None => model::service_host(name, meant),
        };
        Target::Missing(Missing { what: format!("namespace `{namespace}`"), meant: vec![(host, self.port)] })
    }

    /// The host with another Service's name.
    fn renamed(&self, to: &str) -> String {
        self.endpoint.host.strip_prefix(self.name).map_or_else(|| to.to_owned(), |rest| format!("{to}{rest}"))
    }
}

/// The only item there is.
fn single<'t>(mut items: impl Iterator<Item = &'t str>) -> Option<&'t str> {
    items.next().filter(|_| items.next().is_none())
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

/// Whether one name is the other mistyped. Siblings (`team-a` and `team-b`, `web-1` and `web-2`) differ in a whole short
/// part or in digits.
fn slip(a: &str, b: &str) -> bool {
    let parts = |t: &str| t.split('-').map(str::to_owned).collect::<Vec<_>>();
    let (left, right) = (parts(a), parts(b));
    if left.len() != right.len() {
        // A dash lost or won: `hotrod` and `hot-rod`.
        return a != b && a.replace('-', "") == b.replace('-', "");
    }
    let differ: Vec<_> = left.iter().zip(&right).filter(|(x, y)| x != y).collect();
    let [(x, y)] = differ.as_slice() else { return false };
    let letters = |t: &str| t.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    x.len().max(y.len()) >= 4 && letters(x) != letters(y) && distance(x, y, 1).is_some()
}

/// Whether one name is made of parts of the other: `collector` and `otel-collector`.
fn part_of(a: &str, b: &str) -> bool {
    let parts = |t: &str| t.split('-').map(str::to_owned).collect::<Vec<_>>();
    let (a, b) = (parts(a), parts(b));
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    short.len() < long.len() && short.iter().all(|p| long.contains(p))
}

/// What a host would be with the cluster's domain spelled right; `None` for one that is no misspelling of such a name.
fn misspelled_domain(host: &str) -> Option<String> {
    let labels: Vec<&str> = host.trim_end_matches('.').split('.').collect();
    let [service, namespace, domain @ ..] = labels.as_slice() else { return None };
    let wrong = match domain {
        ["cluster", "local"] => true,
        ["svc", rest @ ..] if !rest.is_empty() => {
            let rest = rest.join(".");
            rest != "cluster.local" && (rest == "cluster" || distance(&rest, "cluster.local", 2).is_some())
        }
        [third, "cluster", "local"] => *third != "svc" && distance(third, "svc", 1).is_some(),
        _ => false,
    };
    wrong.then(|| model::service_host(service, namespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_are_no_slips() {
        for (a, b) in [("team-a", "team-b"), ("web-1", "web-2"), ("api", "app"), ("dev", "prod"), ("kafka", "kafka")] {
            assert!(!slip(a, b), "{a} {b}");
        }
        for (a, b) in
            [("otel", "otl"), ("colector", "collector"), ("hot-rod", "hotrod"), ("jaeger-colector", "jaeger-collector")]
        {
            assert!(slip(a, b), "{a} {b}");
        }
    }

    #[test]
    fn spells_the_domain() {
        let right = Some("a.b.svc.cluster.local".to_owned());
        for host in ["a.b.cluster.local", "a.b.scv.cluster.local", "a.b.svc.cluster.loca", "a.b.svc.cluster"] {
            assert_eq!(misspelled_domain(host), right, "{host}");
        }
        for host in [
            "a.b.svc.cluster.local",
            "a.b.svc",
            "a.b",
            "a",
            "a.b.svc.k8s.corp",
            "api.example.com",
            "p.a.b.svc.cluster.local",
        ] {
            assert_eq!(misspelled_domain(host), None, "{host}");
        }
    }
}
