//! Sound templates in seeded spellings.

use crate::dice::Dice;
use crate::spec::{Gate, Kind, Matcher, Query, Style, Template, guarded};

fn matcher(label: &str, rest: &str) -> Matcher {
    (label.to_owned(), rest.to_owned())
}

/// Matchers on the canary.
fn canary(spans: bool) -> Vec<Matcher> {
    if spans {
        vec![
            matcher("hotrod_namespace", "=\"{{args.namespace}}\""),
            matcher("hotrod_pod_hash", "=\"{{args.canary-hash}}\""),
        ]
    } else {
        vec![
            matcher("namespace", "=\"{{args.namespace}}\""),
            matcher("rollouts_pod_template_hash", "=\"{{args.canary-hash}}\""),
        ]
    }
}

/// Matchers on riders' requests, in one of several spellings.
fn riders(dice: &mut Dice, spans: bool) -> Vec<Matcher> {
    if !spans {
        let rest = [
            "=~\"/|/dispatch\"",
            "=~\"/dispatch|/\"",
            "=\"/dispatch\"",
            "=~\"/(dispatch)?\"",
            "!~\"/metrics|/config|/debug/vars|/customer|/route|driver[.].*|other\"",
        ];
        return vec![matcher("endpoint", dice.pick(&rest))];
    }
    let name = [
        "=~\"/|/dispatch\"",
        "=~\"(/|/dispatch)\"",
        "=\"/dispatch\"",
        "=~\"/(dispatch)?\"",
        "!~\"/metrics|/config|/debug.*\"",
    ];
    let mut list = vec![
        matcher("service_name", dice.pick(&["=\"frontend\"", "=~\"frontend\"", "=~\"front.*\""])),
        matcher(
            "span_kind",
            dice.pick(&["=\"SPAN_KIND_SERVER\"", "=~\".*SERVER\"", "=~\"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER\""]),
        ),
        matcher("span_name", dice.pick(&name)),
    ];
    if list[2].1 == "=\"/dispatch\"" && dice.once_in(2) {
        list.remove(0);
    }
    list
}

const CALLS: &str = "traces_span_metrics_calls_total";
const COUNT: &str = "traces_span_metrics_duration_milliseconds_count";
const BUCKET: &str = "traces_span_metrics_duration_milliseconds_bucket";
const REQUESTS: &str = "hotrod_requests_total";

fn sum(dice: &mut Dice) -> String {
    dice.pick(&["sum(%)", "sum by () (%)", "sum(%) by ()", "sum (%)", "sum by (app) (sum(%))"]).to_owned()
}

fn query(dice: &mut Dice, spans: bool, metric: &str) -> Query {
    let mut matchers = canary(spans);
    matchers.extend(riders(dice, spans));
    dice.shuffle(&mut matchers);
    if dice.once_in(5) {
        for (_, rest) in &mut matchers {
            *rest = rest.replace('"', "'");
        }
    }
    let bad = if spans { matcher("status_code", "=\"STATUS_CODE_ERROR\"") } else { matcher("error", "=\"true\"") };
    Query {
        metric: metric.to_owned(),
        matchers,
        bad,
        function: "rate",
        window: dice.pick(&["2m", "1m", "90s", "3m", "1m30s"]).to_owned(),
        aggregate: sum(dice),
        form: "{all}".to_owned(),
        tall: dice.once_in(2),
    }
}

fn traffic(dice: &mut Dice) -> Gate {
    let spans = !dice.once_in(3);
    let metric = if !spans { REQUESTS } else { dice.pick(&[CALLS, COUNT]) };
    let mut query = query(dice, spans, metric);
    let mut success = guarded(dice, ">=", "0.05");
    match dice.below(8) {
        0 => {
            query.function = "increase";
            query.window = "1m".to_owned();
            success = guarded(dice, ">=", "3");
        }
        1 => query.function = "irate",
        2 => {
            query.form = "scalar({all})".to_owned();
            success = dice.pick(&["result >= 0.05", "!isNaN(result) && result >= 0.05", "0.05 <= result"]).to_owned();
        }
        3 => query.form = "round({all}, 0.001)".to_owned(),
        4 => {
            query.form = "60 * {all}".to_owned();
            success = guarded(dice, ">=", "3");
        }
        5 => query.form = "clamp_min({all}, 0)".to_owned(),
        _ => {}
    }
    gate(dice, Kind::Traffic, query, success)
}

fn errors(dice: &mut Dice) -> Gate {
    let spans = !dice.once_in(3);
    let metric = if !spans { REQUESTS } else { dice.pick(&[CALLS, COUNT]) };
    let mut query = query(dice, spans, metric);
    let share = "(\n{bad}\nor vector(0)\n)\n/\n{all}";
    let (form, op, value) = match dice.below(9) {
        0 => ("({bad} or on() vector(0)) / {all}", "<", "0.05"),
        1 => ("({bad} or 0 * {all}) / {all}", "<", "0.05"),
        2 => ("1 - {good} / {all}", "<", "0.05"),
        3 => ("{good} / {all}", ">", "0.95"),
        4 => ("100 * ({bad} or vector(0)) / {all}", "<", "5"),
        5 => ("({bad} OR vector(0)) / {all} * 100", "<", "5"),
        6 => ("(1 - ({good} / {all})) * 100", "<", "5"),
        7 => ("100 * {good} / {all}", ">", "95"),
        _ => (share, "<", "0.05"),
    };
    query.form = form.to_owned();
    // Both series of the counter exist from the first request on: no fallback is needed.
    if !spans && dice.once_in(2) {
        query.form = "{bad} / {all}".to_owned();
        let success = guarded(dice, "<", "0.05");
        return gate(dice, Kind::Errors, query, success);
    }
    let success = guarded(dice, op, value);
    gate(dice, Kind::Errors, query, success)
}

fn latency(dice: &mut Dice) -> Gate {
    let mut query = query(dice, true, BUCKET);
    query.aggregate = dice.pick(&["sum by (le) (%)", "sum(%) by (le)", "sum by(le)(%)"]).to_owned();
    let (form, value) = match dice.below(5) {
        0 => ("histogram_quantile(0.95, {all}) / 1000", "1"),
        1 => ("(histogram_quantile(.95, {all}))", "1000"),
        2 => ("histogram_quantile(0.950,\n{all}\n) * 0.001", "1.0"),
        _ => ("histogram_quantile(0.95,\n{all}\n)", "1000"),
    };
    query.form = form.to_owned();
    let success = guarded(dice, "<", value);
    gate(dice, Kind::Latency, query, success)
}

fn gate(dice: &mut Dice, kind: Kind, query: Query, success: String) -> Gate {
    let names = match kind {
        Kind::Traffic => ["traffic", "requests-reach-the-canary", "throughput", "a"],
        Kind::Errors => ["errors", "success-rate", "availability", "b"],
        Kind::Latency => ["latency", "p95", "response-time", "c"],
    };
    let (count, limit) = dice.pick(&[
        ("5", "1"),
        ("5", "2"),
        ("4", "1"),
        ("\"5\"", "\"1\""),
        ("3", "1"),
        ("3", ""),
        ("6", "0"),
        ("10", "4"),
    ]);
    Gate {
        kind,
        name: dice.pick(&names).to_owned(),
        delay: dice.pick(&["90s", "1m30s", "2m", "60s"]).to_owned(),
        interval: dice.pick(&["10s", "15s", "20s"]).to_owned(),
        count: count.to_owned(),
        limit: limit.to_owned(),
        success: Some(success),
        failure: None,
        query,
        raw: None,
        more: Vec::new(),
    }
}

/// Three sound gates, spelled as the dice say.
pub(crate) fn template(dice: &mut Dice) -> Template {
    let mut gates = vec![traffic(dice), errors(dice), latency(dice)];
    dice.shuffle(&mut gates);
    Template {
        cluster: false,
        name: "hotrod-analysis".to_owned(),
        args: vec!["namespace".to_owned(), "canary-hash".to_owned()],
        gates,
        more: String::new(),
        style: dice.pick(&[Style::Literal, Style::Literal, Style::Stripped, Style::Folded, Style::Quoted, Style::Json]),
    }
}

/// The gates as this repository writes them.
pub(crate) fn plain() -> Template {
    let matchers = |_: ()| {
        let mut list = canary(true);
        list.push(matcher("service_name", "=\"frontend\""));
        list.push(matcher("span_kind", "=\"SPAN_KIND_SERVER\""));
        list.push(matcher("span_name", "=~\"/|/dispatch\""));
        list
    };
    let one = |kind, name: &str, metric: &str, aggregate: &str, form: &str, bound: &str| Gate {
        kind,
        name: name.to_owned(),
        delay: "90s".to_owned(),
        interval: "10s".to_owned(),
        count: "5".to_owned(),
        limit: "1".to_owned(),
        success: Some(format!("len(result) > 0 && !isNaN(result[0]) && result[0] {bound}")),
        failure: None,
        query: Query {
            metric: metric.to_owned(),
            matchers: matchers(()),
            bad: matcher("status_code", "=\"STATUS_CODE_ERROR\""),
            function: "rate",
            window: "2m".to_owned(),
            aggregate: aggregate.to_owned(),
            form: form.to_owned(),
            tall: true,
        },
        raw: None,
        more: Vec::new(),
    };
    Template {
        cluster: false,
        name: "hotrod-analysis".to_owned(),
        args: vec!["namespace".to_owned(), "canary-hash".to_owned()],
        gates: vec![
            one(Kind::Traffic, "traffic", CALLS, "sum(%)", "{all}", ">= 0.05"),
            one(Kind::Errors, "error-rate", CALLS, "sum(%)", "({bad} or vector(0))\n/\n{all}", "< 0.05"),
            one(Kind::Latency, "latency-p95", BUCKET, "sum by (le) (%)", "histogram_quantile(0.95, {all})", "< 1000"),
        ],
        more: String::new(),
        style: Style::Literal,
    }
}
