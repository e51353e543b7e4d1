//! Events in any order, twice, late, or not at all.

use crate::world::*;
use delivery::{Effect, Event, Observed, RetryPolicy, State, View, step};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn worlds() -> Vec<World> {
    let mut all = vec![World::new(), World::canary(), World::promoted(), World::aborted()];
    // Done, and then the next commit came.
    let mut after = World::promoted();
    let mut next = at(NEXT, "Healthy");
    next.history.push(NEW.to_owned());
    after.application(next);
    all.push(after);
    // Aborted, taken up by a person, promoted.
    let mut again = World::aborted();
    again.rollout(rollout(2, "b", "a", "Progressing"));
    again.run("hotrod-b-2-1.1", run("b", "2", "Successful"));
    again.rollout(rollout(2, "b", "b", "Healthy"));
    again.application(at(NEW, "Healthy"));
    all.push(again);
    // Promoted, then the template was changed by somebody.
    let mut changed = World::promoted();
    changed.rollout(rollout(3, "c", "b", "Progressing"));
    all.push(changed);
    // Promoted, and the run that did it is gone.
    let mut lost = World::promoted();
    lost.lose_run("hotrod-b-2-1");
    all.push(lost);
    // Promoted, and then another rollout of the same name, which no run has let through.
    let mut other = World::promoted();
    other.lose_rollout();
    let mut made = rollout(1, "b", "b", "Healthy");
    made.uid = "other".to_owned();
    made.images = vec!["hotrod:2".to_owned()];
    other.rollout(made);
    all.push(other);
    all
}

const WORLDS: usize = 9;

/// One thing that reaches the machine.
#[derive(Clone, Debug)]
enum Delivered {
    /// The stage's state of one kind of object, or of all, as a watch gives it.
    Seen { stage: usize, kind: usize },
    /// The same after a gap, as a watch lists it anew: with what it had shown, and is there no more.
    Relisted { stage: usize, kind: usize },
    /// A tick.
    Tick,
    /// The answer to an open look, from that stage on the way.
    Answer { stage: usize },
    /// A look fails.
    Fails,
}

fn delivered() -> impl Strategy<Value = Delivered> {
    prop_oneof![
        6 => (0usize..100, 0usize..5).prop_map(|(stage, kind)| Delivered::Seen { stage, kind }),
        3 => (0usize..100, 0usize..5).prop_map(|(stage, kind)| Delivered::Relisted { stage, kind }),
        1 => Just(Delivered::Tick),
        3 => (0usize..100).prop_map(|stage| Delivered::Answer { stage }),
        1 => Just(Delivered::Fails),
    ]
}

fn part(view: &View, kind: usize) -> View {
    let mut part = View::default();
    match kind {
        0 => part.applications = view.applications.clone(),
        1 => part.rollouts = view.rollouts.clone(),
        2 => part.runs = view.runs.clone(),
        3 => part.collectors = view.collectors.clone(),
        _ => part = view.clone(),
    }
    part
}

/// What a watch that had shown `shown` says when it lists this anew.
fn relisted(shown: &View, now: &View) -> View {
    fn gone<K: Clone + Ord, T>(shown: &BTreeMap<K, Observed<T>>, now: &mut BTreeMap<K, Observed<T>>) {
        for (name, seen) in shown {
            now.entry(name.clone()).or_insert(Observed { version: seen.version, object: None });
        }
    }
    let mut view = now.clone();
    gone(&shown.applications, &mut view.applications);
    gone(&shown.rollouts, &mut view.rollouts);
    gone(&shown.runs, &mut view.runs);
    gone(&shown.collectors, &mut view.collectors);
    view
}

fn expected(world: &World) -> Option<delivery::Verdict> {
    settle(State::new(release()), Event::Begin, world).0.verdict().cloned()
}

/// Runs what is delivered: no answer shows less than an earlier one, as the apiserver's reads do not go back.
fn run_through(world: &World, events: &[Delivered], up_to: usize) -> (State, usize) {
    let (mut state, effects) = step(State::new(release()), Event::Begin);
    let mut open: Vec<u64> = rounds(&effects);
    let mut read = 0;
    // What the watches have shown, and up to which stage: a list shows no less.
    let (mut shown, mut newest) = (View::default(), 0);
    for event in events {
        let event = match event {
            Delivered::Seen { stage, kind } => {
                let seen = part(&world.stages[stage % up_to], *kind);
                newest = newest.max(stage % up_to);
                shown.merge(&seen);
                Event::Seen(seen)
            }
            Delivered::Relisted { stage, kind } => {
                newest = newest.max(stage % up_to);
                let seen = relisted(&part(&shown, *kind), &part(&world.stages[newest], *kind));
                shown.merge(&seen);
                Event::Seen(seen)
            }
            Delivered::Tick => Event::Tick,
            Delivered::Answer { stage } => {
                let Some(round) = open.pop() else { continue };
                read = read.max(stage % up_to);
                Event::Looked { round, view: world.stages[read].clone() }
            }
            Delivered::Fails => {
                let Some(round) = open.pop() else { continue };
                Event::LookFailed { round }
            }
        };
        let (next, effects) = step(state, event);
        state = next;
        open.extend(rounds(&effects));
        if state.verdict().is_some() {
            break;
        }
    }
    (state, read)
}

fn rounds(effects: &[Effect]) -> Vec<u64> {
    effects.iter().filter_map(|effect| if let Effect::Look { round } = effect { Some(*round) } else { None }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever came before: with the newest of everything in hand, the verdict is the one of the newest state.
    #[test]
    fn the_newest_observations_decide(which in 0..WORLDS, events in prop::collection::vec(delivered(), 0..60)) {
        let world = &worlds()[which];
        let (state, read) = run_through(world, &events, world.stages.len());
        if state.verdict().is_some() {
            // It fell on a look at that stage, and on nothing else.
            let mut then = World::new();
            then.stages = world.stages[..=read].to_vec();
            prop_assert_eq!(state.verdict().cloned(), expected(&then));
            return Ok(());
        }
        // A look may still be open: it fails, and the next tick asks again.
        let mut state = state;
        for round in 0..100 {
            state = step(state, Event::LookFailed { round }).0;
        }
        let (state, _) = settle(state, Event::Tick, world);
        prop_assert_eq!(state.verdict().cloned(), expected(world));
        prop_assert!(state.verdict().is_some() || !state.waiting().to_string().is_empty());
    }

    /// While the release is not through, nothing that was ever true makes it done.
    #[test]
    fn never_done_on_stale_observations(
        which in 0..WORLDS,
        before in 1usize..20,
        events in prop::collection::vec(delivered(), 0..80),
    ) {
        let world = &worlds()[which];
        let up_to = before.min(world.stages.len());
        let mut any = World::new();
        let done = |stage: &View| {
            any.stages = vec![stage.clone()];
            expected(&any).is_some_and(|verdict| verdict.is_done())
        };
        let done: Vec<bool> = world.stages[..up_to].iter().map(done).collect();
        let (state, read) = run_through(world, &events, up_to);
        if state.verdict().is_some_and(delivery::Verdict::is_done) {
            prop_assert!(done[read], "done on a look at stage {}", read);
        }
    }

    /// What happened twice counts once.
    #[test]
    fn repetition_changes_nothing(which in 0..WORLDS, stages in prop::collection::vec((0usize..100, 0usize..5), 0..40)) {
        let world = &worlds()[which];
        let seen = |stage: usize, kind: usize| Event::Seen(part(&world.stages[stage % world.stages.len()], kind));
        let run = |order: &[(usize, usize)]| {
            order.iter().fold(State::new(release()), |state, (stage, kind)| step(state, seen(*stage, *kind)).0)
        };
        let once = run(&stages);
        let twice: Vec<(usize, usize)> = stages.iter().rev().chain(&stages).copied().collect();
        let twice = run(&twice);
        prop_assert_eq!(once.view(), twice.view());
        prop_assert_eq!(once.waiting(), twice.waiting());
    }

    /// A retry is asked for once, however often the abort is seen.
    #[test]
    fn one_retry(events in prop::collection::vec(delivered(), 0..60)) {
        let world = World::aborted();
        let mut release = release();
        release.retry = RetryPolicy::Always;
        let (mut state, effects) = step(State::new(release), Event::Begin);
        let mut open = rounds(&effects);
        let mut retries = 0;
        for event in &events {
            let event = match event {
                Delivered::Seen { stage, kind } => Event::Seen(part(&world.stages[stage % world.stages.len()], *kind)),
                Delivered::Answer { .. } => match open.pop() {
                    Some(round) => Event::Looked { round, view: world.now().clone() },
                    None => continue,
                },
                _ => Event::Tick,
            };
            let (next, effects) = step(state, event);
            state = next;
            open.extend(rounds(&effects));
            retries += effects.iter().filter(|effect| matches!(effect, Effect::Retry { .. })).count();
        }
        prop_assert!(retries <= 1);
        prop_assert!(state.verdict().is_none(), "the abort was before the retry");
    }
}

#[test]
fn a_look_from_before_a_loss_gives_no_verdict() {
    let mut world = World::promoted();
    let before = world.now().clone();
    world.lose_run("hotrod-b-2-1");
    let (state, effects) = step(State::new(release()), Event::Begin);
    let [round] = rounds(&effects)[..] else { panic!("{effects:?}") };
    // The watch lists anew while the look is under way.
    let state = step(state, Event::Seen(before.clone())).0;
    let (state, _) = step(state, Event::Seen(relisted(&before, world.now())));
    let (state, effects) = step(state, Event::Looked { round, view: before });
    assert_eq!(state.verdict(), None, "the run was gone when the look came back");
    let [round] = rounds(&effects)[..] else { panic!("it looks again: {effects:?}") };
    let (state, _) = step(state, Event::Looked { round, view: world.now().clone() });
    assert_eq!(state.verdict().cloned(), expected(&world));
    assert!(!expected(&world).is_some_and(|verdict| verdict.is_done()));
}
