//! `wiring/port-mismatch`: Service, container port, probe, annotation and listener disagree.

use super::ports::{before, behind, listening, nearest};
use super::probes::{named_probes, probes};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::{Class, Signal};
use contract::endpoint::{Host, nearest_word};
use contract::{Contract, Listener, Origin, Speaks};
use model::{Place, PortRef, Service, ServicePort, Workload};
use yaml::{Op, Value};

pub(crate) const RULE: Rule = Rule {
    name: "wiring/port-mismatch",
    severity: Severity::Error,
    summary: "Service targetPort, containerPort, probe, annotation and listener disagree",
    fix: Some("the listener's port"),
    safety: SAFE,
    page: include_str!("../../pages/wiring/port-mismatch.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for (index, workload) in contract.repository.workloads.iter().enumerate() {
        let Some(ports) = listening(contract, index, workload) else {
            named_probes(contract, index, workload, drafts);
            continue;
        };
        let moved = moved_listener(contract, index, workload, &ports, drafts);
        if !moved {
            container_ports(contract, index, workload, &ports, drafts);
            annotation(contract, workload, &ports, drafts);
            drafts.list.extend(page_elsewhere(contract, index, workload));
        }
        probes(contract, index, workload, &ports, moved, drafts);
    }
    for (index, service) in contract.repository.services.iter().enumerate().filter(|(_, s)| !s.external) {
        for port in &service.ports {
            drafts.list.extend(target(contract, index, service, port));
        }
    }
}

const REFUSED: &str = "connections are refused: nothing listens on that port";

fn set(at: &Place, port: u16) -> (usize, Op) {
    (at.file, Op::Set { route: at.route.clone(), value: Value::Int(i64::from(port)) })
}

pub(crate) fn mend(at: &Place, port: u16) -> Fix {
    fix(format!("Use port {port}"), Safety::Safe, [set(at, port)])
}

/// Ports that the pod and its Services announce.
fn announced(contract: &Contract<'_>, index: usize, workload: &Workload) -> Vec<u16> {
    let mut found: Vec<u16> = workload.ports().map(|p| p.number).collect();
    for service in before(contract, index) {
        found.extend(service.ports.iter().filter_map(|p| workload.port_number(&p.target)));
    }
    found
}

/// What each object says for itself: a Service that leads to a port by name only repeats the pods, its own port speaks.
fn voices(contract: &Contract<'_>, index: usize, workload: &Workload) -> Vec<u16> {
    let said = before(contract, index).into_iter().flat_map(|s| &s.ports).map(|p| match p.target {
        PortRef::Number(number) => number,
        PortRef::Name(_) => p.port,
    });
    workload.ports().map(|p| p.number).chain(said).collect()
}

/// A collector's listener that alone has another port than everybody announces: it is the one that slipped.
fn moved_listener(
    contract: &Contract<'_>,
    index: usize,
    workload: &Workload,
    ports: &[u16],
    drafts: &mut Drafts,
) -> bool {
    let Some(collector) = contract.links.collector(index) else {
        return false;
    };
    let listeners = contract.listeners.get(collector).map(Vec::as_slice).unwrap_or_default();
    let announced = announced(contract, index, workload);
    let voices = voices(contract, index, workload);
    let orphans: Vec<u16> = {
        let mut list: Vec<u16> = announced.iter().copied().filter(|p| !ports.contains(p)).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    // A page that an annotation points Prometheus to is the concern of `collector/metrics-not-exposed`.
    let scraped = contract.scrapes.iter().any(|s| s.workload == index);
    let mut moved = false;
    for listener in listeners.iter().filter(|l| {
        l.written
            && l.used
            && !l.keys.is_empty()
            && l.host == Host::Any
            && (l.speaks != Speaks::Scrape || !scraped)
            && !announced.contains(&l.port)
    }) {
        let page = listener.speaks == Speaks::Scrape;
        // What a probe alone reaches need not be announced.
        let probed =
            workload.containers.iter().flat_map(|c| &c.probes).any(|p| p.port.0 == PortRef::Number(listener.port));
        let agreed: Vec<u16> =
            orphans.iter().copied().filter(|p| voices.iter().filter(|a| *a == p).count() >= 2).collect();
        let agreed: Vec<u16> =
            agreed.into_iter().filter(|p| !page || for_metrics(contract, index, workload, *p)).collect();
        let Some(meant) = nearest(listener.port, &agreed).filter(|_| !probed) else { continue };
        moved = true;
        let message = format!(
            "`{}` listens on port {}, but the pods and their Service announce {meant}",
            listener.id, listener.port
        );
        let Some(text) = contract.repository.node(&listener.at).and_then(|n| n.as_str()) else { continue };
        let Some((host, _)) = text.rsplit_once(':') else { continue };
        let op = Op::Set { route: listener.at.route.clone(), value: Value::Str(format!("{host}:{meant}")) };
        let mend = fix(format!("Listen on port {meant}"), Safety::Safe, [(listener.at.file, op)]);
        drafts.push(
            Draft::new(RULE.name, RULE.severity, &listener.at, message, REFUSED)
                .fix(mend)
                .echo("collector/metrics-not-exposed", None),
        );
    }
    moved
}

/// Whether a port is announced for metrics: by its name, or as one that the exporter's documentation uses.
fn for_metrics(contract: &Contract<'_>, index: usize, workload: &Workload, port: u16) -> bool {
    let pods = workload.ports().filter(|p| p.number == port).filter_map(|p| p.name.as_deref());
    let services = before(contract, index).into_iter().flat_map(|s| &s.ports);
    let led = services.filter(|p| workload.port_number(&p.target) == Some(port)).filter_map(|p| p.name.as_deref());
    matches!(port, 8889 | 9464) || pods.chain(led).any(|name| name.contains("prom") || name.contains("metric"))
}

/// A declared port on which nothing listens, where the listener that was meant is declared nowhere.
fn container_ports(contract: &Contract<'_>, index: usize, workload: &Workload, ports: &[u16], drafts: &mut Drafts) {
    let declared: Vec<u16> = workload.ports().map(|p| p.number).collect();
    // The collector's own metrics need no declaration, so a port near theirs is no slip; and a scrape port without an
    // exporter is `collector/metrics-not-exposed`.
    let free: Vec<u16> = ports.iter().copied().filter(|p| !declared.contains(p) && *p != 8888).collect();
    let scraped: Vec<u16> = contract.scrapes.iter().filter(|s| s.workload == index).map(|s| s.port).collect();
    for port in workload.ports().filter(|p| !ports.contains(&p.number) && !scraped.contains(&p.number)) {
        // A Service that leads here by the port's name says which number was meant; else only a near miss counts.
        let services = before(contract, index).into_iter();
        let by_name = |p: &&ServicePort| matches!(&p.target, PortRef::Name(name) if Some(name) == port.name.as_ref());
        let named = services.flat_map(|s| &s.ports).filter(by_name).map(|p| p.port).find(|p| free.contains(p));
        let Some(meant) = named.or_else(|| near_only(port.number, &free)) else { continue };
        let message = format!(
            "{} `{}` declares port {}, on which nothing listens; {meant} is listened on",
            workload.kind, workload.name, port.number
        );
        drafts.push(Draft::new(RULE.name, RULE.severity, &port.at, message, REFUSED).fix(mend(&port.at, meant)));
    }
}

/// Near by spelling, however many there are.
pub(crate) fn near_only(wrong: u16, ports: &[u16]) -> Option<u16> {
    let names: Vec<String> = ports.iter().map(u16::to_string).collect();
    nearest_word(&wrong.to_string(), names.iter().map(String::as_str))?.parse().ok()
}

/// A collector's scrape annotation alone names another port than its one metrics page has. Where Service and container port
/// side with the annotation, that is `collector/metrics-not-exposed`.
fn page_elsewhere(contract: &Contract<'_>, index: usize, workload: &Workload) -> Option<Draft> {
    let collector = contract.links.collector(index)?;
    let config = &contract.repository.collectors.get(collector)?.config;
    let listeners = contract.listeners.get(collector)?;
    let fed = |l: &&Listener| config.users(Class::Exporter, &l.id).any(|p| p.signal == Some(Signal::Metrics));
    let mut pages = listeners.iter().filter(|l| l.speaks == Speaks::Scrape && l.class == Class::Exporter).filter(fed);
    let page = pages.next().filter(|_| pages.next().is_none())?.port;
    let at = model::pair(&workload.annotations, "prometheus.io/port")?;
    let port = at
        .value
        .parse::<u16>()
        .ok()
        .filter(|p| *p != page && (*p == OWN_METRICS || !listeners.iter().any(|l| l.port == *p)))?;
    let announced = announced(contract, index, workload);
    // The collector's own metrics are a page as well, which may be all that is wanted, unless a gate reads the other one.
    let own = port == OWN_METRICS && !read_by_gates(contract, collector);
    if own || (announced.contains(&port) && !announced.contains(&page)) {
        return None;
    }
    let message = format!(
        "Prometheus is told to scrape port {port} of {} `{}`; the collector shows its metrics on {page}",
        workload.kind, workload.name
    );
    let consequence = "every scrape fails or reads another page: the metrics never reach Prometheus";
    let op = Op::Set { route: at.at.route.clone(), value: Value::Str(page.to_string()) };
    let mend = fix(format!("Scrape port {page}"), Safety::Safe, [(at.at.file, op)]);
    Some(Draft::new(RULE.name, RULE.severity, &at.at, message, consequence).fix(mend))
}

/// The collector's page about itself (service::telemetry::metrics, by default).
const OWN_METRICS: u16 = 8888;

/// Whether a gate asks for span metrics of that collector.
fn read_by_gates(contract: &Contract<'_>, collector: usize) -> bool {
    let names: Vec<&str> = contract
        .gates
        .iter()
        .filter_map(|g| g.query())
        .flat_map(|q| q.selectors())
        .filter_map(|s| s.name.as_deref())
        .collect();
    contract.families.iter().any(|f| match f.origin {
        Origin::Spans { source, .. } => {
            contract.span_metrics.get(source).is_some_and(|s| s.collector == collector)
                && names.contains(&f.name.as_str())
        }
        Origin::Workload(_) => false,
    })
}

/// A described workload's scrape annotation.
fn annotation(contract: &Contract<'_>, workload: &Workload, ports: &[u16], drafts: &mut Drafts) {
    if contract.description_of(workload).is_none() {
        return;
    }
    let Some(at) = model::pair(&workload.annotations, "prometheus.io/port") else { return };
    let Ok(port) = at.value.parse::<u16>() else { return };
    if ports.contains(&port) {
        return;
    }
    let declared: Vec<u16> = workload.ports().map(|p| p.number).collect();
    let Some(meant) = near_only(port, &declared).or_else(|| ports.first().copied()) else { return };
    let message = format!(
        "Prometheus is told to scrape port {port} of {} `{}`, on which nothing listens",
        workload.kind, workload.name
    );
    let op = Op::Set { route: at.at.route.clone(), value: Value::Str(meant.to_string()) };
    let mend = fix(format!("Scrape port {meant}"), Safety::Safe, [(at.at.file, op)]);
    drafts.push(
        Draft::new(
            RULE.name,
            RULE.severity,
            &at.at,
            message,
            "every scrape fails: the workload's metrics never reach Prometheus",
        )
        .fix(mend),
    );
}

/// A Service port that leads to no port of its pods.
fn target(contract: &Contract<'_>, number: usize, service: &Service, port: &ServicePort) -> Option<Draft> {
    let pods = behind(contract, number);
    let (index, workload) = *pods.first()?;
    if pods.len() > 1 && pods.iter().any(|(_, w)| w.port_number(&port.target).is_some()) {
        return None;
    }
    let at = port.target_at.clone().unwrap_or_else(|| port.at.clone());
    let draft = |message: String| Draft::new(RULE.name, RULE.severity, &at, message, REFUSED);
    let declared: Vec<u16> = workload.ports().map(|p| p.number).collect();
    match &port.target {
        PortRef::Name(name) => {
            let names = || workload.ports().filter_map(|p| p.name.as_deref());
            // A container port without a name, or one that another controller adds, can't be judged.
            if names().any(|n| n == name) || workload.ports().next().is_none() {
                return None;
            }
            let meant = nearest_word(name, names()).map(|n| Value::Str(n.to_owned())).or_else(|| {
                let same = workload.ports().find(|p| p.number == port.port);
                let only = || match declared.as_slice() {
                    [_] => workload.ports().next(),
                    _ => None,
                };
                let found = same.or_else(only)?;
                Some(found.name.clone().map_or(Value::Int(i64::from(found.number)), Value::Str))
            });
            let mend = meant.map(|value| {
                fix(
                    "Lead to a port that the pods declare",
                    Safety::Safe,
                    [(at.file, Op::Set { route: at.route.clone(), value })],
                )
            });
            Some(
                draft(format!("Service `{}` leads to port `{name}`, which its pods do not declare", service.name))
                    .fix(mend),
            )
        }
        PortRef::Number(number) => {
            let known = listening(contract, index, workload);
            let fine =
                known.as_ref().map_or_else(|| declared.is_empty() || declared.contains(number), |l| l.contains(number));
            if fine || service.headless {
                return None;
            }
            let choices = known.clone().unwrap_or_else(|| declared.clone());
            // An announced port that lost its listener is the collector's finding; a slip here is one where nobody agrees.
            if declared.contains(number) {
                return None;
            }
            let others: Vec<u16> = service
                .ports
                .iter()
                .filter(|p| p.at != port.at)
                .filter_map(|p| workload.port_number(&p.target))
                .collect();
            let free: Vec<u16> = choices.iter().copied().filter(|p| !others.contains(p)).collect();
            let meant =
                Some(port.port).filter(|p| free.contains(p) && *p != *number).or_else(|| near_only(*number, &free));
            let meant = meant.or_else(|| {
                if known.is_some() {
                    nearest(*number, &free.iter().copied().filter(|p| declared.contains(p)).collect::<Vec<_>>())
                } else {
                    None
                }
            });
            // Undescribed pods may listen where they declare nothing: only a near miss counts.
            let meant = match known {
                Some(_) => meant,
                None => Some(meant?),
            };
            let mend = meant.map(|p| match &port.target_at {
                Some(at) => mend(at, p),
                None => fix(
                    format!("Lead to port {p}"),
                    Safety::Safe,
                    [(
                        port.entry.file,
                        Op::Insert {
                            route: port.entry.route.clone(),
                            key: "targetPort".to_owned(),
                            value: Value::Int(i64::from(p)),
                            after: Some("port".to_owned()),
                        },
                    )],
                ),
            });
            let found =
                draft(format!("Service `{}` leads to port {number}, on which its pods do not listen", service.name))
                    .fix(mend);
            Some(found.echo("collector/metrics-not-exposed", None).echo("collector/no-receiver", None))
        }
    }
}
