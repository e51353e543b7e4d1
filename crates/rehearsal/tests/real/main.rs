//! Short rehearsals on the real programs: the repository's own manifests with a flush and a scrape every second, and its
//! gates with short times. Skipped, loudly, where Go is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod stage;

use contract::gates::GateKind;
use gate::analysis::MetricStatus;
use gate::condition::Measured;
use hyperspace_rehearsal::{CanaryRun, Fault, Fit, Measurement, Order, Progress, RunError, Stop, fit, rehearse, show};
use stage::Stage;
use std::cell::Cell;
use std::process::Command;
use std::time::Duration;

const SHORT: &str = include_str!("../fixtures/short.yaml");
const PUBLISHED: &str = include_str!("../fixtures/published.yaml");

fn kill(signal: &str, id: u32) {
    assert!(Command::new("kill").args([signal, &id.to_string()]).status().unwrap().success());
}

fn alive(ids: &[u32]) -> Vec<u32> {
    let runs = |id: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    ids.iter().copied().filter(runs).collect()
}

/// One stack for all canaries, so that one analysis time serves the whole test.
#[test]
fn every_gate_stops_what_it_is_for_and_nothing_is_left_behind() {
    let Some(binaries) = stage::binaries() else { return };
    let stage = Stage::of(SHORT);
    let faults = [Fault::Healthy, Fault::Idle, Fault::Failing(1.0), Fault::Slow, Fault::Silent, Fault::Deaf];
    let (plan, canaries) = stage.ready(&faults);
    let folder = tempfile::tempdir().unwrap();
    let order = Order { plan: &plan, binaries: &binaries, canaries, stop: Stop::Never, offset: Duration::ZERO };
    let ids = Cell::new(Vec::new());
    let killed = Cell::new(false);
    let outcome = rehearse(&order, folder.path(), &|progress| match progress {
        Progress::Ready { processes, .. } => {
            ids.set(processes.iter().map(|(_, id)| *id).collect());
        }
        // Prometheus dies between two measurements, and comes back with what it had.
        Progress::Measured { .. } if !killed.replace(true) => {
            let all = ids.take();
            ids.set(all.clone());
            kill("-9", *all.last().unwrap());
        }
        _ => {}
    });
    let outcome = outcome.unwrap_or_else(|error| panic!("{error}"));
    let text = show::proof(&plan, std::slice::from_ref(&outcome));
    eprintln!("{text}");
    assert!(outcome.told.iter().any(|line| line.starts_with("prometheus ended")), "{:?}", outcome.told);
    for canary in &outcome.canaries {
        assert_eq!(fit(canary), Fit::Expected, "{}\n{text}", canary.fault.name());
    }
    assert_eq!(alive(&ids.take()), Vec::<u32>::new());
    let page = show::proof_page(&plan, std::slice::from_ref(&outcome)).unwrap();
    assert!(page.contains("<svg") && !page.contains("<script") && !page.contains("http-equiv"));
    let json = show::proof_json(&plan, std::slice::from_ref(&outcome));
    assert_eq!(json["proof"]["wrong"], 0);
}

/// With a flush that is slow beside the gates' first samples, as the connector's default is. `prove --template` shows the
/// same in their own times.
#[test]
fn the_published_gates_count_scrapes_as_riders_and_read_nan_on_a_healthy_canary() {
    let Some(binaries) = stage::binaries() else { return };
    let times = [("90s", "10s"), ("60s", "10s"), ("interval: 10s", "interval: 2s"), ("[2m]", "[12s]")];
    let short = times.iter().fold(PUBLISHED.to_owned(), |text, (from, to)| text.replace(from, to));
    let stage = Stage::with(&short, |_, text| text.replace("metrics_flush_interval: 1s", "metrics_flush_interval: 8s"));
    let (plan, canaries) = stage.ready(&[Fault::Healthy, Fault::Idle]);
    let folder = tempfile::tempdir().unwrap();
    let order = Order { plan: &plan, binaries: &binaries, canaries, stop: Stop::Never, offset: Duration::ZERO };
    let outcome = rehearse(&order, folder.path(), &|_| {}).unwrap_or_else(|error| panic!("{error}"));
    let text = show::proof(&plan, std::slice::from_ref(&outcome));
    let [healthy, idle] = outcome.canaries.as_slice() else { panic!("not two canaries") };
    let of = |canary: &CanaryRun, kind: GateKind| {
        canary.metrics.iter().find(|m| m.metric.kind == kind).cloned().unwrap_or_else(|| panic!("no such gate\n{text}"))
    };
    let traffic = of(idle, GateKind::Traffic);
    assert!(idle.riders.sent() == 0 && healthy.riders.sent() > 0, "{text}");
    assert_eq!(traffic.status, MetricStatus::Successful, "nobody rides, and scrapes pass the gate\n{text}");
    let latency = of(healthy, GateKind::Latency);
    let nan = |m: &Measurement| matches!(&m.value, Some(Measured::Vector(v)) if v.iter().any(|x| x.is_nan()));
    assert!(latency.measurements.iter().any(nan), "{text}");
}

#[test]
fn a_collector_that_does_not_start_is_said_with_its_own_words() {
    let Some(binaries) = stage::binaries() else { return };
    let stage = Stage::with(SHORT, |path, text| match path.ends_with("otel/config.yaml") {
        true => text.replace("verbosity: basic", "verbosity: chatty"),
        false => text,
    });
    let (plan, canaries) = stage.ready(&[Fault::Healthy]);
    let folder = tempfile::tempdir().unwrap();
    let order = Order { plan: &plan, binaries: &binaries, canaries, stop: Stop::AtFirst, offset: Duration::ZERO };
    let error = rehearse(&order, folder.path(), &|_| {}).expect_err("no collector");
    let text = error.to_string();
    assert!(
        matches!(error, RunError::Live(_)) && text.contains("collector ended") && text.contains("chatty"),
        "{text}"
    );
}
