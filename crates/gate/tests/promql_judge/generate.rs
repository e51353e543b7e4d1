//! Random queries and series, the same ones at every run.

use hyperspace_gate::promql::{Labels, Series, stale};

/// xorshift64*: enough chance for tests, and the same on every machine.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }
}

const METRICS: [&str; 9] = [
    "requests_total",
    "requests_total",
    "requests_total",
    "errors_total",
    "errors_total",
    "duration_bucket",
    "duration_bucket",
    "temperature",
    "absent_metric",
];
const DURATIONS: [&str; 8] = ["30s", "1m", "2m", "90s", "5m", "15s", "10s", "1m30s"];
const LABELS: [&str; 5] = ["endpoint", "error", "pod", "le", "nowhere"];

/// A query that is meant to type-check.
pub(crate) fn vector(chance: &mut Chance, depth: usize) -> String {
    if depth == 0 {
        return selector(chance);
    }
    let d = depth - 1;
    match chance.below(17) {
        0 => selector(chance),
        1..=3 => over_range(chance, d),
        4..=7 => aggregation(chance, d),
        8 | 9 => {
            let (left, right) = (vector(chance, d), vector(chance, d));
            let op = chance.pick(&["+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<=", "atan2"]);
            let bool = if "==!=>=<=".contains(op) && chance.one_in(3) { " bool" } else { "" };
            format!("({left} {op}{bool}{} {right})", matching(chance, true))
        }
        10 | 11 => {
            let (left, right) = (vector(chance, d), vector(chance, d));
            let op = chance.pick(&["and", "or", "unless", "or", "or"]);
            format!("({left} {op}{} {right})", matching(chance, false))
        }
        12 => {
            let op = chance.pick(&["+", "-", "*", "/", ">", "<", ">= bool", "== bool", "!=", "%", "^"]);
            let (v, s) = (vector(chance, d), scalar(chance, d));
            if chance.one_in(2) { format!("({v} {op} {s})") } else { format!("({s} {op} {v})") }
        }
        13 => format!("histogram_quantile({}, {})", scalar(chance, 0), buckets(chance, d)),
        14 => of_vector(chance, d),
        15 => {
            let inner = vector(chance, d);
            format!("(-{inner})")
        }
        _ => format!("vector({})", scalar(chance, d)),
    }
}

fn matching(chance: &mut Chance, grouping: bool) -> String {
    let labels = label_list(chance);
    match chance.below(6) {
        0 => format!(" on ({labels})"),
        1 => format!(" ignoring ({labels})"),
        2 => " on ()".to_owned(),
        3 if grouping => format!(" on ({labels}) group_left ({})", chance.pick(&["", "job", "env"])),
        4 if grouping => format!(" ignoring ({labels}) group_right ()"),
        _ => String::new(),
    }
}

fn label_list(chance: &mut Chance) -> String {
    let count = chance.below(3);
    (0..count).map(|_| chance.pick(&LABELS)).collect::<Vec<_>>().join(", ")
}

fn buckets(chance: &mut Chance, depth: usize) -> String {
    match chance.below(4) {
        0 => vector(chance, depth),
        1 => "duration_bucket".to_owned(),
        2 => format!("rate(duration_bucket[{}])", chance.pick(&DURATIONS)),
        _ => format!("sum by (le{}) (rate(duration_bucket[{}]))", chance.pick(&["", ", pod"]), chance.pick(&DURATIONS)),
    }
}

fn modifiers(chance: &mut Chance) -> String {
    match chance.below(12) {
        0 => format!(" offset {}", chance.pick(&DURATIONS)),
        1 => " offset -30s".to_owned(),
        2 => format!(" @ {}", 900 + chance.below(400)),
        3 => " @ start() offset 1m".to_owned(),
        _ => String::new(),
    }
}

fn matchers(chance: &mut Chance) -> String {
    let count = chance.below(3);
    let matcher = |chance: &mut Chance| {
        chance.pick(&[
            "endpoint=\"/a\"",
            "endpoint=~\"/.*\"",
            "endpoint!~\"/a|/b\"",
            "error!=\"true\"",
            "error=\"true\"",
            "pod=\"p1\"",
            "pod=~\"p[0-9]+\"",
            "nowhere=\"\"",
            "endpoint!=\"\"",
            "pod=~\"p.{1}|\"",
        ])
    };
    match count {
        0 => String::new(),
        _ => format!("{{{}}}", (0..count).map(|_| matcher(chance)).collect::<Vec<_>>().join(",")),
    }
}

fn selector(chance: &mut Chance) -> String {
    format!("{}{}{}", chance.pick(&METRICS), matchers(chance), modifiers(chance))
}

fn range(chance: &mut Chance, depth: usize) -> String {
    if depth > 0 && chance.one_in(4) {
        let step = chance.pick(&["", "10s", "30s", "7s"]);
        return format!("({})[{}:{step}]{}", vector(chance, depth - 1), chance.pick(&DURATIONS), modifiers(chance));
    }
    format!("{}{}[{}]{}", chance.pick(&METRICS), matchers(chance), chance.pick(&DURATIONS), modifiers(chance))
}

fn over_range(chance: &mut Chance, depth: usize) -> String {
    let range = range(chance, depth);
    match chance.below(12) {
        0 => format!("quantile_over_time({}, {range})", scalar(chance, 0)),
        1 => format!("predict_linear({range}, {})", scalar(chance, 0)),
        2..=5 => format!("{}({range})", chance.pick(&["rate", "increase", "irate", "delta", "idelta"])),
        _ => {
            let function = chance.pick(&[
                "sum", "avg", "min", "max", "count", "stddev", "stdvar", "last", "present", "absent", "changes",
                "resets", "deriv",
            ]);
            let suffix = if matches!(function, "changes" | "resets" | "deriv") { "" } else { "_over_time" };
            format!("{function}{suffix}({range})")
        }
    }
}

fn aggregation(chance: &mut Chance, depth: usize) -> String {
    let inner = if chance.one_in(2) { over_range(chance, depth) } else { vector(chance, depth) };
    let grouping = match chance.below(4) {
        0 | 1 => String::new(),
        2 => format!(" by ({})", label_list(chance)),
        _ => format!(" without ({})", label_list(chance)),
    };
    match chance.below(12) {
        0 => format!("topk{grouping}({}, {inner})", chance.pick(&["1", "2", "3", "0", "-1"])),
        1 => format!("bottomk{grouping}({}, {inner})", chance.pick(&["1", "2", "1.5"])),
        2 => format!("quantile({}, {inner}){grouping}", scalar(chance, 0)),
        3 => format!("count_values(\"value\", {inner}){grouping}"),
        4..=7 => format!("sum{grouping}({inner})"),
        _ => {
            let op = chance.pick(&["avg", "min", "max", "count", "stddev", "stdvar", "group", "avg"]);
            format!("{op}({inner}){grouping}")
        }
    }
}

fn of_vector(chance: &mut Chance, depth: usize) -> String {
    let v = vector(chance, depth);
    match chance.below(16) {
        0 => format!("absent({v})"),
        1 => format!("clamp({v}, {}, {})", scalar(chance, 0), scalar(chance, 0)),
        2 => format!("clamp_min({v}, {})", scalar(chance, 0)),
        3 => format!("clamp_max({v}, {})", scalar(chance, 0)),
        4 => format!("round({v}, {})", chance.pick(&["1", "5", "0.1"])),
        5 => format!("label_replace({v}, \"new\", \"<$1>\", \"endpoint\", \"/(.*)\")"),
        6 => format!("label_join({v}, \"both\", \"-\", \"pod\", \"endpoint\")"),
        7 => format!("sort({v})"),
        8 => format!("sort_desc({v})"),
        9 => format!("timestamp({v})"),
        10 => format!("histogram_fraction(0, {}, {})", scalar(chance, 0), buckets(chance, depth)),
        11 => format!(
            "{}({v})",
            chance.pick(&["hour", "minute", "day_of_week", "day_of_year", "days_in_month", "month", "year"])
        ),
        12 => format!("label_replace({v}, \"pod\", \"\", \"\", \"\")"),
        _ => format!(
            "{}({v})",
            chance.pick(&["abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round", "sgn", "rad"])
        ),
    }
}

pub(crate) fn scalar(chance: &mut Chance, depth: usize) -> String {
    if depth > 0 {
        match chance.below(6) {
            0 => return format!("scalar({})", vector(chance, depth - 1)),
            1 => {
                return format!(
                    "({} {} {})",
                    scalar(chance, 0),
                    chance.pick(&["+", "*", "> bool", "^"]),
                    scalar(chance, 0)
                );
            }
            2 => return "time()".to_owned(),
            _ => {}
        }
    }
    chance.pick(&["0", "1", "0.5", "0.95", "100", "-1", "NaN", "Inf", "0.05", "2m", "1e3", "0x10", "pi()"]).to_owned()
}

/// Series of all kinds around the time 1000 s.
pub(crate) fn series(chance: &mut Chance) -> Vec<Series> {
    let mut all = Vec::new();
    for pod in 0..1 + chance.below(2) {
        for endpoint in ["/a", "/b", "/metrics"].into_iter().take(1 + chance.below(3)) {
            for error in ["true", "false"] {
                for metric in ["requests_total", "errors_total"] {
                    if chance.one_in(4) {
                        continue;
                    }
                    let pod = format!("p{pod}");
                    let labels =
                        [("__name__", metric), ("endpoint", endpoint), ("error", error), ("pod", pod.as_str())];
                    all.push(Series::new(labels_of(&labels), samples(chance, true)));
                }
            }
        }
        for le in ["0.1", "1", "5", "10", "+Inf", "1.0"] {
            if chance.one_in(7) {
                continue;
            }
            let labels = [("__name__", "duration_bucket"), ("pod", if pod == 0 { "p0" } else { "p1" })];
            let own = Some(("le".to_owned(), le.to_owned()));
            all.push(Series { own, ..Series::new(labels_of(&labels), samples(chance, true)) });
        }
    }
    for env in ["live", "test"] {
        if !chance.one_in(3) {
            let labels = [("__name__", "temperature"), ("env", env), ("job", "j"), ("pod", "p0")];
            all.push(Series::new(labels_of(&labels), samples(chance, false)));
        }
    }
    all
}

fn labels_of(labels: &[(&str, &str)]) -> Labels {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn samples(chance: &mut Chance, counter: bool) -> Vec<(f64, f64)> {
    let interval = [5.0, 10.0, 15.0, 60.0][chance.below(4)];
    let mut time = 400.0 + chance.below(600) as f64 + chance.below(1000) as f64 / 1000.0;
    let end = 800.0 + chance.below(400) as f64;
    let mut value = chance.below(20) as f64;
    let mut samples = Vec::new();
    while time < end {
        value = if counter { value + chance.below(5) as f64 / 4.0 } else { chance.below(2000) as f64 / 10.0 - 100.0 };
        if counter && chance.one_in(40) {
            value = chance.below(3) as f64;
        }
        let shown = match chance.below(120) {
            0 => f64::NAN,
            1 => stale(),
            2 if !counter => f64::INFINITY,
            _ => value,
        };
        samples.push((time, shown));
        time += interval + chance.below(200) as f64 / 1000.0;
        if chance.one_in(30) {
            time += 60.0;
        }
    }
    samples
}
