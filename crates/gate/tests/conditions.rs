//! Our evaluator of conditions beside Argo Rollouts' own: compile verdicts and values must agree.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::io::Write;
use std::process::{Command, Stdio};

use hyperspace_gate::condition::{CompileError, Condition, Measured, Refusal, ResultType, compile, phase};
use lab::{Program, judge};
use serde_json::{Value, json};

#[path = "conditions/corpus.rs"]
mod corpus;

/// Asks the judge all at once; answers come in the order of the questions.
fn ask(questions: &[Value]) -> Option<Vec<Value>> {
    let program = judge(Program::Evaluate)?;
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input: String = questions.iter().map(|q| format!("{q}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    Some(answers)
}

fn as_json(m: &Measured) -> Value {
    let number = |v: &f64| if v.is_finite() { json!(v) } else { json!(format!("{v}").replace("inf", "Inf")) };
    match m {
        Measured::Vector(values) => {
            json!({"type": "vector", "values": values.iter().map(number).collect::<Vec<_>>()})
        }
        Measured::Scalar(value) => json!({"type": "scalar", "values": [number(value)]}),
    }
}

fn measurements(ty: ResultType) -> Vec<Measured> {
    let (nan, inf) = (f64::NAN, f64::INFINITY);
    match ty {
        ResultType::Vector => {
            let vectors: [&[f64]; 10] = [
                &[],
                &[nan],
                &[0.01],
                &[1.0],
                &[1000.0],
                &[-2.5],
                &[inf],
                &[0.01, 3.0],
                &[nan, 0.5],
                &[0.2, 0.01, 5.0],
            ];
            vectors.iter().map(|v| Measured::Vector(v.to_vec())).collect()
        }
        ResultType::Scalar => [nan, 0.01, 1.0, inf, -inf].iter().map(|v| Measured::Scalar(*v)).collect(),
    }
}

#[derive(Default)]
struct Tally {
    conditions: usize,
    refused: usize,
    evaluations: usize,
    unmodelled: Vec<String>,
    disagreements: Vec<String>,
    other_words: usize,
}

fn compare(conditions: &[String]) -> Option<Tally> {
    let mut tally = Tally::default();
    let mut questions = Vec::new();
    let mut asked: Vec<(&str, Result<Condition, CompileError>, Measured)> = Vec::new();
    for text in conditions {
        for ty in [ResultType::Vector, ResultType::Scalar] {
            tally.conditions += 1;
            let ours = compile(text, ty);
            if let Err(CompileError { kind: Refusal::NotModelled, .. }) = ours {
                tally.unmodelled.push(text.clone());
                continue;
            }
            tally.refused += usize::from(ours.is_err());
            for m in measurements(ty) {
                questions.push(json!({"condition": text, "result": as_json(&m)}));
                asked.push((text, ours.clone(), m));
            }
        }
    }
    let answers = ask(&questions)?;
    for ((text, ours, m), answer) in asked.iter().zip(answers) {
        tally.evaluations += 1;
        let (stage, theirs) = (answer["stage"].as_str(), answer["value"].as_bool());
        let error = answer["error"].as_str().unwrap_or_default();
        let agree = match (ours, stage) {
            (Err(ours), Some("compile")) => {
                tally.other_words += usize::from(ours.message != error);
                matches!(ours.kind, Refusal::Syntax | Refusal::Type)
            }
            // Compiles there and fails at every measurement, so that a boolean never comes out.
            (Err(ours), Some(_)) => ours.kind == Refusal::NeverBool,
            (Err(_), None) | (Ok(_), Some("compile")) => false,
            (Ok(condition), _) => condition.eval(m).ok() == theirs,
        };
        if !agree {
            let ours = match ours {
                Ok(condition) => format!("{:?}", condition.eval(m)),
                Err(error) => format!("{:?}: {error}", error.kind),
            };
            tally.disagreements.push(format!("{text}\n    on {m:?}\n    ours {ours}\n    theirs {answer}"));
        }
    }
    Some(tally)
}

fn agree(name: &str, conditions: &[String]) -> Option<Tally> {
    let tally = compare(conditions)?;
    eprintln!(
        "{name}: {} conditions, {} refused, {} evaluations, {} not modelled, {} errors in other words",
        tally.conditions,
        tally.refused,
        tally.evaluations,
        tally.unmodelled.len(),
        tally.other_words
    );
    let shown: Vec<&String> = tally.disagreements.iter().take(40).collect();
    assert!(shown.is_empty(), "{} disagreements, the first:\n{}", tally.disagreements.len(), join(&shown));
    Some(tally)
}

fn join(lines: &[&String]) -> String {
    lines.iter().map(|l| l.as_str()).collect::<Vec<_>>().join("\n")
}

fn written() -> Vec<String> {
    corpus::WRITTEN.lines().map(ToOwned::to_owned).collect()
}

#[test]
fn written_conditions_agree_with_the_real_evaluator() {
    let conditions = written();
    assert!(conditions.len() >= 300);
    if let Some(tally) = agree("written", &conditions) {
        assert!(tally.unmodelled.len() < 20, "{:?}", tally.unmodelled);
    }
}

#[test]
fn generated_conditions_agree_with_the_real_evaluator() {
    let mut dice = corpus::Dice(20_260_101);
    let conditions: Vec<String> = (0..1500).map(|i| corpus::condition(&mut dice, i % 5, false)).collect();
    agree("generated", &conditions);
}

#[test]
fn mutated_conditions_agree_with_the_real_evaluator() {
    let mut dice = corpus::Dice(42);
    let written = written();
    let conditions: Vec<String> = (0..2000).map(|i| corpus::mutate(&mut dice, &written[i % written.len()])).collect();
    agree("mutated", &conditions);
}

#[test]
fn phases_agree_with_the_real_evaluator() {
    let conditions =
        ["", "result[0] < 0.05", "result[0] >= 0.05", "all(result, # < 1)", "isNaN(result[0])", "result[5] > 1"];
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for success in conditions {
        for failure in conditions {
            for m in measurements(ResultType::Vector) {
                questions.push(json!({
                    "success_condition": success, "failure_condition": failure, "result": as_json(&m)
                }));
                let compiled = |text: &str| compile(text, ResultType::Vector).ok().filter(|_| !text.is_empty());
                let (s, f) = (compiled(success), compiled(failure));
                ours.push(format!("{:?}", phase(s.as_ref(), f.as_ref(), &m)));
            }
        }
    }
    let Some(theirs) = ask(&questions) else { return };
    for ((question, ours), theirs) in questions.iter().zip(ours).zip(theirs) {
        assert_eq!(theirs["phase"].as_str(), Some(ours.as_str()), "{question}");
    }
}
