//! What each state of a cluster means.

use crate::world::*;
use delivery::{
    Collector, CollectorTarget, Controller, Effect, Event, Name, Release, RetryPolicy, State, Step, Template, Workload,
    step,
};

fn judged(release: Release, world: &World) -> String {
    let (state, _) = settle(State::new(release), Event::Begin, world);
    match state.verdict() {
        Some(verdict) => verdict.to_string(),
        None => format!("… {}", state.waiting()),
    }
}

#[test]
fn promoted_by_its_gates_is_done() {
    assert_eq!(judged(release(), &World::promoted()), "done: promoted by hotrod-b-2-1");
}

#[test]
fn on_the_way_it_says_what_it_waits_for() {
    assert_eq!(judged(release(), &World::new()), "… Argo CD to sync hotrod: it is at 0000000000, not at 1111111111");
    assert_eq!(
        judged(release(), &World::canary()),
        "… the canary hotrod/hotrod: step 2 of 3, analysis; 2 of 2 pods new, 2 available; latency 3/3 ([4749.5])"
    );
    let mut world = World::canary();
    world.application(at(NEW, "Healthy"));
    let mut unseen = rollout(3, "b", "b", "Healthy");
    unseen.observed = Some(2);
    unseen.images = vec!["hotrod:2".to_owned()];
    world.rollout(unseen);
    assert_eq!(judged(release(), &world), "… the controller of hotrod/hotrod to see its new spec");
}

#[test]
fn the_failed_gate_is_named_with_its_values() {
    assert_eq!(
        judged(release(), &World::aborted()),
        "hotrod/hotrod was stopped by its gate `latency` on [4749.5] in hotrod-b-2-1"
    );
}

#[test]
fn the_old_hash_under_the_new_generation_is_not_done() {
    let mut world = World::promoted();
    let mut between = rollout(2, "a", "a", "Healthy");
    between.revision = Some("1".to_owned());
    between.template = Template::Differs("spec.containers[0].image".to_owned());
    world.rollout(between);
    assert_eq!(
        judged(release(), &world),
        "… the controller of hotrod/hotrod to see its new pod template (spec.containers[0].image)"
    );
    let mut unknown = rollout(2, "b", "b", "Healthy");
    unknown.template = Template::Unknown;
    world.rollout(unknown);
    assert_eq!(judged(release(), &world), "… the controller of hotrod/hotrod to see a ReplicaSet of its pod template");
}

#[test]
fn skipped_or_cut_short_is_not_done() {
    let not = |change: &dyn Fn(&mut World)| {
        let mut world = World::promoted();
        change(&mut world);
        judged(release(), &world)
    };
    let ended = not(&|world| {
        let mut run = run("b", "2", "Successful");
        run.terminated = true;
        world.run("hotrod-b-2-1", run);
    });
    assert!(ended.ends_with("hotrod-b-2-1 of step 2 was ended before it had decided"), "{ended}");
    let unmeasured = not(&|world| {
        let mut run = run("b", "2", "Successful");
        run.metrics[0].count = 0;
        world.run("hotrod-b-2-1", run);
    });
    assert!(unmeasured.ends_with("is Successful without a measurement of every gate"), "{unmeasured}");
    let dry = not(&|world| {
        let mut run = run("b", "2", "Successful");
        run.metrics[0].dry_run = true;
        world.run("hotrod-b-2-1", run);
    });
    assert!(dry.ends_with("is Successful without a measurement of every gate"), "{dry}");
    let other_template = not(&|world| world.run("hotrod-b-2-1", run("c", "2", "Successful")));
    assert!(other_template.contains("step 2 has no analysis run"), "{other_template}");
    let other_revision = not(&|world| world.run("hotrod-b-2-1", run("b", "1", "Successful")));
    assert!(other_revision.contains("step 2 has no analysis run"), "{other_revision}");
    let gateless = not(&|world| {
        let mut rollout = rollout(2, "b", "b", "Healthy");
        rollout.steps = vec![Step::Weight(100)];
        world.rollout(rollout);
    });
    assert!(gateless.ends_with("0 of 1 gates were measured"), "{gateless}");
    let few = {
        let mut release = release();
        release.rollouts[0].gates = 3;
        judged(release, &World::promoted())
    };
    assert!(few.ends_with("1 of 3 gates were measured"), "{few}");
}

#[test]
fn another_image_is_not_done() {
    let mut release = release();
    release.rollouts[0].image = Some("hotrod:3".to_owned());
    assert_eq!(
        judged(release, &World::promoted()),
        "… the pods of hotrod/hotrod: its template names hotrod:2, not hotrod:3"
    );
}

#[test]
fn a_pause_without_end_waits_for_a_person() {
    let mut world = World::canary();
    let mut paused = rollout(2, "b", "a", "Paused");
    paused.pauses = vec!["CanaryPauseStep".to_owned()];
    paused.steps[1] = Step::Pause(None);
    world.rollout(paused.clone());
    assert_eq!(judged(release(), &world), "hotrod/hotrod is paused: step 2 waits until a person promotes it");
    paused.steps[1] = Step::Pause(Some("30s".to_owned()));
    world.rollout(paused.clone());
    assert!(judged(release(), &world).starts_with("… the canary hotrod/hotrod: step 2 of 3, pause of 30s"));
    paused.pauses = vec!["InconclusiveAnalysisRun".to_owned()];
    world.rollout(paused);
    assert!(judged(release(), &world).contains("came to no conclusion"));
}

#[test]
fn a_failed_sync_and_a_newer_commit_end_it() {
    let mut world = World::new();
    let mut failed = at(OLD, "Healthy");
    failed.sync = "OutOfSync".to_owned();
    failed.operation.as_mut().expect("one").phase = "Failed".to_owned();
    world.application(failed.clone());
    assert!(judged(release(), &world).starts_with("… "), "that operation was another commit's");
    let operation = failed.operation.as_mut().expect("one");
    operation.revision = Some(NEW.to_owned());
    operation.message = "one or more objects failed to apply".to_owned();
    world.application(failed);
    assert_eq!(judged(release(), &world), "argocd/hotrod could not be synced: one or more objects failed to apply");
    let mut after = at(NEXT, "Healthy");
    after.history.push(NEW.to_owned());
    world.application(after);
    assert_eq!(judged(release(), &world), "argocd/hotrod has moved on to commit 2222222222, which came after this one");
}

#[test]
fn a_retry_needs_a_reason() {
    let retried = |policy: RetryPolicy, world: &World| {
        let mut release = release();
        release.retry = policy;
        let (_, effects) = settle(State::new(release), Event::Begin, world);
        effects.contains(&Effect::Retry { name: hotrod() })
    };
    let since =
        |run: &str, gate: &str| RetryPolicy::Where([(Name::new("hotrod", run), [gate.to_owned()].into())].into());
    let gate = |name: &str| since("hotrod-b-2-1", name);
    assert!(retried(gate("latency"), &World::aborted()));
    assert!(!retried(gate("traffic"), &World::aborted()), "what failed did not change");
    assert!(!retried(since("hotrod-b-2-0", "latency"), &World::aborted()), "this run began after the push");
    assert!(!retried(RetryPolicy::Never, &World::aborted()));
    // A person's: the newest run is not a failed one.
    let mut person = World::canary();
    person.run("hotrod-b-2-1", run("b", "2", "Successful"));
    person.rollout(abort(rollout(2, "b", "a", "Degraded")));
    assert!(!retried(gate("latency"), &person));
    assert!(retried(RetryPolicy::Always, &person));
    assert!(judged(release(), &person).contains("was aborted, and by no gate"));
    assert!(!retried(RetryPolicy::Always, &World::promoted()));
    // A person's, after a retry and before its own run: the failed one is of the attempt before.
    let mut before = World::canary();
    let mut failed = run("b", "2", "Failed");
    failed.message = "Metric \"latency\" assessed Failed".to_owned();
    before.run("hotrod-b-2-1", failed);
    let mut by_gate = abort(rollout(2, "b", "a", "Degraded"));
    before.rollout(by_gate.clone());
    assert!(!retried(gate("latency"), &before));
    by_gate.message.push_str(": Metric \"latency\" assessed Failed");
    before.rollout(by_gate);
    assert!(retried(gate("latency"), &before));
}

#[test]
fn an_abort_from_before_the_retry_is_no_verdict() {
    let mut release = release();
    release.retry = RetryPolicy::Always;
    let mut world = World::aborted();
    let (state, effects) = settle(State::new(release), Event::Begin, &world);
    assert!(effects.contains(&Effect::Retry { name: hotrod() }));
    // The answer is still on its way, and then the watch lags behind it.
    let (state, effects) = settle(state, Event::Tick, &world);
    assert_eq!((state.verdict(), effects.as_slice()), (None, [].as_slice()));
    let version = world.version() + 1;
    let (state, _) = settle(state, Event::Acted { kind: "Rollout", name: hotrod(), version }, &world);
    let (state, _) = settle(state, Event::Tick, &world);
    assert_eq!(state.verdict(), None);
    assert_eq!(state.waiting().to_string(), "the controller of hotrod/hotrod to see the retry");
    // Cleared, and not yet taken up.
    let mut cleared = abort(rollout(2, "b", "a", "Degraded"));
    cleared.abort = false;
    world.rollout(cleared);
    let (state, _) = settle(state, Event::Tick, &world);
    assert_eq!(state.verdict(), None);
    // A second abort is one: it is not tried a third time.
    world.run("hotrod-b-2-1.1", run("b", "2", "Failed"));
    world.rollout(abort(rollout(2, "b", "a", "Degraded")));
    let (state, effects) = settle(state, Event::Tick, &world);
    assert!(effects.is_empty());
    let verdict = state.verdict().expect("a verdict").to_string();
    assert!(verdict.ends_with("in hotrod-b-2-1.1"), "{verdict}");
}

#[test]
fn the_collector_is_restarted_once() {
    let mut release = release();
    release.collectors = vec![CollectorTarget { workload: collector(), hash: None, changed: true }];
    let mut world = World::promoted();
    let restart = Effect::Restart { workload: collector(), commit: NEW.to_owned() };
    let (state, effects) = settle(State::new(release.clone()), Event::Begin, &world);
    assert!(effects.contains(&restart));
    let mut restarting = daemon();
    restarting.annotations.insert("hyperspace/restarted-for".to_owned(), NEW.to_owned());
    restarting.generation = 2;
    world.daemon(restarting.clone());
    let version = world.version();
    let (state, effects) = settle(state, restart.acted(version).expect("an answer"), &world);
    assert!(effects.is_empty() && state.verdict().is_none());
    restarting.observed = 2;
    restarting.updated = 0;
    world.daemon(restarting.clone());
    let (state, _) = settle(state, Event::Tick, &world);
    assert_eq!(
        state.waiting().to_string(),
        "the pods of otel/collector: 0 of 1 run the new configuration, 1 available"
    );
    restarting.updated = 1;
    world.daemon(restarting);
    let (state, _) = settle(state, Event::Tick, &world);
    assert!(state.verdict().is_some_and(delivery::Verdict::is_done));
    // Another run for the same commit finds it restarted.
    let (state, effects) = settle(State::new(release), Event::Begin, &world);
    assert!(!effects.contains(&restart) && state.verdict().is_some_and(delivery::Verdict::is_done));
}

#[test]
fn every_collector_is_waited_for_and_so_are_its_old_pods() {
    let mut release = release();
    let gateway = Workload { kind: Controller::Deployment, ..collector() };
    release.collectors.push(CollectorTarget { workload: gateway.clone(), hash: None, changed: false });
    let mut world = World::promoted();
    // A DaemonSet of the same name is another one.
    assert_eq!(judged(release.clone(), &world), "… Deployment otel/collector to be there");
    let surging = Collector { desired: 2, updated: 2, available: 2, old: 1, ..daemon() };
    world.workload(gateway.clone(), surging.clone());
    assert_eq!(
        judged(release.clone(), &world),
        "… the pods of otel/collector: 2 of 2 run the new configuration, 2 available, 1 with the old one"
    );
    world.workload(gateway, Collector { old: 0, ..surging });
    assert!(judged(release, &world).starts_with("done"));
}

#[test]
fn all_collectors_are_restarted_before_the_first_is_through() {
    let (daemons, gateway) = (collector(), Workload { kind: Controller::Deployment, ..collector() });
    let changed = |workload: &Workload| CollectorTarget { workload: workload.clone(), hash: None, changed: true };
    let release = Release { collectors: vec![changed(&daemons), changed(&gateway)], ..release() };
    let restart = |workload: &Workload| Effect::Restart { workload: workload.clone(), commit: NEW.to_owned() };
    let mut world = World::promoted();
    world.workload(gateway.clone(), daemon());
    let (state, effects) = settle(State::new(release), Event::Begin, &world);
    assert!(effects.contains(&restart(&daemons)) && !effects.contains(&restart(&gateway)));
    let mut restarting = Collector { generation: 2, ..daemon() };
    restarting.annotations.insert(delivery::RESTARTED_FOR.to_owned(), NEW.to_owned());
    world.workload(daemons.clone(), restarting.clone());
    let acted = restart(&daemons).acted(world.version()).expect("an answer");
    let (state, effects) = settle(state, acted, &world);
    assert_eq!(effects, [restart(&gateway)]);
    // Through, before the other one of its name is restarted.
    let through = Collector { observed: 2, ..restarting };
    world.workload(daemons, through.clone());
    world.workload(gateway.clone(), through);
    let acted = restart(&gateway).acted(world.version()).expect("an answer");
    let (state, effects) = settle(state, acted, &world);
    assert!(effects.is_empty() && state.verdict().is_some_and(delivery::Verdict::is_done), "{}", state.waiting());
}

#[test]
fn the_collector_must_carry_the_pushed_hash() {
    let mut release = release();
    let hash = ("hyperspace/config-hash".to_owned(), "abc".to_owned());
    release.collectors = vec![CollectorTarget { workload: collector(), hash: Some(hash.clone()), changed: true }];
    let mut world = World::promoted();
    assert!(judged(release.clone(), &world).contains("the configuration's hash abc in its pod template"));
    let mut with = daemon();
    with.annotations.extend([hash]);
    world.daemon(with);
    assert!(judged(release, &world).starts_with("done"));
}

#[test]
fn a_gate_that_failed_is_told_before_a_collector_that_waits() {
    let mut world = World::aborted();
    let mut broken = daemon();
    broken.available = 0;
    world.daemon(broken);
    assert!(judged(release(), &world).contains("was stopped by its gate"));
    // But nothing is tried again before the collector runs the new configuration.
    let mut release = release();
    release.retry = RetryPolicy::Always;
    let (state, effects) = settle(State::new(release), Event::Begin, &world);
    assert!(!effects.contains(&Effect::Retry { name: hotrod() }));
    assert!(state.waiting().to_string().starts_with("the pods of otel/collector"));
}

#[test]
fn a_refresh_is_asked_for_again_and_a_missing_application_through_its_set() {
    let (state, effects) = settle(State::new(release()), Event::Begin, &World::new());
    let refresh = Effect::Refresh { name: app() };
    let set = Effect::RefreshSet { name: Name::new("argocd", "all") };
    assert_eq!(effects, [set.clone(), refresh.clone()]);
    let (_, effects) = settle(state, Event::Tick, &World::new());
    assert_eq!(effects, [refresh]);
    let mut nothing = World::new();
    nothing.stages.push(delivery::View::default());
    let (state, _) = settle(State::new(release()), Event::Begin, &nothing);
    assert_eq!(state.waiting().to_string(), "Application argocd/hotrod to be there");
    let (_, effects) = settle(state, Event::Tick, &nothing);
    assert_eq!(effects, [set]);
}

#[test]
fn time_and_faults_end_it_and_nothing_changes_an_end() {
    let (state, _) = settle(State::new(release()), Event::Begin, &World::canary());
    let (late, _) = settle(state.clone(), Event::Deadline, &World::canary());
    let verdict = late.verdict().expect("an end").to_string();
    assert!(verdict.starts_with("timed out waiting for the canary hotrod/hotrod: step 2 of 3"), "{verdict}");
    let (same, effects) = settle(late.clone(), Event::Tick, &World::promoted());
    assert_eq!((same, effects.as_slice()), (late, [].as_slice()));
    let (broken, _) = settle(state, Event::Broken { message: "no right to get rollouts".to_owned() }, &World::canary());
    assert_eq!(broken.verdict().expect("an end").to_string(), "no right to get rollouts");
}

#[test]
fn a_look_that_the_watch_has_overtaken_is_no_verdict() {
    let promoted = World::promoted();
    let mut later = World::promoted();
    later.rollout(rollout(3, "c", "b", "Progressing"));
    let (state, _) = step(State::new(release()), Event::Begin);
    let (state, _) = step(state, Event::Seen(later.now().clone()));
    let (state, _) = step(state, Event::Looked { round: 1, view: promoted.now().clone() });
    assert_eq!(state.verdict(), None);
}

#[test]
fn who_sees_applications_alone_ends_when_they_have_synced() {
    let release = release().of_applications();
    assert!(release.sets.is_empty() && release.collectors.is_empty() && release.rollouts.is_empty());
    let mut world = World::promoted();
    world.application(at(OLD, "Healthy"));
    assert!(judged(release.clone(), &world).starts_with("… Argo CD to sync hotrod: it is at 0000000000"));
    world.application(at(NEW, "Healthy"));
    let synced = "synced; what was deployed is not followed: DaemonSet otel/collector, Rollout hotrod/hotrod";
    assert_eq!(judged(release.clone(), &world), synced);
    // Where nothing else is deployed, nothing is left to be seen.
    let release = Release { unseen: vec![], ..release };
    assert_eq!(judged(release.clone(), &world), "done: synced");
    world.application(at(NEW, "Progressing"));
    assert_eq!(judged(release, &world), "… Application hotrod to be Healthy: it is Progressing");
}
