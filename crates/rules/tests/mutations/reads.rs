//! Faults in what a gate reads: metric, labels, scope, requests, aggregation, window.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, any, mutator, on_template, with};
use crate::spec::{KINDS, Kind};
use crate::state::ROLLOUT;

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("series: another metric name", wrong_metric),
    mutator("series: the workload's counter misspelled", wrong_counter),
    mutator("label: wrong label for the canary", wrong_label),
    mutator("label: wrong value", wrong_value),
    mutator("label: wrong label for the requests", wrong_request_label),
    mutator("scope: no hash", no_hash),
    mutator("scope: a hash that matches all", any_hash),
    mutator("scope: one side of the ratio", half_scoped),
    mutator("scope: the stable version's hash", stable_hash),
    mutator("requests: scrapes counted", scrapes_counted),
    mutator("requests: the probe asks for an entry point", probed_entry),
    mutator("requests: every span counted", spans_counted),
    mutator("requests: internal ones drown the gate", diluted),
    mutator("aggregation: none", not_aggregated),
    mutator("aggregation: by a label of many values", grouped),
    mutator("window: below two scrapes", short_window),
];

fn wrong_metric(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/series-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.query.spans());
        let metric = gate.query.metric.clone();
        let name = match metric.as_str() {
            "traces_span_metrics_calls_total" => dice.pick(&[
                "traces_spanmetrics_calls_total",
                "calls_total",
                "traces_span_metrics_calls",
                "span_metrics_calls_total",
                "traces_span_metrics_call_total",
                "traces_spanmetrics_calls",
            ]),
            "traces_span_metrics_duration_milliseconds_count" => dice.pick(&[
                "traces_spanmetrics_latency_count",
                "traces_span_metrics_duration_seconds_count",
                "duration_milliseconds_count",
            ]),
            _ => dice.pick(&[
                "traces_spanmetrics_latency_bucket",
                "traces_span_metrics_duration_bucket",
                "duration_milliseconds_bucket",
                "traces_spanmetrics_duration_milliseconds_bucket",
                "latency_bucket",
                "traces_span_metrics_latency_bucket",
            ]),
        };
        gate.query.metric = name.to_owned();
        true
    })
}

fn wrong_counter(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/series-never-exists"], Mends::Clean, |t, dice| {
        let Some(gate) = any(t, dice, |g| !g.query.spans()) else { return false };
        let names = ["hotrod_request_total", "hotrod_requests", "hotrod_requests_count", "hotrod_request_count_total"];
        gate.query.metric = dice.pick(&names).to_owned();
        true
    })
}

fn wrong_label(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/label-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (label, wrong) = match (gate.query.spans(), dice.once_in(2)) {
            (true, true) => (
                "hotrod_pod_hash",
                dice.pick(&["hotrod_podhash", "rollouts_pod_template_hash", "pod_template_hash", "hotrod_hash"]),
            ),
            (true, false) => {
                ("hotrod_namespace", dice.pick(&["kubernetes_namespace", "k8s_namespace_name", "hotrod_ns"]))
            }
            (false, true) => (
                "rollouts_pod_template_hash",
                dice.pick(&["rollout_pod_template_hash", "pod_template_hash", "hotrod_pod_hash"]),
            ),
            (false, false) => {
                ("namespace", dice.pick(&["kubernetes_namespace", "hotrod_namespace", "exported_namespace"]))
            }
        };
        gate.query.matcher(label).0 = wrong.to_owned();
        true
    })
}

fn wrong_request_label(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/label-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (label, wrong) = if !gate.query.spans() {
            ("endpoint", dice.pick(&["end_point", "handler", "path"]))
        } else {
            dice.pick(&[
                ("span_name", "operation"),
                ("span_name", "name"),
                ("span_kind", "kind"),
                ("service_name", "service"),
            ])
        };
        if !gate.query.has(label) || gate.query.matcher(label).1.starts_with('!') {
            return false;
        }
        gate.query.matcher(label).0 = wrong.to_owned();
        true
    });
    // Without its label nothing is excluded any more, which is what the missing label does.
    case
}

fn wrong_value(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/label-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (label, value) = if !gate.query.spans() {
            ("endpoint", dice.pick(&["=\"dispatch\"", "=\"/Dispatch\"", "=\"/dispatch/\""]))
        } else {
            dice.pick(&[
                ("span_kind", "=\"server\""),
                ("span_kind", "=\"SPAN_KIND_SERVR\""),
                ("span_kind", "=\"SERVER\""),
                ("service_name", "=\"front-end\""),
                ("service_name", "=\"Frontend\""),
                ("span_name", "=\"dispatch\""),
            ])
        };
        if !gate.query.has(label) {
            return false;
        }
        gate.query.matcher(label).1 = value.to_owned();
        true
    })
}

const HASHES: [&str; 2] = ["hotrod_pod_hash", "rollouts_pod_template_hash"];

fn no_hash(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/not-scoped-to-canary"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        gate.query.without(&HASHES);
        if dice.once_in(3) {
            gate.query.without(&["namespace", "hotrod_namespace"]);
        }
        true
    })
}

fn any_hash(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/not-scoped-to-canary"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let hash = if gate.query.spans() { HASHES[0] } else { HASHES[1] };
        gate.query.matcher(hash).1 = dice.pick(&["=~\".+\"", "!=\"\"", "=~\".*\"", "=~\"[0-9a-f]+\""]).to_owned();
        true
    })
}

fn half_scoped(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/not-scoped-to-canary"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Errors);
        let text = gate.query.text();
        let hash = if gate.query.spans() { HASHES[0] } else { HASHES[1] };
        let (label, rest) = gate.query.matcher(hash).clone();
        let written = format!("{label}{rest}");
        let places: Vec<usize> = text.match_indices(&written).map(|(at, _)| at).collect();
        let at = if dice.once_in(2) { places[0] } else { *places.last().unwrap() };
        let (from, to) = (at, at + written.len());
        let tail = &text[to..];
        let edited = match tail.strip_prefix(',') {
            Some(rest) => format!("{}{}", &text[..from], rest.trim_start()),
            None => format!("{}{tail}", text[..from].trim_end().trim_end_matches(',')),
        };
        gate.raw = Some(edited);
        true
    })
}

fn stable_hash(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/not-scoped-to-canary"], Mends::Back, |_, _| true)?;
    let mut after = case.before.clone();
    after.swap(ROLLOUT, "podTemplateHashValue: Latest", "podTemplateHashValue: Stable");
    Some(Case { after, ..case })
}

fn scrapes_counted(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/probe-traffic-counted"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Traffic);
        if gate.query.spans() {
            match dice.below(3) {
                0 => gate.query.without(&["span_name"]),
                1 if gate.query.has("span_name") => gate.query.matcher("span_name").1 = "=~\"/.*\"".to_owned(),
                _ if gate.query.has("span_name") => gate.query.matcher("span_name").1 = "!=\"/config\"".to_owned(),
                _ => return false,
            }
            if !gate.query.has("service_name") {
                gate.query.matchers.push(("service_name".to_owned(), "=\"frontend\"".to_owned()));
            }
        } else {
            match dice.below(3) {
                0 => gate.query.without(&["endpoint"]),
                1 => gate.query.matcher("endpoint").1 = "!=\"/route\"".to_owned(),
                _ => gate.query.matcher("endpoint").1 = "=~\"/(dispatch|metrics)?\"".to_owned(),
            }
        }
        true
    })?;
    Some(case)
}

fn probed_entry(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/probe-traffic-counted"], Mends::Clean, |t, _| {
        // A gate on `/dispatch` alone counts no probe of `/`.
        t.gates.iter().all(|g| !g.text().contains("=\"/dispatch\"") && !g.text().contains("='/dispatch'"))
    })?;
    let mut after = case.before.clone();
    let probe = match dice.below(3) {
        0 => "httpGet:\n              path: /\n              port: frontend\n",
        1 => "httpGet: {path: /, port: 8080}\n",
        _ => "httpGet:\n              port: 8080\n",
    };
    after.swap(ROLLOUT, "tcpSocket:\n              port: frontend\n", probe);
    Some(Case { after, ..case }.elsewhere())
}

fn spans_counted(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/counts-spans-not-requests"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Traffic);
        if !gate.query.spans() {
            return false;
        }
        match dice.below(3) {
            0 => gate.query.without(&["span_kind", "span_name", "service_name"]),
            1 => gate.query.without(&["span_name", "service_name"]),
            _ => gate.query.without(&["span_kind", "span_name"]),
        }
        true
    })?;
    Some(case.also("gate/probe-traffic-counted", "scrapes of /metrics leave server spans too"))
}

fn diluted(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/diluted-by-internal-traffic"], Mends::Clean, |t, dice| {
        let kind = dice.pick(&[Kind::Errors, Kind::Latency]);
        let query = &mut t.gate(kind).query;
        if query.spans() {
            match dice.below(3) {
                0 => query.without(&["span_kind", "span_name", "service_name"]),
                1 => query.without(&["span_name", "service_name"]),
                _ => query.without(&["span_kind", "span_name"]),
            }
        } else {
            match dice.below(3) {
                0 => query.without(&["endpoint"]),
                1 => query.matcher("endpoint").1 = "!=\"/metrics\"".to_owned(),
                _ => query.matcher("endpoint").1 = "=~\"/.*\"".to_owned(),
            }
        }
        true
    })?;
    Some(case.also("gate/probe-traffic-counted", "scrapes are requests to /metrics too"))
}

fn not_aggregated(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/arbitrary-series"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| reads_first(g.success.as_deref()));
        if gate.kind == Kind::Traffic && gate.query.form.contains("scalar") {
            return false;
        }
        gate.query.aggregate = "%".to_owned();
        // `or vector(0)` beside many series matches nothing: the form must be one that a vector can have.
        if gate.kind == Kind::Errors {
            gate.query.form = "{bad} / {all}".to_owned();
            gate.query.bad = if gate.query.spans() {
                ("status_code".to_owned(), "=\"STATUS_CODE_ERROR\"".to_owned())
            } else {
                ("error".to_owned(), "=\"true\"".to_owned())
            };
            gate.query.aggregate =
                if gate.query.spans() { "sum by (hotrod_pod_name) (%)" } else { "sum by (pod) (%)" }.to_owned();
            gate.success = Some("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05".to_owned());
        }
        true
    })
}

fn reads_first(condition: Option<&str>) -> bool {
    condition.is_some_and(|c| c.contains("result[0]") && !c.contains("len(result) == 1"))
}

fn grouped(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/arbitrary-series"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.kind != Kind::Errors && reads_first(g.success.as_deref()));
        if gate.kind == Kind::Errors || !reads_first(gate.success.as_deref()) || gate.query.form.contains("scalar") {
            return false;
        }
        let spans = gate.query.spans();
        // A label that a matcher pins to one value gives one series.
        let pinned =
            gate.query.matchers.iter().any(|(_, rest)| rest.contains("\"/dispatch\"") || rest.contains("'/dispatch'"));
        let label = match (spans, pinned) {
            (true, false) => dice.pick(&["span_name", "hotrod_pod_name"]),
            (true, true) => "hotrod_pod_name",
            (false, false) => dice.pick(&["endpoint", "pod"]),
            (false, true) => "pod",
        };
        gate.query.aggregate = match (gate.kind, dice.below(3)) {
            (Kind::Latency, 0) => format!("sum(%) by (le, {label})"),
            (Kind::Latency, _) => format!("sum by ({label}, le) (%)"),
            (_, 0) => format!("avg by ({label}) (%)"),
            (_, 1) => format!("sum(%) by ({label})"),
            _ => "sum without (instance) (%)".to_owned(),
        };
        true
    })
}

fn short_window(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/window-too-short"], Mends::Clean, |t, dice| {
        let kind = dice.pick(&KINDS);
        let gate = t.gate(kind);
        if gate.query.function == "increase" {
            return false;
        }
        gate.query.window = dice.pick(&["10s", "15s", "5s", "19s", "12000ms"]).to_owned();
        true
    })
}
