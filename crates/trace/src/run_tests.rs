//! A release as the cluster tells it, and the trace that comes of it.

use super::*;
use delivery::{
    Application, CollectorTarget, Controller, Event, Measurement, Metric, Observed, Release, Rollout, RolloutTarget,
    Step, View, Workload,
};

const SECOND: u64 = 1_000_000_000;
/// 2026-01-01T00:00:00Z.
const DAY: u64 = 1_767_225_600 * SECOND;
const COMMIT: &str = "c0ffee";

fn collector() -> Workload {
    Workload { kind: Controller::DaemonSet, name: Name::new("otel", "collector") }
}

fn seen<T>(version: u64, object: T) -> Observed<T> {
    Observed { version, object: Some(object) }
}

fn measured(phase: &str, value: &str, second: u32) -> Measurement {
    let finished = Some(format!("2026-01-01T00:00:{second:02}Z"));
    Measurement { phase: phase.to_owned(), value: value.to_owned(), message: String::new(), finished }
}

fn view(version: u64, revision: &str, phase: &str, step: usize) -> View {
    let mut view = View::default();
    let application = Application {
        sync: "Synced".to_owned(),
        revisions: vec![revision.to_owned()],
        health: "Healthy".to_owned(),
        ..Application::default()
    };
    view.applications.insert(Name::new("argocd", "hotrod"), seen(version, application));
    let rollout = Rollout {
        uid: "uid".to_owned(),
        generation: 2,
        observed: Some(2),
        steps: vec![Step::Weight(50), Step::Analysis],
        step: Some(step),
        phase: phase.to_owned(),
        hash: "new".to_owned(),
        stable: "old".to_owned(),
        template: delivery::Template::Same,
        ..Rollout::default()
    };
    view.rollouts.insert(Name::new("hotrod", "hotrod"), seen(version, rollout));
    view
}

fn analysed(mut view: View) -> View {
    let gate = |name: &str, phase: &str, message: &str, measurements: Vec<Measurement>| Metric {
        name: name.to_owned(),
        phase: phase.to_owned(),
        message: message.to_owned(),
        measurements,
        query: Some(format!("rate({name}[1m])")),
        ..Metric::default()
    };
    let run = delivery::Run {
        created: "2026-01-01T00:00:10Z".to_owned(),
        owner: "uid".to_owned(),
        hash: "new".to_owned(),
        step: Some(1),
        phase: "Failed".to_owned(),
        message: "errors".to_owned(),
        metrics: vec![
            gate("traffic", "Successful", "", vec![measured("Successful", "[0.2]", 15)]),
            gate("errors", "Failed", "too many", vec![measured("Failed", "[0.5]", 20), measured("Failed", "[1]", 30)]),
            gate("latency", "Running", "", vec![]),
        ],
        ..delivery::Run::default()
    };
    view.runs.insert(Name::new("hotrod", "hotrod-new-2-1"), seen(9, run));
    view
}

fn release() -> Release {
    Release {
        commit: Some(COMMIT.to_owned()),
        applications: vec![Name::new("argocd", "hotrod")],
        collectors: vec![CollectorTarget { workload: collector(), hash: None, changed: true }],
        rollouts: vec![RolloutTarget { name: Name::new("hotrod", "hotrod"), ..RolloutTarget::default() }],
        ..Release::default()
    }
}

#[test]
fn a_release_reads_as_its_steps() {
    let mut at = DAY;
    let mut run = Run::begin(1, "fix-and-push", at);
    for step in ["check", "commit", "push", "push"] {
        run.step(step, at);
        at += SECOND;
    }
    let mut state = State::new(release());
    let views = [
        view(1, "before", "Healthy", 1),
        view(2, COMMIT, "Progressing", 0),
        view(3, COMMIT, "Progressing", 0),
        analysed(view(4, COMMIT, "Progressing", 1)),
    ];
    for seen in views {
        let (next, effects) = delivery::step(state, Event::Seen(seen));
        state = next;
        effects.iter().for_each(|effect| run.act(effect, at));
        run.follow(&state, at);
        at += SECOND;
    }
    run.act(&Effect::Restart { workload: collector(), commit: COMMIT.to_owned() }, at);
    at += SECOND;
    let (state, _) = delivery::step(state, Event::Deadline);
    run.ended(&state);
    let trace = run.finish(at, &Outcome::Error("timed out".to_owned()));
    assert_eq!(
        trace.to_string(),
        "\
fix-and-push 9000 ms error: timed out
  check 1000 ms ok
  commit 1000 ms ok
  push 2000 ms ok
  sync 1000 ms ok
    - canary step k8s.rollout=hotrod/hotrod step=2 of 2, analysis
  restart 4000 ms error: timed out
    - canary step k8s.rollout=hotrod/hotrod step=1 of 2, to 50 %
    - canary step k8s.rollout=hotrod/hotrod step=2 of 2, analysis
    - restart DaemonSet k8s.object=otel/collector
  analysis 20000 ms error: Failed: errors
    gate traffic 5000 ms ok
      - measured value=[0.2] phase=Successful
    gate errors 20000 ms error: Failed: too many
      - measured value=[0.5] phase=Failed
      - measured value=[1] phase=Failed
    gate latency 0 ms
"
    );
}

#[test]
fn analyses_lie_below_the_canary() {
    let mut release = release();
    release.collectors.clear();
    let (state, _) = delivery::step(State::new(release), Event::Seen(analysed(view(1, COMMIT, "Progressing", 1))));
    let mut run = Run::begin(1, "fix-and-push", DAY);
    run.follow(&state, DAY);
    run.act(&Effect::Refresh { name: Name::new("argocd", "hotrod") }, DAY);
    run.act(&Effect::Look { round: 1 }, DAY);
    run.act(&Effect::Retry { name: Name::new("hotrod", "hotrod") }, DAY);
    run.ended(&state);
    let text = run.finish(DAY + SECOND, &Outcome::Ok).to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[1], "  canary 0 ms ok", "{text}");
    assert_eq!(lines[3], "  sync 0 ms ok", "{text}");
    assert_eq!(lines[4], "    - refresh Application k8s.object=argocd/hotrod", "{text}");
    assert_eq!(lines[5], "  canary 1000 ms ok", "{text}");
    assert_eq!(lines[7], "    analysis 20000 ms error: Failed: errors", "{text}");
}
