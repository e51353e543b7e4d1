//! What people who mend the broken start by hand commit on the way: copies from older posts, shell habits in YAML, settings
//! of a client given to a server, gates that look at something else than they say.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, mutator, on_files, on_template, with};
use crate::spec::{Kind, Style};
use crate::state::{CONFIG, DAEMONSET, RIDERS, ROLLOUT, State, TEMPLATE};

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("environment: a variable that is not replaced", unreplaced),
    mutator("environment: a pod label that is not there", no_such_label),
    mutator("environment: an endpoint that is read otherwise", misread_endpoint),
    mutator("environment: no endpoint at all", no_endpoint),
    mutator("environment: past the collector", past_the_collector),
    mutator("argument: another namespace", other_namespace),
    mutator("argument: a label of the rollout", rollout_label),
    mutator("label: the collector's namespace", collectors_namespace),
    mutator("label: a service that sends nothing", no_such_service),
    mutator("label: dots and dashes", dotted),
    mutator("label: no bounds left", no_bounds),
    mutator("series: sides that never meet", never_meet),
    mutator("series: nobody scrapes", unscraped),
    mutator("threshold: no rate", no_rate),
    mutator("threshold: any traffic at all", any_traffic),
    mutator("vacuous: the histogram ends below", short_histogram),
    mutator("vacuous: capped", capped),
    mutator("condition: cut by a comment", commented),
    mutator("ports: probes of an extension that never starts", idle_extension),
    mutator("listen: a client's URL", clients_url),
    mutator("keys: of the processor that was", processors_keys),
    mutator("keys: plain text, one level off", insecure_slipped),
    mutator("strings: without quotes", unquoted),
    mutator("strings: durations without a unit", unitless),
    mutator("syntax: a tab ends the configuration", tab),
    mutator("unreachable: a namespace of somebody else's", somebody_elses),
    mutator("dimension: a variable that is not sent", unsent),
    mutator("together: one fault hides no other", together),
];

fn unreplaced(dice: &mut Dice) -> Option<Case> {
    let roots = ["gate/label-never-exists"];
    match dice.below(4) {
        0 => on_files(&roots, Mends::Clean, |s| s.swap(ROLLOUT, "$(POD_HASH)", "$POD_HASH")),
        1 => on_files(&roots, Mends::Clean, |s| s.swap(ROLLOUT, "$(POD_HASH)", "${POD_HASH}")),
        2 => on_files(&roots, Mends::Clean, |s| s.swap(ROLLOUT, "$(POD_HASH)", "$(POD_HAS)")),
        _ => on_files(&roots, Mends::Clean, |s| {
            let own = "            - name: OTEL_RESOURCE_ATTRIBUTES\n              value: hotrod.pod.name=$(POD_NAME),hotrod.namespace=$(POD_NAMESPACE),hotrod.pod.hash=$(POD_HASH)\n";
            s.swap(ROLLOUT, own, "");
            s.swap(ROLLOUT, "            - name: POD_NAME\n", &format!("{own}            - name: POD_NAME\n"));
        })
        .map(Case::elsewhere),
    }
}

fn no_such_label(dice: &mut Dice) -> Option<Case> {
    let label = dice.pick(&["pod-template-hash", "controller-revision-hash", "pod_template_hash"]);
    on_files(&["gate/label-never-exists"], Mends::Back, |s| {
        s.swap(ROLLOUT, "metadata.labels['rollouts-pod-template-hash']", &format!("metadata.labels['{label}']"));
    })
}

const ENDPOINT: &str = "http://collector.otel.svc.cluster.local:4318";

fn misread_endpoint(dice: &mut Dice) -> Option<Case> {
    let roots = ["wiring/unreachable-endpoint"];
    match dice.below(3) {
        0 => on_files(&roots, Mends::Back, |s| s.swap(ROLLOUT, ENDPOINT, "collector.otel.svc.cluster.local:4318")),
        1 => on_files(&roots, Mends::Back, |s| s.swap(ROLLOUT, ENDPOINT, &format!("{ENDPOINT}/v1/traces"))),
        _ => on_files(&roots, Mends::Clean, |s| {
            s.swap(ROLLOUT, "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
        })
        .map(Case::elsewhere),
    }
}

fn no_endpoint(_: &mut Dice) -> Option<Case> {
    on_files(&["wiring/unreachable-endpoint"], Mends::Clean, |s| {
        s.cut_line(ROLLOUT, "OTEL_EXPORTER_OTLP_ENDPOINT");
        s.cut_line(ROLLOUT, ENDPOINT);
    })
}

fn past_the_collector(_: &mut Dice) -> Option<Case> {
    on_files(&["gate/series-never-exists"], Mends::Back, |s| {
        s.swap(ROLLOUT, ENDPOINT, "http://jaeger-collector.jaeger.svc.cluster.local:4318");
    })
}

const OWN_NAMESPACE: &str = "                valueFrom:
                  fieldRef:
                    fieldPath: metadata.namespace
              - name: canary-hash";

fn other_namespace(dice: &mut Dice) -> Option<Case> {
    let name = dice.pick(&["default", "otel", "hot-rod"]);
    on_files(&["gate/label-never-exists"], Mends::Clean, |s| {
        s.swap(ROLLOUT, OWN_NAMESPACE, &format!("                value: {name}\n              - name: canary-hash"));
    })
}

fn rollout_label(_: &mut Dice) -> Option<Case> {
    on_files(&["gate/unresolved-argument"], Mends::Clean, |s| {
        s.swap(
            ROLLOUT,
            "podTemplateHashValue: Latest",
            "fieldRef:\n                    fieldPath: metadata.labels['rollouts-pod-template-hash']",
        );
    })
}

fn collectors_namespace(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/label-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.query.spans() && g.query.has("hotrod_namespace"));
        if !gate.query.spans() || !gate.query.has("hotrod_namespace") {
            return false;
        }
        gate.query.matcher("hotrod_namespace").0 = "namespace".to_owned();
        true
    })
}

fn no_such_service(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/label-never-exists"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.query.spans() && g.query.has("service_name"));
        if !gate.query.spans() || !gate.query.has("service_name") {
            return false;
        }
        gate.query.matcher("service_name").1 = "=\"hotrod\"".to_owned();
        true
    })
}

fn dotted(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["hotrod.pod.hash", "hotrod-pod-hash", "hotrod.pod-hash"]);
    on_files(&["gate/query-syntax"], Mends::Back, |s| s.swap_all(TEMPLATE, "hotrod_pod_hash", to))
}

/// One gate's query as written here, under a condition of its own.
fn gate(dice: &mut Dice, rule: &'static str, kind: Kind, query: &str, condition: &str) -> Option<Case> {
    on_template(dice, &[rule], Mends::Clean, |t, _| {
        let gate = t.gate(kind);
        gate.raw = Some(query.replace("SCOPE", SCOPE).replace("SPANS", SPANS));
        gate.success = Some(condition.to_owned());
        true
    })
}

const SCOPE: &str =
    r#"namespace="{{args.namespace}}",rollouts_pod_template_hash="{{args.canary-hash}}",endpoint=~"/|/dispatch""#;
const SPANS: &str = r#"hotrod_namespace="{{args.namespace}}",hotrod_pod_hash="{{args.canary-hash}}",service_name="frontend",span_kind="SPAN_KIND_SERVER",span_name=~"/|/dispatch""#;

fn no_bounds(dice: &mut Dice) -> Option<Case> {
    let query = dice.pick(&[
        "histogram_quantile(0.95, sum(rate(traces_span_metrics_duration_milliseconds_bucket{SPANS}[2m])))",
        "histogram_quantile(0.95, sum by (service_name) (rate(traces_span_metrics_duration_milliseconds_bucket{SPANS}[2m])))",
    ]);
    let case = gate(dice, "gate/label-never-exists", Kind::Latency, query, "len(result) > 0 && result[0] < 1000");
    case.map(|c| c.also("gate/arbitrary-series", "the grouping that is left may give several"))
}

fn never_meet(dice: &mut Dice) -> Option<Case> {
    gate(
        dice,
        "gate/series-never-exists",
        Kind::Errors,
        r#"sum by (endpoint) (rate(hotrod_requests_total{SCOPE,error="true"}[2m])) / sum(rate(hotrod_requests_total{SCOPE}[2m]))"#,
        "len(result) > 0 && result[0] < 0.05",
    )
    .map(|c| c.also("gate/arbitrary-series", "one side has several"))
}

fn unscraped(dice: &mut Dice) -> Option<Case> {
    let roots = ["gate/series-never-exists"];
    match dice.below(3) {
        0 => on_files(&roots, Mends::Back, |s| s.swap(DAEMONSET, "scrape: \"true\"", "scrape: \"false\"")),
        1 => on_files(&roots, Mends::Clean, |s| {
            s.cut_line(DAEMONSET, "prometheus.io/scrape");
            s.cut_line(DAEMONSET, "prometheus.io/port");
        }),
        _ => on_template(dice, &roots, Mends::Clean, |t, _| {
            t.gate(Kind::Traffic).raw = Some(format!("sum(rate(hotrod_requests_total{{{SCOPE}}}[2m]))"));
            t.gate(Kind::Traffic).success = Some("len(result) > 0 && result[0] >= 0.05".to_owned());
            true
        })
        .map(|mut case| {
            case.after.swap(ROLLOUT, "scrape: \"true\"", "scrape: \"false\"");
            case
        }),
    }
}

fn no_rate(dice: &mut Dice) -> Option<Case> {
    let query = dice.pick(&[
        "sum(hotrod_requests_total{SCOPE})",
        "count(rate(hotrod_requests_total{SCOPE}[2m]))",
        "sum(count_over_time(hotrod_requests_total{SCOPE}[2m]))",
    ]);
    gate(dice, "gate/threshold-deviates", Kind::Traffic, query, "len(result) > 0 && result[0] >= 0.05")
}

fn any_traffic(dice: &mut Dice) -> Option<Case> {
    let (query, condition) = dice.pick(&[
        ("absent(hotrod_requests_total{SCOPE})", "len(result) == 0"),
        ("sum(rate(hotrod_requests_total{SCOPE}[2m]))", "len(result) > 0"),
    ]);
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, _| {
        let gate = t.gate(Kind::Traffic);
        gate.name = "traffic".to_owned();
        gate.raw = Some(query.replace("SCOPE", SCOPE));
        gate.success = Some(condition.to_owned());
        true
    })
    .map(|c| c.also("gate/passes-on-nan", "whatever there is passes"))
}

fn short_histogram(dice: &mut Dice) -> Option<Case> {
    let bounds = dice.pick(&["[10ms, 100ms, 500ms]", "[5ms, 10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 750ms]", "[999ms]"]);
    on_files(&["gate/vacuous"], Mends::Clean, |s| {
        let histogram =
            format!("        histogram:\n          explicit:\n            buckets: {bounds}\n        dimensions:\n");
        s.swap(CONFIG, "        dimensions:\n", &histogram);
    })
}

fn capped(dice: &mut Dice) -> Option<Case> {
    let query = dice.pick(&["clamp_max(WHOLE, 0.04)", "clamp(WHOLE, 0, 0.04)"]);
    let whole =
        r#"sum(rate(hotrod_requests_total{SCOPE,error="true"}[2m])) / sum(rate(hotrod_requests_total{SCOPE}[2m]))"#;
    let query = query.replace("WHOLE", whole);
    gate(dice, "gate/vacuous", Kind::Errors, &query, "len(result) > 0 && result[0] < 0.05")
}

fn commented(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/condition-type"], Mends::Clean, |t, dice| {
        if !matches!(t.style, Style::Literal | Style::Stripped | Style::Folded) {
            return false;
        }
        let gate = with(t, dice, |g| g.kind == Kind::Latency);
        if gate.kind != Kind::Latency {
            return false;
        }
        gate.success = None;
        gate.more.push("successCondition: len(result) > 0 && all(result, # < 1000)".to_owned());
        true
    })
}

fn idle_extension(dice: &mut Dice) -> Option<Case> {
    let case = on_files(&["wiring/port-mismatch"], Mends::Clean, |s| {
        s.cut_line(CONFIG, "extensions: [health_check]");
        if dice.once_in(2) {
            s.swap(CONFIG, "    extensions:\n      health_check:\n        endpoint: 0.0.0.0:13133\n\n", "");
        }
        // Probes that name the port lead to its declaration; by number, to the listener.
        if dice.once_in(2) {
            s.swap_all(DAEMONSET, "port: health\n", "port: 13133\n");
        }
    });
    case.map(|c| c.also("collector/unused-component", "it is idle"))
}

fn clients_url(dice: &mut Dice) -> Option<Case> {
    let url = dice.pick(&[
        "http://prometheus-server.prometheus.svc.cluster.local:80",
        "http://prometheus-server.prometheus.svc.cluster.local",
        "http://prometheus-server.prometheus.svc.cluster.local:9090/api/v1/write",
    ]);
    on_files(&["collector/listens-on-remote-name"], Mends::Back, |s| s.swap(CONFIG, "0.0.0.0:8889", url))
}

fn processors_keys(dice: &mut Dice) -> Option<Case> {
    let line = dice.pick(&[
        "        latency_histogram_buckets: [100us, 1ms, 10ms, 100ms, 250ms, 1s, 5s]\n",
        "        metrics_exporter: prometheus\n",
    ]);
    on_files(&["collector/unknown-key"], Mends::Clean, |s| {
        s.swap(CONFIG, "        dimensions:\n", &format!("{line}        dimensions:\n"));
    })
}

fn insecure_slipped(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["        insecure: true\n", "      tls:\n        insecure: true\n"]);
    on_files(&["collector/unknown-key"], Mends::Clean, |s| {
        s.swap(CONFIG, "        tls:\n          insecure: true\n", to);
    })
}

fn unquoted(dice: &mut Dice) -> Option<Case> {
    on_files(&["yaml/syntax"], Mends::Clean, |s: &mut State| match dice.below(4) {
        0 => s.swap(DAEMONSET, "prometheus.io/port: \"8889\"", "prometheus.io/port: 8889"),
        1 => s.swap(ROLLOUT, "prometheus.io/scrape: \"true\"", "prometheus.io/scrape: true"),
        2 => s.swap(DAEMONSET, "value: 204MiB", "value: 213909504"),
        _ => s.swap(
            RIDERS,
            "      labels:\n        app: traffic-generator\n",
            "      labels:\n        app: traffic-generator\n        version: 1.0\n",
        ),
    })
}

fn unitless(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[("interval: 10s", "interval: 10"), ("initialDelay: 90s", "initialDelay: 90")]);
    on_files(&["yaml/syntax"], Mends::Clean, |s| s.swap(TEMPLATE, from, to))
}

fn tab(_: &mut Dice) -> Option<Case> {
    on_files(&["yaml/syntax"], Mends::Perhaps, |s| {
        s.swap(CONFIG, "        metrics_flush_interval: 10s", "\tmetrics_flush_interval: 10s");
    })
}

fn somebody_elses(dice: &mut Dice) -> Option<Case> {
    let roots = ["wiring/unreachable-endpoint"];
    match dice.below(2) {
        0 => on_files(&roots, Mends::Back, |s| s.swap(ROLLOUT, "collector.otel.svc", "collector.default.svc")),
        _ => on_files(&roots, Mends::Back, |s| s.swap(RIDERS, "hotrod.hotrod.svc", "hotrod.default.svc")),
    }
}

fn unsent(_: &mut Dice) -> Option<Case> {
    on_files(&["collector/dimension-matches-nothing"], Mends::Back, |s| {
        s.swap(ROLLOUT, ",hotrod.pod.hash=$(POD_HASH)", "");
    })
}

/// Faults in one repository that a reader of the report must see at once, not one after the other.
fn together(dice: &mut Dice) -> Option<Case> {
    let bounds =
        "        histogram:\n          explicit:\n            buckets: [10ms, 100ms, 500ms]\n        dimensions:\n";
    match dice.below(5) {
        0 => on_files(&["gate/series-never-exists", "gate/label-never-exists"], Mends::Clean, |s| {
            s.swap_all(TEMPLATE, "span_metrics_duration_milliseconds_bucket", "spanmetrics_latency_bucket");
            s.swap_all(TEMPLATE, "hotrod_pod_hash", "pod_hash");
        }),
        1 => on_files(&["collector/metrics-not-exposed", "gate/series-never-exists"], Mends::Clean, |s| {
            s.swap(CONFIG, "0.0.0.0:8889", "0.0.0.0:9464\n        namespace: hotrod");
        })
        .map(Case::elsewhere),
        2 => on_files(&["yaml/syntax", "collector/dimension-matches-nothing"], Mends::Clean, |s| {
            s.swap(CONFIG, "hotrod.pod.hash", "hotrod_pod_hash");
            s.swap(DAEMONSET, "\"8889\"", "8889");
        }),
        3 => on_files(&["gate/vacuous", "gate/label-never-exists"], Mends::Clean, |s| {
            s.swap(CONFIG, "        dimensions:\n", bounds);
            s.swap_all(TEMPLATE, "hotrod_pod_hash", "pod_hash");
        }),
        _ => on_files(&["wiring/port-mismatch", "wiring/unreachable-endpoint"], Mends::Clean, |s| {
            s.cut_line(CONFIG, "extensions: [health_check]");
            s.swap(ROLLOUT, "collector.otel.svc", "collector.observability.svc");
        })
        .map(|c| c.also("collector/unused-component", "it is idle")),
    }
}
