//! A broken start, mended by the safe fixes alone, before the real programs: the collector takes the mended configuration
//! and starts with it, HotROD sends rides to it, and every selector of every mended gate finds series on their pages.
//!
//! Nothing of the mended text is changed for the run but addresses, which are laid over it: what listens does so on free
//! loopback ports, and what is sent elsewhere goes to a loopback port where nobody listens.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use catalogue::Class;
use contract::{CANARY_HASH, Contract, Listener, Speaks, sanitize};
use hyperspace_rules::{Fixed, Safety, Severity, fix};
use lab::Program;
use lab::trial::{HotRod, Sample, collector, get, hotrod, on_free_ports, parse, scrape};
use model::{Collector, Context, Repository, SourceFile, Workload};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

const POD: &str = "hotrod-77c5fb9d64-x7k2p";

/// HotROD's batches and two flushes of at most 30 s each, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(120);

/// The published broken start, which lies beside the checkout where there is one.
#[test]
fn the_published_start() {
    let folder = root().join("../shared/start-state");
    if !folder.is_dir() {
        eprintln!("SKIPPED: there is no {}", folder.display());
        return;
    }
    let fixed = mended(&folder);
    assert!(!fixed.changed.is_empty(), "the start is not broken");
    before_the_real_programs(&fixed);
}

/// The broken start that `practice` and `demo` write.
#[test]
fn the_start_to_practise_on() {
    let fixed = mended(&root().join("xtask/practice/scenario"));
    assert!(!fixed.changed.is_empty(), "the start is not broken");
    before_the_real_programs(&fixed);
}

/// The repository's own manifests, which nothing is to be mended in.
#[test]
fn the_live_manifests() {
    let fixed = mended(&root().join("manifests"));
    assert!(fixed.changed.is_empty(), "{:#?}", fixed.applied);
    before_the_real_programs(&fixed);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(folder: &Path, at: &Path, into: &mut Vec<SourceFile>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(at).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            read(folder, &entry, into);
        } else if entry.extension().is_some_and(|e| e == "yaml") {
            let path = entry.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
            into.push(SourceFile { path, content: Ok(fs::read_to_string(&entry).unwrap().into()) });
        }
    }
}

/// The folder after its safe fixes, which leave nothing behind that they could mend.
fn mended(folder: &Path) -> Fixed {
    let context = Context::default();
    let mut files = Vec::new();
    read(folder, folder, &mut files);
    let fixed = fix(files, &context, Safety::Safe);
    let left = fixed.report.findings.iter().map(|r| &r.finding).filter(|f| {
        let safe = f.fix.as_ref().is_some_and(|f| f.safety == Safety::Safe);
        f.severity == Severity::Error || f.severity == Severity::Warning && safe
    });
    let left: Vec<String> = left.map(|f| format!("{}: {}", f.rule, f.message)).collect();
    assert!(left.is_empty(), "{left:#?}");
    let again = fix(fixed.files.clone(), &context, Safety::Safe);
    assert!(again.changed.is_empty(), "a second run changes {:#?}", again.applied);
    fixed
}

fn before_the_real_programs(fixed: &Fixed) {
    let (Some(collector_binary), Some(hotrod_binary)) = (lab::judge(Program::Collector), lab::judge(Program::HotRod))
    else {
        return;
    };
    let context = Context::default();
    let contract = Contract::derive(&fixed.repository, &context);
    let [mended] = fixed.repository.collectors.as_slice() else { panic!("not one collector") };
    let [workload] = hotrods(&fixed.repository)[..] else { panic!("not one HotROD") };
    let config = text(&fixed.repository, mended);

    let verdict =
        Command::new(&collector_binary).arg("validate").arg(format!("--config=yaml:{config}")).output().unwrap();
    assert!(verdict.status.success(), "{}\n{config}", String::from_utf8_lossy(&verdict.stderr));

    let start = |free: [u16; 16]| {
        let ports = Ports::of(&contract, free);
        let over = ports.over(&fixed.repository, mended).to_string();
        Ok((collector(&collector_binary, &config, &over)?, ports))
    };
    let (mut process, ports) = on_free_ports(start).unwrap_or_else(|error| panic!("{error}\n{config}"));
    for (listener, port) in ports.find(|l| l.id == "health_check") {
        let healthy = get(port, "/").unwrap();
        assert_eq!(healthy.status, 200, "{listener:?}: {}", healthy.body);
    }
    let (_, otlp) = ports.find(|l| l.speaks == Speaks::OtlpHttp).next().expect("an OTLP/HTTP receiver");
    let (_, metrics) = ports.find(|l| l.class == Class::Exporter).next().expect("an exporter to scrape");
    let hotrod = hotrod(&hotrod_binary, otlp, &resource(workload)).unwrap();
    ride(&hotrod);
    let own = parse(&scrape(hotrod.frontend).unwrap().body).unwrap();

    let canary = |sample: &Sample| {
        let label = |name: &str| sample.labels.get(name).map(String::as_str);
        sample.name == "traces_span_metrics_duration_milliseconds_bucket"
            && label("hotrod_namespace") == Some(namespace(workload))
            && label("hotrod_pod_hash") == Some(CANARY_HASH)
    };
    let whole = |_: &str| {
        let page = parse(&scrape(metrics).ok()?.body).ok()?;
        let unseen = unseen(&contract, workload, &[&own, &page]);
        (page.iter().any(canary) && unseen.is_empty()).then_some(())
    };
    if let Err(error) = process.wait_for("the canary's latency histogram and all that gates read", LIMIT, whole) {
        let page = scrape(metrics).unwrap().body;
        let unseen = unseen(&contract, workload, &[&own, &parse(&page).unwrap()]);
        panic!("nothing matches {unseen:#?}\n{page}\n{error}\n{config}");
    }
}

fn hotrods(repository: &Repository) -> Vec<&Workload> {
    let hotrod = |image: &str| model::image_name(image).ends_with("jaegertracing/example-hotrod");
    let all = repository.workloads.iter();
    all.filter(|w| w.containers.iter().any(|c| c.image.as_ref().is_some_and(|i| hotrod(&i.value)))).collect()
}

/// The configuration as the collector's pod finds it in its file.
fn text(repository: &Repository, collector: &Collector) -> String {
    let model::Source::ConfigMap { object, key } = &collector.source else { panic!("not in a ConfigMap") };
    let at = &repository.object(*object).unwrap().at;
    let node = repository.node(&at.key("data").key(key)).unwrap();
    node.as_str().unwrap().to_owned()
}

/// A free port for each listener of the only collector, and one where nobody listens.
struct Ports<'c> {
    listeners: Vec<(&'c Listener, u16)>,
    nobody: u16,
}

impl<'c> Ports<'c> {
    fn of(contract: &'c Contract<'_>, free: [u16; 16]) -> Ports<'c> {
        // Its own metrics have no place in the configuration that must be written to move them: the trial turns them off.
        let listeners = contract.listeners[0].iter().filter(|l| l.id != "telemetry");
        Ports { listeners: listeners.zip(free).collect(), nobody: free[15] }
    }

    fn find(&self, wanted: impl Fn(&Listener) -> bool) -> impl Iterator<Item = (&'c Listener, u16)> {
        self.listeners.iter().copied().filter(move |(l, _)| wanted(l))
    }

    /// The addresses, as a configuration to lay over another one.
    fn over(&self, repository: &Repository, collector: &Collector) -> Value {
        let mut root = json!({});
        let mut set = |class: Class, id: &str, keys: &[&str], port: u16| {
            let path = [model::section(class), id].into_iter().chain(keys.iter().copied());
            let place = path.fold(&mut root, |at, key| &mut at[key]);
            *place = json!(format!("127.0.0.1:{port}"));
        };
        for (listener, port) in &self.listeners {
            set(listener.class, &listener.id, listener.keys, *port);
        }
        let dials = collector.config.of_class(Class::Exporter).filter(|e| e.kind != "prometheus");
        for exporter in dials.filter(|e| repository.node(&e.at).is_some_and(|n| n.get("endpoint").is_some())) {
            set(Class::Exporter, &exporter.id, &["endpoint"], self.nobody);
        }
        root
    }
}

fn namespace(workload: &Workload) -> &str {
    // What the contract's arguments say where nothing tells the namespace.
    workload.namespace.as_deref().unwrap_or("some-namespace")
}

/// `OTEL_RESOURCE_ATTRIBUTES` as the kubelet would fill it in a canary's pod.
fn resource(workload: &Workload) -> String {
    let written = workload.containers.iter().find_map(|c| c.expanded("OTEL_RESOURCE_ATTRIBUTES")).unwrap();
    let filled = written
        .replace("<metadata.name>", POD)
        .replace("<metadata.namespace>", namespace(workload))
        .replace("<metadata.labels['rollouts-pod-template-hash']>", CANARY_HASH);
    assert!(!filled.contains(['<', '$']), "{filled}");
    filled
}

/// One ride, one that fails, and the page that riders see first: what gates on any of them read is there then.
fn ride(hotrod: &HotRod) {
    for (path, status) in [("/dispatch?customer=123", 200), ("/dispatch?customer=999", 500), ("/", 200)] {
        assert_eq!(hotrod.request(path).unwrap(), status, "{path}");
    }
}

/// Selectors of gates that no sample passes.
fn unseen(contract: &Contract<'_>, workload: &Workload, pages: &[&[Sample]]) -> Vec<String> {
    // The scrape adds these to what is on the page.
    let mut scraped: BTreeSet<String> = contract.context.policy.prometheus.pod_labels.iter().cloned().collect();
    scraped.insert("rollouts_pod_template_hash".to_owned());
    scraped.extend(workload.labels.iter().map(|(name, _)| sanitize(name)));
    assert!(!contract.gates.is_empty(), "no gates");
    let mut found = Vec::new();
    for gate in &contract.gates {
        let query = gate.bound.as_ref().unwrap_or_else(|| panic!("arguments without a value: {:?}", gate.args));
        for selector in query.selectors() {
            let passes = |sample: &Sample| {
                let value = |name: &str| sample.labels.get(name).map_or("", String::as_str);
                let matchers = selector.matchers.iter().filter(|m| m.name != "__name__");
                let mut here = matchers.filter(|m| sample.labels.contains_key(&m.name) || !scraped.contains(&m.name));
                selector.name.as_ref() == Some(&sample.name) && here.all(|m| m.matches(value(&m.name)))
            };
            if !pages.iter().copied().flatten().any(passes) {
                found.push(query.text()[selector.span.clone()].to_owned());
            }
        }
    }
    found
}
