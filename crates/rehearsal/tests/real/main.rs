//! Short rehearsals on the real programs: the repository's own manifests with a flush and a scrape every second, and its
//! gates with short times. Skipped, loudly, where Go is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod stage;

use hyperspace_rehearsal::{Fault, Fit, Order, Progress, RunError, Stop, fit, rehearse, show};
use stage::Stage;
use std::cell::Cell;
use std::process::Command;
use std::time::Duration;

const SHORT: &str = include_str!("../fixtures/short.yaml");

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
