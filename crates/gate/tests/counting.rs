//! Our counting beside Argo Rollouts' own: whole analysis runs, from what Prometheus answers to the run's phase and the
//! times at which samples were taken.
//!
//! The real controller takes minutes to build, so what it did is recorded (`counting/recorded.jsonl`, written with
//! `RECORD=1 cargo test -p hyperspace-gate --test counting -- --ignored`). The ignored test runs it: on the recorded runs,
//! and on thousands more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use hyperspace_gate::analysis::{ERROR_RETRY, Limits, MetricStatus, Outcome, assess, assess_ended, int_or_string};
use hyperspace_gate::condition::{Condition, Measured, ResultType, compile, phase};
use lab::{Program, judge};
use serde_json::{Value, json};

const RECORDED: &str = include_str!("counting/recorded.jsonl");

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.roll(items.len())].clone()
    }
}

/// A metric with samples to read, odd numbers among them.
fn request(dice: &mut Dice) -> Value {
    let mut metric = serde_json::Map::new();
    let conditions = [
        ("result[0] < 0.05", ""),
        ("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05", ""),
        ("", "result[0] >= 0.05"),
        ("result[0] < 0.05", "result[0] > 0.1"),
        ("result < 0.05", ""),
        ("", ""),
    ];
    // The first two are what people write.
    let (success, failure) = if dice.roll(2) == 0 { conditions[dice.roll(2)] } else { dice.pick(&conditions) };
    for (key, text) in [("successCondition", success), ("failureCondition", failure)] {
        if !text.is_empty() {
            metric.insert(key.to_owned(), json!(text));
        }
    }
    if dice.roll(8) > 0 {
        metric.insert("interval".to_owned(), json!(dice.pick(&["10s", "10s", "7s", "1m"])));
    }
    if dice.roll(3) == 0 {
        metric.insert("initialDelay".to_owned(), json!(dice.pick(&["5s", "90s"])));
    }
    let numbers = |small: &[i64]| small.iter().map(|n| json!(n)).collect::<Vec<_>>();
    for (key, skip, values) in [
        ("count", 8, numbers(&[3, 5, 1, 2, 4, 0, -2])),
        ("failureLimit", 3, numbers(&[0, 1, 2, 3, -1, -2])),
        ("inconclusiveLimit", 2, numbers(&[0, 1, 2, -1])),
        ("consecutiveErrorLimit", 3, numbers(&[0, 1, 2, 4, -1])),
        ("consecutiveSuccessLimit", 1, numbers(&[0, 1, 2, 3, -1])),
    ] {
        if dice.roll(10) < skip {
            let value = if dice.roll(15) == 0 {
                dice.pick(&[json!("2"), json!("many"), json!("4294967297")])
            } else {
                let likely = values.len().min(4);
                if dice.roll(3) > 0 { values[dice.roll(likely)].clone() } else { dice.pick(&values) }
            };
            metric.insert(key.to_owned(), value);
        }
    }
    let kinds = ["0.01", "0.01", "0.01", "0.5", "0.07", "NaN", "none", "error", "0.01,0.5", "0.5,0.01", "+Inf"];
    let samples: Vec<&str> = (0..1 + dice.roll(8)).map(|_| dice.pick(&kinds)).collect();
    json!({"metric": metric, "samples": samples, "dryRun": dice.roll(12) == 0, "terminate": dice.roll(6) == 0})
}

fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().map(int_or_string))
}

fn seconds(value: &Value) -> Option<Duration> {
    let text = value.as_str()?;
    let (amount, unit) = text.split_at(text.len() - 1);
    Some(Duration::from_secs(amount.parse::<u64>().unwrap() * if unit == "m" { 60 } else { 1 }))
}

fn limits(request: &Value) -> Limits {
    let metric = &request["metric"];
    let default = Limits::default();
    Limits {
        count: number(&metric["count"]),
        interval: seconds(&metric["interval"]),
        initial_delay: seconds(&metric["initialDelay"]).unwrap_or_default(),
        failure_limit: number(&metric["failureLimit"]).unwrap_or(default.failure_limit),
        inconclusive_limit: number(&metric["inconclusiveLimit"]).unwrap_or(default.inconclusive_limit),
        consecutive_error_limit: number(&metric["consecutiveErrorLimit"]).unwrap_or(default.consecutive_error_limit),
        consecutive_success_limit: number(&metric["consecutiveSuccessLimit"]),
        dry_run: request["dryRun"].as_bool().unwrap(),
    }
}

fn outcome(request: &Value, sample: &str) -> Outcome {
    let values = match sample {
        "error" => return Outcome::Error,
        "none" => Vec::new(),
        values => values.split(',').map(|v| v.parse::<f64>().unwrap()).collect(),
    };
    let condition = |key: &str| request["metric"][key].as_str().map(|text| compile(text, ResultType::Vector));
    let (success, failure) = (condition("successCondition"), condition("failureCondition"));
    let broken = |c: &Option<Result<Condition, _>>| matches!(c, Some(Err(_)));
    if broken(&success) || broken(&failure) {
        return Outcome::Error;
    }
    let (success, failure) = (success.and_then(Result::ok), failure.and_then(Result::ok));
    phase(success.as_ref(), failure.as_ref(), &Measured::Vector(values))
}

/// What we say about a run, in the judge's words.
fn ours(request: &Value) -> Value {
    let limits = limits(request);
    if let Some(fault) = limits.fault() {
        let message = format!("Analysis spec invalid: metrics[0]: {fault}");
        return json!({"phase": "Error", "metricPhase": "", "message": message, "taken": 0, "times": []});
    }
    let samples: Vec<Outcome> =
        request["samples"].as_array().unwrap().iter().map(|s| outcome(request, s.as_str().unwrap())).collect();
    let taken = (1..=samples.len()).find(|n| assess(&limits, &samples[..*n]).is_completed()).unwrap_or(samples.len());
    let outcomes = &samples[..taken];
    let status = if request["terminate"] == true { assess_ended } else { assess }(&limits, outcomes);
    let mut at = limits.initial_delay;
    let mut times = Vec::new();
    for outcome in outcomes {
        times.push(at.as_secs());
        at += if *outcome == Outcome::Error { ERROR_RETRY } else { limits.interval.unwrap_or(ERROR_RETRY) };
    }
    let run = if limits.dry_run && status.is_completed() { MetricStatus::Successful } else { status };
    json!({"phase": format!("{run:?}"), "metricPhase": format!("{status:?}"), "taken": taken, "times": times})
}

/// The first disagreement, if any; messages count where a run is refused.
fn disagreement(request: &Value, theirs: &Value) -> Option<String> {
    let ours = ours(request);
    let keys: &[&str] = match ours.get("message") {
        Some(_) => &["phase", "metricPhase", "message", "taken", "times"],
        None => &["phase", "metricPhase", "taken", "times"],
    };
    let differ = keys.iter().any(|key| ours[key] != theirs[key]);
    differ.then(|| format!("{request}\n  ours   {ours}\n  theirs {theirs}"))
}

fn ask(requests: &[Value]) -> Option<Vec<Value>> {
    let mut child =
        Command::new(judge(Program::Analysis)?).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input: String = requests.iter().map(|r| format!("{r}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), requests.len());
    Some(answers)
}

fn recorded() -> Vec<(Value, Value)> {
    let lines = RECORDED.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|line| (line["request"].clone(), line["answer"].clone())).collect()
}

#[test]
fn recorded_runs_agree_with_the_real_controller() {
    let recorded = recorded();
    assert!(recorded.len() >= 600);
    let wrong: Vec<String> = recorded.iter().filter_map(|(request, theirs)| disagreement(request, theirs)).collect();
    assert!(wrong.is_empty(), "{} of {}, the first:\n{}", wrong.len(), recorded.len(), wrong[0]);
    // The recording is worth something only where every end and every way there is in it.
    for phase in ["Successful", "Failed", "Error", "Inconclusive", "Running"] {
        let seen = recorded.iter().filter(|(_, answer)| answer["metricPhase"] == phase).count();
        assert!(seen >= 10, "{phase}: {seen}");
    }
}

#[test]
#[ignore = "builds Argo Rollouts' analysis controller, which takes minutes"]
fn the_real_controller_does_what_is_recorded_and_more() {
    if std::env::var_os("RECORD").is_some() {
        let mut dice = Dice(1);
        let requests: Vec<Value> = (0..700).map(|_| request(&mut dice)).collect();
        let Some(answers) = ask(&requests) else { return };
        let lines: String =
            requests.iter().zip(answers).map(|(q, a)| format!("{}\n", json!({"request": q, "answer": a}))).collect();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/counting/recorded.jsonl");
        std::fs::write(path, lines).unwrap();
        return;
    }
    let (requests, recorded): (Vec<Value>, Vec<Value>) = recorded().into_iter().unzip();
    let Some(answers) = ask(&requests) else { return };
    assert_eq!(answers, recorded);
    let mut dice = Dice(2);
    let requests: Vec<Value> = (0..5000).map(|_| request(&mut dice)).collect();
    let answers = ask(&requests).unwrap();
    let pairs = requests.iter().zip(&answers);
    let wrong: Vec<String> = pairs.filter_map(|(request, theirs)| disagreement(request, theirs)).collect();
    assert!(wrong.is_empty(), "{} of {}, the first:\n{}", wrong.len(), requests.len(), wrong[0]);
}
