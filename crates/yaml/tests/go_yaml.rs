//! Our reading against the readers of the collector and of Kubernetes, on mutated documents. Needs Go and its module
//! proxy or cache; without them it says so and passes.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test may end at the first surprise")]

mod generate;

use generate::{document, layout, write};
use hyperspace_yaml::{Value, parse};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const CASES: usize = 4000;

/// What a slip of the hand puts into a manifest.
const SLIPS: [&str; 22] = [
    "\n", " ", "  ", "\t", ":", ": ", "-", "- ", " #", "\"", "'", "[", "]", "{", "}", ",", "|", ">", "\n---\n", "@",
    "0", "*a",
];

fn judge() -> Option<Child> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go-yaml");
    let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-yaml");
    let build = Command::new("go").current_dir(module).args(["build", "-o"]).arg(&binary).arg(".").output();
    match build {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            eprintln!("SKIPPED: go build: {}", String::from_utf8_lossy(&output.stderr));
            return None;
        }
        Err(error) => {
            eprintln!("SKIPPED: go: {error}");
            return None;
        }
    }
    Some(Command::new(binary).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the judge starts"))
}

fn mutated(mut text: String, dice: &[u16]) -> String {
    for pair in dice.chunks_exact(3) {
        let mut at = usize::from(pair[0]) % (text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let line = usize::from(pair[0]) % lines.len().max(1);
        match pair[1] % 8 {
            0 if at < text.len() => drop(text.remove(at)),
            1..=3 => text.insert_str(at, SLIPS[usize::from(pair[2]) % SLIPS.len()]),
            4 if !lines.is_empty() => {
                lines.remove(line);
                text = lines.concat();
            }
            5 if !lines.is_empty() => {
                lines.insert(line, lines[line].clone());
                text = lines.concat();
            }
            6 if !lines.is_empty() => {
                lines[line].insert_str(0, "  ");
                text = lines.concat();
            }
            _ => {}
        }
    }
    text
}

fn same(ours: &Value, theirs: &Json) -> bool {
    match (ours, theirs) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(a), Json::Bool(b)) => a == b,
        (Value::Int(a), Json::Number(b)) => Some(*a as f64) == b.as_f64(),
        (Value::Float(a), Json::Number(b)) => b.as_f64().is_some_and(|b| (a - b).abs() <= f64::EPSILON * a.abs()),
        (Value::Str(a) | Value::Block(a), Json::String(b)) => a == b,
        (Value::Seq(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Map(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => false,
    }
}

#[test]
fn we_read_what_the_collector_and_kubernetes_read() {
    let Some(mut child) = judge() else { return };
    let mut stdin = child.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (document(), layout(), proptest::collection::vec(any::<u16>(), 0..7));
    let (mut lenient, mut strict, mut differ, mut refused) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..CASES {
        let (value, layout, dice) = strategy.new_tree(&mut runner).expect("a document").current();
        let text = mutated(write(&value, &layout), &dice);
        write!(stdin, "{}\n{text}", text.len()).and_then(|()| stdin.flush()).expect("the judge listens");
        let answer = answers.next().expect("an answer").expect("text");
        let answer: Json = serde_json::from_str(&answer).expect("JSON");
        let error = answer["error"].as_str().unwrap_or_default();
        if error.starts_with("unspeakable") {
            continue;
        }
        refused += usize::from(!error.is_empty());
        let stream = parse(text.as_str());
        match (stream.faults().first(), error) {
            (None, "") => {
                let theirs = answer["documents"].as_array().cloned().unwrap_or_default();
                let ours: Vec<Value> = stream.documents().map(|root| root.to_value()).collect();
                if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(|(a, b)| same(a, b)) {
                    differ.push(format!("{text:?}\n  ours {ours:?}\n  theirs {theirs:?}"));
                }
            }
            (None, error) => lenient.push(format!("{error}\n  {text:?}")),
            (Some(fault), "") => strict.push(format!("{}\n  {text:?}", fault.message)),
            (Some(_), _) => {}
        }
    }
    drop(stdin);
    let _ = child.wait();
    eprintln!("{CASES} texts, {refused} refused by yaml.v3");
    for (what, list) in
        [("refused by us alone", &strict), ("refused by it alone", &lenient), ("read differently", &differ)]
    {
        eprintln!("{what}: {}\n{}", list.len(), list.join("\n"));
    }
    assert!(refused > CASES / 10, "the mutations are too tame");
    assert!(strict.len() * 1000 <= CASES && lenient.len() * 200 <= CASES && differ.len() * 1000 <= CASES);
}
