//! Which texts parse, and to which type.

use hyperspace_gate::promql::{ResultType, parse};
use serde_json::{Value as Json, json};

use crate::generate::{self, Chance};
use crate::judge;

const CASES: usize = 5000;

const SEEDS: [&str; 26] = [
    "sum by (le) (rate(x_bucket{a=\"b\", c!~'d.*'}[5m] offset 1m))",
    "histogram_quantile(0.95, sum by (le) (rate(x_bucket[2m])))",
    "a / on (x, y) group_left (z) b > bool 0.5",
    "sum(rate(a{error=\"true\"}[2m])) / sum(rate(a[2m])) or on() vector(0)",
    "-a ^ 2 * -3 @ 1609746000",
    "max_over_time(rate(a[1m])[5m:30s] @ end() offset -1m)",
    "{__name__=~\"a.*\", job!=\"\"}",
    "{\"my.metric\", \"a.b\"=\"c\"}",
    "topk(3, a) without (x) + bottomk by (y) (1, b)",
    "count_values('v', a) unless ignoring (v) b and c",
    "label_replace(a, 'x', '$1', 'y', '(.*)')",
    "label_join(a, 'x', '-', 'y', 'z')",
    "absent_over_time(a[5m]) or absent(b{c='d'})",
    "quantile_over_time(0.5, a[1h30m])",
    "round(clamp_max(a, 5), 0.1) # comment ( [ {",
    "1_000 + 0x1F + 1e3 + .5 + 5m + Inf + 017 + 1.5e-3",
    "a:b:c{x=`raw`} == 1 != 2",
    "time() - timestamp(a) > 3 atan2 4 % 5",
    "sum(sum) by (by) + on(on) by",
    "predict_linear(a[1h], 4 * 3600) <= 0",
    "'string \\n \\x41 \\u00e9 \\101'",
    "a[5m]",
    "scalar(a) == bool pi()",
    "days_in_month() + hour(a) + minute(vector(time()))",
    "start + end + step + offset offset 5m + bool",
    "a{b=\"c\",} + +a - -b",
];

const PIECES: [&str; 70] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "=",
    "==",
    "!=",
    "=~",
    "!~",
    ">",
    "<",
    ">=",
    "<=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "@",
    ":",
    " ",
    "\n",
    "#",
    "\"",
    "'",
    "`",
    "\\",
    "sum",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
    "or",
    "and",
    "unless",
    "offset",
    "rate",
    "a",
    "b{}",
    "[5m]",
    "5m",
    "0",
    "1",
    "1.5",
    "1e",
    "0x",
    "_",
    ".",
    "start()",
    "end()",
    "\"a\"",
    "'b'",
    "=\"c\"",
    "vector(0)",
    "(a)",
    "[1m:]",
    "le",
    "inf",
    "NaN",
    "start",
    "{a=\"b\"}",
    "absent",
    "é",
];

/// Cuts, doubles, swaps or puts in a piece, at token-like borders more often than not.
fn mutate(chance: &mut Chance, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..1 + chance.below(3) {
        let at = chance.below(chars.len() + 1);
        let len = (1 + chance.below(4)).min(chars.len() - at);
        match chance.below(4) {
            0 => drop(chars.drain(at..at + len)),
            1 => {
                let piece: Vec<char> = chance.pick(&PIECES).chars().collect();
                chars.splice(at..at, piece);
            }
            2 => {
                let piece: Vec<char> = chance.pick(&PIECES).chars().collect();
                chars.splice(at..at + len, piece);
            }
            _ => {
                let piece: Vec<char> = chars[at..at + len].to_vec();
                chars.splice(at..at, piece);
            }
        }
    }
    chars.into_iter().collect()
}

/// Differences that stand, with their reasons.
fn is_known(text: &str) -> bool {
    // 3.7 takes `a[step()]` and `offset step()` without the flag of its experiment; their value is the query's step, which an
    // instant query does not have.
    let lower = text.to_ascii_lowercase();
    lower.contains("step")
}

#[test]
fn verdicts_agree_with_prometheus() {
    let mut chance = Chance::new(11);
    let texts: Vec<String> = (0..CASES)
        .map(|index| {
            let seed = match index % 3 {
                0 => generate::vector(&mut chance, 2),
                1 => generate::scalar(&mut chance, 2),
                _ => chance.pick(&SEEDS).to_owned(),
            };
            if index % 10 == 0 { seed } else { mutate(&mut chance, &seed) }
        })
        .collect();
    let questions: Vec<Json> = texts.iter().map(|text| json!({"query": text, "parse_only": true})).collect();
    let Some(answers) = judge::ask(&questions) else { return };
    let (mut wrong, mut parsed) = (Vec::new(), 0);
    for (text, theirs) in texts.iter().zip(&answers) {
        // Doubled braces are templating, which Prometheus never sees.
        if text.contains("{{") || is_known(text) {
            continue;
        }
        let ours = parse(text);
        parsed += usize::from(ours.is_ok());
        let kind = ours.as_ref().ok().map(|query| match query.result_type() {
            ResultType::Scalar => "scalar",
            ResultType::InstantVector => "vector",
            ResultType::RangeVector => "matrix",
            ResultType::String => "string",
        });
        if kind != theirs["type"].as_str() {
            let ours = ours.map(|query| query.result_type().to_string());
            wrong.push(format!("{text:?}\n  ours:   {ours:?}\n  theirs: {theirs}"));
        }
        if let Err(error) = parse(text) {
            assert!(error.offset.is_some_and(|at| at <= text.len()), "{text}");
            if let Some(repair) = error.suggestion {
                let mut repaired = text.clone();
                repaired.replace_range(repair.range, &repair.text);
                assert!(parse(&repaired).is_ok(), "{text:?} repaired to {repaired:?}");
            }
        }
    }
    println!("{CASES} texts, {parsed} parse, {} differ", wrong.len());
    assert!(parsed * 5 > CASES, "only {parsed} of {CASES} parse: the mutations are too wild to prove anything");
    assert!(wrong.is_empty(), "{} of {CASES} differ:\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
}
