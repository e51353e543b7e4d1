//! Our "would not start" against the real collector, over mutated configurations of its 18 components.
//!
//! `validate` judges; where it is content and we are not, the collector is started, as validate does not build the pipelines.
//! Needs Go; skipped loudly without it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod mutate;

use hyperspace_lab::{Program, judge};
use model::{Context, Repository, SourceFile};
use mutate::{Dice, mutate};
use rules::{Severity, check};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many different mutated configurations are judged.
const CASES: usize = 2_000;
/// Of a hundred thousand, how many we may take for starting although the collector refuses them: 0.5 %.
const MISSED: usize = 500;
/// The rules whose errors say that the collector does not start.
const FATAL: [&str; 10] = [
    "collector/no-receiver",
    "collector/undefined-component",
    "collector/unknown-component-type",
    "collector/half-wired-connector",
    "collector/unknown-key",
    "collector/invalid-value",
    "collector/unsupported-signal",
    "collector/ambiguous-id",
    "yaml/syntax",
    "yaml/duplicate-key",
];

/// The workload that reads the configuration, with the version that the judge is built from.
const WORKLOAD: &str = r#"apiVersion: apps/v1
kind: DaemonSet
metadata: {name: collector, namespace: otel}
spec:
  selector: {matchLabels: {app: collector}}
  template:
    metadata: {labels: {app: collector}}
    spec:
      containers:
        - name: collector
          image: otel/opentelemetry-collector-contrib:0.145.0
          args: ["--config=/conf/config.yaml"]
          volumeMounts: [{name: config, mountPath: /conf}]
      volumes: [{name: config, configMap: {name: collector}}]
"#;

struct Case {
    fault: &'static str,
    text: String,
}

fn cases() -> Vec<Case> {
    let bases = [include_str!("gateway.yaml"), include_str!("logs.yaml")];
    let mut dice = Dice::new(145);
    let mut seen = std::collections::HashSet::new();
    let mut cases = Vec::new();
    while cases.len() < CASES {
        let base = bases[dice.below(bases.len())];
        let Some((fault, text)) = mutate(base, &mut dice) else { continue };
        if seen.insert(text.clone()) {
            cases.push(Case { fault, text });
        }
    }
    cases
}

/// What our rules find that keeps the collector from starting.
fn ours(text: &str) -> Vec<String> {
    let indented: String = text.lines().map(|line| format!("    {line}\n")).collect();
    let config = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: collector, namespace: otel}}\ndata:\n  config.yaml: |2\n{indented}"
    );
    let file = |path: &str, text: String| SourceFile { path: path.to_owned(), content: Ok(text.into()) };
    let files = [file("otel/config.yaml", config), file("otel/daemonset.yaml", WORKLOAD.to_owned())];
    let context = Context::default();
    let report = check(&Repository::read(&files, &context), &context);
    report
        .findings
        .iter()
        .map(|reported| &reported.finding)
        .filter(|finding| finding.severity == Severity::Error && FATAL.contains(&finding.rule))
        .map(|finding| format!("{}: {}", finding.rule, finding.message))
        .collect()
}

/// What `validate` says, or nothing when it is content.
fn refusal(collector: &Path, config: &Path) -> Option<String> {
    let output = Command::new(collector).arg("validate").arg("--config").arg(config).output().unwrap();
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Whether the collector is still there after two seconds.
fn starts(collector: &Path, config: &Path) -> bool {
    let mut child = Command::new(collector)
        .arg("--config")
        .arg(config)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

#[test]
fn we_refuse_what_the_collector_refuses() {
    let Some(collector) = judge(Program::Collector) else { return };
    let cases = cases();
    let scratch = tempfile::tempdir().unwrap();
    let next = Mutex::new(0..cases.len());
    let disagreements = Mutex::new((Vec::new(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, Into::into) {
            scope.spawn(|| {
                while let Some(at) = { next.lock().unwrap().next() } {
                    let case = &cases[at];
                    let config = scratch.path().join(format!("{at}.yaml"));
                    std::fs::write(&config, &case.text).unwrap();
                    let (ours, theirs) = (ours(&case.text), refusal(&collector, &config));
                    match theirs {
                        None if !ours.is_empty() => disagreements.lock().unwrap().0.push((at, ours.join("\n"))),
                        Some(said) if ours.is_empty() => disagreements.lock().unwrap().1.push((at, said)),
                        _ => {}
                    }
                }
            });
        }
    });
    let (mut strict, missed) = disagreements.into_inner().unwrap();
    // One after the other: they listen on the same ports.
    strict.retain(|(at, _)| starts(&collector, &scratch.path().join(format!("{at}.yaml"))));
    for (word, list) in [("starts, we said it would not", &strict), ("refused, we said nothing", &missed)] {
        for (at, said) in list {
            println!("== {word}: {} #{at}\n{}\n{}", cases[*at].fault, said.trim(), difference(&cases[*at].text));
        }
    }
    println!("{} cases, {} too strict, {} missed", cases.len(), strict.len(), missed.len());
    assert!(strict.is_empty(), "{} configurations start that we refuse", strict.len());
    assert!(missed.len() * 100_000 <= MISSED * cases.len(), "{} refused configurations missed", missed.len());
}

/// The mutated lines that stand in neither base, with their neighbours, to read a disagreement by.
fn difference(text: &str) -> String {
    let base = format!("{}{}", include_str!("gateway.yaml"), include_str!("logs.yaml"));
    let known: std::collections::HashSet<&str> = base.lines().collect();
    let lines: Vec<&str> = text.lines().collect();
    let near = |at: usize| (at.saturating_sub(2)..=at + 1).any(|i| lines.get(i).is_some_and(|l| !known.contains(l)));
    let shown: Vec<&str> = (0..lines.len()).filter(|at| near(*at)).map(|at| lines[at]).collect();
    if shown.is_empty() { text.to_owned() } else { shown.join("\n") }
}
