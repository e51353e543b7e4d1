//! A cluster that a release goes through, stage by stage.

use delivery::{
    Application, Collector, CollectorTarget, Controller, Effect, Event, Measurement, Metric, Name, Observed, Operation,
    Release, RetryPolicy, Rollout, RolloutTarget, Run, State, Step, Template, View, Workload, step,
};

pub(crate) const OLD: &str = "0000000000000000000000000000000000000000";
pub(crate) const NEW: &str = "1111111111111111111111111111111111111111";
pub(crate) const NEXT: &str = "2222222222222222222222222222222222222222";

pub(crate) fn hotrod() -> Name {
    Name::new("hotrod", "hotrod")
}

pub(crate) fn app() -> Name {
    Name::new("argocd", "hotrod")
}

pub(crate) fn collector() -> Workload {
    Workload { kind: Controller::DaemonSet, name: Name::new("otel", "collector") }
}

pub(crate) fn release() -> Release {
    Release {
        commit: Some(NEW.to_owned()),
        sets: vec![Name::new("argocd", "all")],
        applications: vec![app()],
        collectors: vec![CollectorTarget { workload: collector(), hash: None, changed: false }],
        rollouts: vec![RolloutTarget {
            name: hotrod(),
            image: Some("hotrod:2".to_owned()),
            gates: 1,
            ..RolloutTarget::default()
        }],
        unseen: vec![],
        retry: RetryPolicy::Never,
    }
}

pub(crate) fn at(commit: &str, health: &str) -> Application {
    Application {
        sync: "Synced".to_owned(),
        revisions: vec![commit.to_owned()],
        health: health.to_owned(),
        operation: Some(Operation {
            phase: "Succeeded".to_owned(),
            message: String::new(),
            revision: Some(commit.to_owned()),
            ..Operation::default()
        }),
        history: vec![OLD.to_owned()],
        ..Application::default()
    }
}

pub(crate) fn rollout(generation: i64, hash: &str, stable: &str, phase: &str) -> Rollout {
    Rollout {
        uid: "u".to_owned(),
        generation,
        observed: Some(generation),
        revision: Some(generation.to_string()),
        images: vec![format!("hotrod:{generation}")],
        steps: vec![Step::Weight(50), Step::Analysis, Step::Weight(100)],
        phase: phase.to_owned(),
        hash: hash.to_owned(),
        stable: stable.to_owned(),
        step: Some(if phase == "Healthy" { 3 } else { 1 }),
        replicas: 2,
        updated: 2,
        available: 2,
        template: Template::Same,
        ..Rollout::default()
    }
}

pub(crate) fn run(hash: &str, revision: &str, phase: &str) -> Run {
    let metric = Metric {
        name: "latency".to_owned(),
        phase: phase.to_owned(),
        count: 3,
        of: Some(3),
        measurements: vec![Measurement {
            phase: phase.to_owned(),
            value: "[4749.5]".to_owned(),
            message: String::new(),
            finished: None,
        }],
        ..Metric::default()
    };
    Run {
        created: format!("2026-01-01T00:00:0{revision}Z"),
        owner: "u".to_owned(),
        hash: hash.to_owned(),
        revision: Some(revision.to_owned()),
        step: Some(1),
        phase: phase.to_owned(),
        metrics: vec![metric],
        ..Run::default()
    }
}

pub(crate) fn daemon() -> Collector {
    Collector { generation: 1, observed: 1, desired: 1, updated: 1, available: 1, ..Collector::default() }
}

/// The cluster's whole state after each change, oldest first.
pub(crate) struct World {
    pub(crate) stages: Vec<View>,
    version: u64,
}

impl World {
    /// The old version runs, promoted by its own run.
    pub(crate) fn new() -> World {
        let mut world = World { stages: vec![View::default()], version: 1 };
        world.application(at(OLD, "Healthy"));
        world.daemon(daemon());
        world.run("hotrod-a-1-1", run("a", "1", "Successful"));
        world.rollout(rollout(1, "a", "a", "Healthy"));
        world
    }

    /// From the push to the canary's analysis.
    pub(crate) fn canary() -> World {
        let mut world = World::new();
        let mut unseen = rollout(2, "a", "a", "Healthy");
        unseen.observed = Some(1);
        world.rollout(unseen);
        world.application(at(NEW, "Healthy"));
        // What the real controller shows for a moment: the new generation seen, the old hash still current.
        let mut between = rollout(2, "a", "a", "Healthy");
        between.template = Template::Differs("spec.containers[0].image".to_owned());
        world.rollout(between);
        world.rollout(rollout(2, "b", "a", "Progressing"));
        world.application(at(NEW, "Progressing"));
        world.run("hotrod-b-2-1", run("b", "2", "Running"));
        world
    }

    pub(crate) fn promoted() -> World {
        let mut world = World::canary();
        world.run("hotrod-b-2-1", run("b", "2", "Successful"));
        world.rollout(rollout(2, "b", "b", "Healthy"));
        world.application(at(NEW, "Healthy"));
        world
    }

    pub(crate) fn aborted() -> World {
        let mut world = World::canary();
        world.run("hotrod-b-2-1", run("b", "2", "Failed"));
        world.rollout(abort(rollout(2, "b", "a", "Degraded")));
        world.application(at(NEW, "Degraded"));
        world
    }

    fn change(&mut self, change: impl FnOnce(&mut View, u64)) {
        let mut view = self.now().clone();
        self.version += 1;
        change(&mut view, self.version);
        self.stages.push(view);
    }

    pub(crate) fn now(&self) -> &View {
        self.stages.last().expect("a stage")
    }

    pub(crate) fn application(&mut self, object: Application) {
        self.change(|view, version| {
            view.applications.insert(app(), Observed { version, object: Some(object) });
        });
    }

    pub(crate) fn daemon(&mut self, object: Collector) {
        self.workload(collector(), object);
    }

    pub(crate) fn workload(&mut self, workload: Workload, object: Collector) {
        self.change(|view, version| {
            view.collectors.insert(workload, Observed { version, object: Some(object) });
        });
    }

    pub(crate) fn rollout(&mut self, object: Rollout) {
        self.change(|view, version| {
            view.rollouts.insert(hotrod(), Observed { version, object: Some(object) });
        });
    }

    pub(crate) fn run(&mut self, name: &str, object: Run) {
        self.change(|view, version| {
            view.runs.insert(Name::new("hotrod", name), Observed { version, object: Some(object) });
        });
    }

    /// Somebody deletes a run: a look shows it no more.
    pub(crate) fn lose_run(&mut self, name: &str) {
        self.change(|view, _| drop(view.runs.remove(&Name::new("hotrod", name)).expect("a run")));
    }

    pub(crate) fn lose_rollout(&mut self) {
        self.change(|view, _| drop(view.rollouts.remove(&hotrod()).expect("a rollout")));
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

pub(crate) fn abort(mut rollout: Rollout) -> Rollout {
    rollout.abort = true;
    rollout.aborted = true;
    rollout.message = "RolloutAborted: Rollout aborted update to revision 2".to_owned();
    rollout
}

/// Lets the machine look at a world that stands still until it asks for nothing more.
pub(crate) fn settle(mut state: State, event: Event, world: &World) -> (State, Vec<Effect>) {
    let mut events = vec![event];
    let mut done = Vec::new();
    while let Some(event) = events.pop() {
        let (next, effects) = step(state, event);
        state = next;
        for effect in effects {
            match effect {
                Effect::Look { round } => events.push(Event::Looked { round, view: world.now().clone() }),
                other => done.push(other),
            }
        }
    }
    (state, done)
}
