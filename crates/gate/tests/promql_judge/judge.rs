//! A conversation with `promeval`: JSON lines in, JSON lines out, in order.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use lab::Program;
use serde_json::Value;

/// The answers to `questions`, or `None` where the judge can't be built.
pub(crate) fn ask(questions: &[Value]) -> Option<Vec<Value>> {
    let program = lab::judge(Program::PromEval)?;
    let mut judge =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("promeval starts");
    let mut stdin = judge.stdin.take().expect("a pipe");
    let lines: Vec<String> = questions.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(stdin, "{line}").expect("promeval reads");
        }
    });
    let stdout = BufReader::new(judge.stdout.take().expect("a pipe"));
    let answers: Vec<Value> =
        stdout.lines().map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
    writer.join().expect("all questions asked");
    judge.wait().expect("promeval ends");
    assert_eq!(answers.len(), questions.len());
    Some(answers)
}

/// A number as promeval writes it.
pub(crate) fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("NaN") => f64::NAN,
        Some("+Inf") => f64::INFINITY,
        Some("-Inf") => f64::NEG_INFINITY,
        _ => value.as_f64().expect("a number"),
    }
}
