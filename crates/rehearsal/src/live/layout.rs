//! Which program gets which port, and what follows: their command lines, Prometheus' targets, the table of addresses.

use super::{Binaries, Front, LiveError, doing, scrape};
use crate::canary::Fault;
use crate::plan::{Address, Backend, CollectorPlan, Identity, NOBODY, Plan};
use contract::{CANARY_HASH, STABLE_HASH};
use lab::stack::{HotRodPorts, JaegerPorts, Spec, collector, hotrod, jaeger, prometheus};
use std::io;
use std::path::Path;

const HERE: &str = "127.0.0.1";

/// Where a collector listens that other pods do not reach: they dial [`HERE`].
const APART: &str = "127.0.0.2";

/// A pod of the rollout.
pub(super) struct Pod {
    pub(super) identity: Identity,
    pub(super) ports: HotRodPorts,
    /// Index of its collector.
    collector: usize,
}

impl Pod {
    pub(super) fn front(&self) -> Front {
        Front { port: self.ports.frontend, ports: self.mapped().to_vec() }
    }

    /// HotROD's ports in a pod, and here.
    fn mapped(&self) -> [(u16, u16); 4] {
        let HotRodPorts { frontend, customer, driver, route } = self.ports;
        [(8080, frontend), (8081, customer), (8082, driver), (8083, route)]
    }

    pub(super) fn here(&self, port: u16) -> String {
        let found = self.mapped().into_iter().find(|(number, _)| *number == port);
        found.map_or_else(|| format!("{NOBODY}:{port}"), |(_, here)| format!("{HERE}:{here}"))
    }
}

/// A collector's pod.
pub(super) struct CollectorPod {
    pub(super) identity: Identity,
    name: String,
    /// In the order of the plan's.
    ports: Vec<u16>,
    deaf: bool,
}

pub(super) struct Layout {
    pub(super) prometheus: u16,
    pub(super) jaeger: JaegerPorts,
    pub(super) collectors: Vec<CollectorPod>,
    pub(super) stable: Pod,
    pub(super) canaries: Vec<Pod>,
}

impl Layout {
    pub(super) fn of(plan: &Plan, faults: &[Fault]) -> io::Result<Layout> {
        let listening = plan.collector.as_ref().map_or(0, |c| c.ports.len());
        let own = faults.iter().filter(|f| f.own_collector()).count();
        let wanted = 1 + 7 + listening * (1 + own) + 4 * (1 + faults.len());
        let mut free = lab::free_port_list(wanted)?.into_iter();
        let mut take = || free.next().ok_or_else(|| io::Error::other("too few ports"));
        let prometheus = take()?;
        let jaeger = JaegerPorts {
            otlp_grpc: take()?,
            otlp_http: take()?,
            query: take()?,
            admin: take()?,
            unused: [take()?, take()?, take()?],
        };
        let mut hotrod = || {
            Ok::<_, io::Error>(HotRodPorts { frontend: take()?, customer: take()?, driver: take()?, route: take()? })
        };
        let stable = Pod { identity: plan.pod.identity(STABLE_HASH, 0), ports: hotrod()?, collector: 0 };
        let mut canaries = Vec::new();
        let mut owners = Vec::new();
        for (index, fault) in faults.iter().enumerate() {
            let alone = faults.len() == 1;
            let hash = if alone { CANARY_HASH.to_owned() } else { fault.hash() };
            let number = u8::try_from(index + 1).unwrap_or(u8::MAX);
            let collector = if fault.own_collector() {
                owners.push(*fault);
                owners.len()
            } else {
                0
            };
            canaries.push(Pod { identity: plan.pod.identity(&hash, number), ports: hotrod()?, collector });
        }
        let mut collectors = Vec::new();
        if let Some(planned) = &plan.collector {
            let shared = std::iter::once(None);
            for (number, owner) in shared.chain(owners.into_iter().map(Some)).enumerate() {
                let name = owner.map_or("collector".to_owned(), |f: Fault| format!("collector-{}", f.name()));
                let number = u8::try_from(number).unwrap_or(u8::MAX);
                collectors.push(CollectorPod {
                    identity: Identity {
                        hash: String::new(),
                        name: format!(
                            "{}-{}",
                            planned.name,
                            ["q5r7t", "c8n2w", "g4j6k", "p9s3d"][usize::from(number) % 4]
                        ),
                        ip: format!("10.244.0.{}", 100 + number),
                    },
                    name,
                    ports: (0..listening).map(|_| take()).collect::<io::Result<_>>()?,
                    deaf: owner == Some(Fault::Deaf),
                });
            }
        }
        Ok(Layout { prometheus, jaeger, collectors, stable, canaries })
    }

    /// Host and port of a collector's listener.
    fn listens(&self, planned: &CollectorPlan, pod: &CollectorPod, index: usize) -> (String, u16) {
        let port = pod.ports.get(index).copied().unwrap_or_default();
        let Some(listener) = planned.ports.get(index) else { return (NOBODY.to_owned(), port) };
        let receives = listener.keys.first().is_some_and(|section| section == "receivers");
        let health = listener.health || listener.own_metrics;
        let apart = (!listener.reachable && !health) || (pod.deaf && receives);
        (if apart { APART } else { HERE }.to_owned(), port)
    }

    /// Where a pod of its node dials a collector's container port.
    fn dialled(&self, plan: &Plan, collector: usize, port: Option<u16>) -> (String, u16) {
        let planned = plan.collector.as_ref();
        let found = planned.zip(self.collectors.get(collector)).zip(port).and_then(|((planned, pod), port)| {
            let index = planned.ports.iter().position(|p| p.port == port && p.reachable)?;
            pod.ports.get(index)
        });
        match found {
            Some(here) => (HERE.to_owned(), *here),
            None => (NOBODY.to_owned(), port.unwrap_or(4318)),
        }
    }

    fn backend(&self, backend: Backend) -> (String, u16) {
        match backend {
            Backend::JaegerGrpc => (HERE.to_owned(), self.jaeger.otlp_grpc),
            Backend::JaegerHttp => (HERE.to_owned(), self.jaeger.otlp_http),
            Backend::Nobody => (NOBODY.to_owned(), 4317),
        }
    }

    /// Where the shared collector takes what HotROD sends.
    pub(super) fn otlp(&self, plan: &Plan) -> Option<u16> {
        let port = plan.pod.sends.first()?.port?;
        Some(self.dialled(plan, 0, Some(port)).1)
    }

    /// Everything to run, with the files that it reads written below `folder`.
    pub(super) fn specs(
        &self,
        plan: &Plan,
        binaries: &Binaries,
        faults: &[Fault],
        folder: &Path,
    ) -> Result<Vec<Spec>, LiveError> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(doing("cannot write a configuration"))?;
            Ok::<_, LiveError>(path)
        };
        let mut specs = vec![jaeger(&binaries.jaeger, self.jaeger)];
        if let Some(planned) = &plan.collector {
            let config = write("collector.yaml", &planned.config)?;
            for pod in &self.collectors {
                let over = planned.over(&|i| self.listens(planned, pod, i), &|b| self.backend(b));
                let over = write(&format!("{}-addresses.yaml", pod.name), &over.to_string())?;
                let health = planned.ports.iter().position(|p| p.health).and_then(|i| pod.ports.get(i)).copied();
                let env = environment(planned, pod);
                specs.push(collector(&pod.name, &binaries.collector, &[config.clone(), over], env, health));
            }
        }
        let pods = std::iter::once(("stable".to_owned(), &self.stable, None));
        let canaries =
            faults.iter().zip(&self.canaries).map(|(f, pod)| (format!("canary-{}", f.name()), pod, Some(*f)));
        for (name, pod, fault) in pods.chain(canaries) {
            let binary = if fault.is_some() { &binaries.hotrod } else { &binaries.hotrod_old };
            let args: Vec<String> =
                plan.pod.args.iter().cloned().chain(fault.map(Fault::args).unwrap_or_default()).collect();
            let env = plan.pod.environment(&pod.identity, &|sends| {
                let (host, port) = self.dialled(plan, pod.collector, sends.port);
                sends.endpoint.with(&host, Some(port))
            });
            specs.push(hotrod(&name, binary, &args, env, pod.ports));
        }
        let config = write("prometheus.yaml", &scrape::config(plan, &self.targets(plan)).to_string())?;
        specs.push(prometheus(&binaries.prometheus, &config, &folder.join("prometheus"), self.prometheus));
        Ok(specs)
    }

    fn targets(&self, plan: &Plan) -> Vec<scrape::Target> {
        let wanted = &plan.prometheus.pod_labels;
        let mut targets = Vec::new();
        for pod in std::iter::once(&self.stable).chain(&self.canaries) {
            for (port, path) in &plan.pod.scrapes {
                let labels = plan.pod.target_labels(&pod.identity, wanted, *port);
                targets.push(scrape::Target { address: pod.here(*port), path: path.clone(), labels });
            }
        }
        let Some(planned) = &plan.collector else { return targets };
        for pod in &self.collectors {
            for (port, path) in &planned.scrapes {
                let index = planned.ports.iter().position(|p| p.port == *port && p.reachable);
                let (host, here) = index.map_or((NOBODY.to_owned(), *port), |i| self.listens(planned, pod, i));
                let labels =
                    crate::plan::target_labels(&planned.labels, wanted, &planned.namespace, &pod.identity, *port);
                targets.push(scrape::Target { address: format!("{host}:{here}"), path: path.clone(), labels });
            }
        }
        targets
    }

    /// The table of addresses, for people.
    pub(super) fn addresses(&self, plan: &Plan) -> Vec<Address> {
        let mut table = Vec::new();
        let mut row = |who: &str, written: String, (host, port): (String, u16)| {
            table.push(Address { who: who.to_owned(), written, here: format!("{host}:{port}") });
        };
        if let Some(planned) = &plan.collector {
            for pod in &self.collectors {
                for (index, port) in planned.ports.iter().enumerate() {
                    row(
                        &pod.name,
                        format!("listens on {} ({})", port.port, port.keys.join(".")),
                        self.listens(planned, pod, index),
                    );
                }
                for dial in &planned.dials {
                    row(
                        &pod.name,
                        format!("sends to {}", dial.endpoint.with(&dial.endpoint.host, dial.endpoint.port)),
                        self.backend(dial.backend),
                    );
                }
            }
        }
        for pod in std::iter::once(&self.stable).chain(&self.canaries) {
            for (port, here) in pod.mapped() {
                row(&pod.identity.name, format!("listens on {port}"), (HERE.to_owned(), here));
            }
            for sends in &plan.pod.sends {
                let written = sends.endpoint.with(&sends.endpoint.host, sends.endpoint.port);
                row(&pod.identity.name, format!("sends to {written}"), self.dialled(plan, pod.collector, sends.port));
            }
        }
        row("prometheus", "queries".to_owned(), (HERE.to_owned(), self.prometheus));
        row("jaeger", "queries".to_owned(), (HERE.to_owned(), self.jaeger.query));
        table
    }
}

/// A collector's environment; of the downward API only what names the pod is known.
fn environment(planned: &CollectorPlan, pod: &CollectorPod) -> Vec<(String, String)> {
    let fill = |text: &String| {
        let known = [
            ("<metadata.name>", pod.identity.name.as_str()),
            ("<metadata.namespace>", planned.namespace.as_str()),
            ("<status.podIP>", HERE),
            ("<status.hostIP>", HERE),
            ("<spec.nodeName>", "node-1"),
        ];
        known.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to))
    };
    planned.env.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
}
