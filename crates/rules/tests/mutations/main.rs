//! Many faults in the clean manifests, one at a time and in many spellings: each is found as the root, nothing else is said, and
//! the safe fixes lead back to a clean state. `MUTATION=word` runs those alone whose name contains the word.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod arrangements;
mod collector;
mod damage;
mod dice;
mod dress;
mod frame;
mod good;
mod judge;
mod mutator;
mod participants;
mod reads;
mod spec;
mod spelling;
mod state;
mod verdicts;
mod wiring;

use dice::Dice;
use dress::dressed;
use judge::{Case, judged, roots, told};
use mutator::Mutator;
use state::State;
use std::collections::{BTreeMap, HashSet};

/// Throws of the dice for each mutator: enough for as many different states as are kept.
const THROWS: u64 = 16;
/// States of each mutator as they are, and in other clothes.
const KEPT: (usize, usize) = (3, 2);

fn mutators() -> impl Iterator<Item = &'static Mutator> {
    [
        reads::MUTATORS,
        verdicts::MUTATORS,
        frame::MUTATORS,
        collector::MUTATORS,
        wiring::MUTATORS,
        participants::MUTATORS,
    ]
    .into_iter()
    .flatten()
}

fn cases() -> Vec<Case> {
    let mut found = Vec::new();
    for mutator in mutators() {
        let mut seen = HashSet::new();
        let (mut plain, mut other) = KEPT;
        for throw in 0..THROWS {
            let wear = plain == 0;
            let left = if wear { &mut other } else { &mut plain };
            let Some(mut case) = (mutator.make)(&mut Dice::new(mutator.name, throw)).filter(|_| *left > 0) else {
                continue;
            };
            case.name = format!("{} #{throw}", mutator.name);
            let case = if wear { dressed(case, &mut Dice::new(mutator.name, throw + 100)) } else { Some(case) };
            let Some(case) = case else { continue };
            if seen.insert(format!("{:?}{:?}", case.after.files, case.after.context.push.is_some())) {
                *left -= 1;
                found.push(case);
            }
        }
    }
    found
}

/// Runs `look` over the items on all cores and joins what it says.
fn everywhere<T: Sync>(items: &[T], look: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        while let Some(item) = items.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            found.extend(look(item));
        }
        found
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|w| w.join().unwrap()).collect()
    })
}

fn wanted(name: &str) -> bool {
    std::env::var("MUTATION").map_or(true, |word| name.contains(&word))
}

#[test]
fn the_manifests_are_clean() {
    let report = judged(&State::clean());
    assert!(roots(&report).next().is_none(), "{}", told(&report));
}

#[test]
fn every_rule_is_provoked() {
    let cases = cases();
    assert!(mutators().count() >= 40 && cases.len() >= 200, "{} from {}", cases.len(), mutators().count());
    for rule in hyperspace_rules::rules() {
        let count = cases.iter().filter(|c| c.roots.contains(&rule.name)).count();
        assert!(count >= 3, "{} is provoked {count} times", rule.name);
    }
}

#[test]
fn every_mutation_is_found_and_mended() {
    let cases: Vec<Case> = cases().into_iter().filter(|c| wanted(&c.name)).collect();
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for root in cases.iter().flat_map(|c| &c.roots) {
        *rules.entry(root).or_default() += 1;
    }
    println!("{} mutations; by rule: {rules:?}", cases.len());
    let failures = everywhere(&cases, |case| {
        let problems = case.problems();
        let changed = case.after.files.iter().filter(|f| !case.before.files.contains(f));
        let text: String = changed.map(|(path, text)| format!("--- {path}\n{text}")).collect();
        (!problems.is_empty()).then(|| format!("==== {}\n{}\n{text}", case.name, problems.join("\n")))
    });
    assert!(failures.is_empty(), "{}\n{} of {}", failures.join("\n"), failures.len(), cases.len());
}

#[test]
fn sound_spellings_are_sound() {
    let failures = good::unsound_spellings(40);
    assert!(failures.is_empty(), "{}\n{} fail", failures.join("\n"), failures.len());
}

#[test]
fn sound_variants_are_sound() {
    let failures = good::failures(wanted);
    assert!(failures.is_empty(), "{}\n{} of {} fail", failures.join("\n"), failures.len(), good::count());
}

#[test]
fn other_clothes_are_sound() {
    for dress in dress::DRESSES {
        let mut state = State::clean();
        dress::put_on(&mut state, dress);
        let report = judged(&state);
        assert!(roots(&report).next().is_none(), "{dress:?}\n{}", told(&report));
        assert_eq!(report.judged.gates, 3, "{dress:?}");
    }
}

#[test]
fn damage_is_survived() {
    let throws: Vec<u64> = (0..500).collect();
    let failures = everywhere(&throws, |throw| damage::problem(*throw));
    assert!(failures.is_empty(), "{}\n{} of {} fail", failures.join("\n"), failures.len(), throws.len());
}
