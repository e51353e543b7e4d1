//! The catalogue against the real collector: what the compiled components say of themselves is what the data says.
//! Needs Go; skipped loudly without it.

#![allow(clippy::expect_used)] // helpers of tests

use hyperspace_catalogue::{Class, Distribution, Signal, Verdict, Version, component, service, verdict};
use lab::{Program, judge};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;

/// What the judge is built from.
const BUILT: Version = Version(0, 145, 0);

fn class(word: &str) -> Option<Class> {
    Class::ALL.into_iter().find(|c| c.as_str() == word)
}

fn signal(word: &str) -> Option<Signal> {
    match word {
        "traces" => Some(Signal::Traces),
        "metrics" => Some(Signal::Metrics),
        "logs" => Some(Signal::Logs),
        "profiles" => Some(Signal::Profiles),
        _ => None,
    }
}

/// The lines that the compiled factories print of themselves: the same program that the data was generated with.
fn compiled() -> Option<Vec<Value>> {
    let output = Command::new(judge(Program::CollectorKeys)?).output().expect("the keys program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    Some(text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect())
}

#[test]
fn signals_and_joins_are_those_of_the_compiled_components() {
    let Some(lines) = compiled() else { return };
    let mut compared = 0;
    for line in &lines {
        let Some(class) = line["class"].as_str().and_then(class) else { continue };
        let name = line["type"].as_str().expect("a type");
        let known = component(class, name).unwrap_or_else(|| panic!("{class:?} {name} is not in the data"));
        assert!(known.reflected, "{class:?} {name}");
        assert_eq!(verdict(class, name, Distribution::Contrib, Some(BUILT)), Verdict::Known, "{class:?} {name}");
        let said: Vec<&String> = line["signals"].as_object().map(|s| s.keys().collect()).unwrap_or_default();
        let plain: BTreeSet<Signal> = said.iter().filter_map(|s| signal(s)).collect();
        let joins: BTreeSet<(Signal, Signal)> = said
            .iter()
            .filter_map(|s| s.split_once("->"))
            .filter_map(|(from, to)| Some((signal(from)?, signal(to)?)))
            .collect();
        assert_eq!(known.signals.iter().flatten().copied().collect::<BTreeSet<_>>(), plain, "{class:?} {name}");
        assert_eq!(known.joins.iter().flatten().copied().collect::<BTreeSet<_>>(), joins, "{class:?} {name}");
        if let Some(alias) = line["alias"].as_str() {
            assert_eq!(verdict(class, alias, Distribution::Contrib, Some(BUILT)), Verdict::Known, "{class:?} {alias}");
        }
        compared += 1;
    }
    assert_eq!(compared, 18);
}

#[test]
fn keys_are_as_fresh_as_the_compiled_components() {
    let Some(lines) = compiled() else { return };
    let data: Vec<(&str, Value)> = include_str!("../data/components.jsonl")
        .lines()
        .filter_map(|line| line.split_once('{'))
        .map(|(name, rest)| (name.trim(), serde_json::from_str(&format!("{{{rest}")).expect("a line of JSON")))
        .collect();
    for line in lines.iter().filter(|line| line["class"] != "type") {
        let name = format!("{} {}", line["class"].as_str().expect("a class"), line["type"].as_str().expect("a type"));
        let held = data.iter().find(|(held, _)| *held == name).map(|(_, value)| &value["keys"]);
        assert_eq!(held, Some(&line["keys"]), "{name}: run crates/catalogue/generate/generate.py");
    }
    assert!(service().is_some());
}

#[test]
fn what_the_binary_lists_is_known_to_the_data() {
    let Some(collector) = judge(Program::Collector) else { return };
    let output = Command::new(collector).arg("components").output().expect("the collector runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let (mut section, mut listed) = (None, 0);
    for line in text.lines() {
        if let Some(head) = line.strip_suffix(':').filter(|head| !head.starts_with(' ')) {
            section = class(head.trim_end_matches('s'));
        }
        let (Some(class), Some(name)) = (section, line.trim_start().strip_prefix("- name: ")) else { continue };
        assert_eq!(verdict(class, name, Distribution::Contrib, Some(BUILT)), Verdict::Known, "{class:?} {name}");
        listed += 1;
    }
    assert!(listed >= 18, "{text}");
}
