//! Faults in the collector's configuration and around it.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, mutator, on_files};
use crate::state::{CONFIG, DAEMONSET, State};

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("collector: no receiver", no_receiver),
    mutator("collector: undefined component", undefined),
    mutator("collector: unknown type", unknown_type),
    mutator("collector: half-wired connector", half_wired),
    mutator("collector: unknown key", unknown_key),
    mutator("collector: slipped indentation", slipped),
    mutator("collector: invalid value", invalid_value),
    mutator("collector: unsupported signal", unsupported_signal),
    mutator("collector: ambiguous id", ambiguous_id),
    mutator("collector: listens on loopback", loopback),
    mutator("collector: listens on a remote name", remote_name),
    mutator("collector: metrics not exposed", not_exposed),
    mutator("collector: dimension matches nothing", dimension),
    mutator("collector: dimension missing", no_dimension),
    mutator("collector: signal refused", refused),
    mutator("collector: hard-coded address", hard_coded),
    mutator("collector: flush slower than the gate", slow_flush),
    mutator("collector: unused component", unused),
    mutator("collector: stale after a change", stale),
    mutator("collector: chatty debug", chatty),
    mutator("collector: memory limit", memory),
    mutator("collector: metrics renamed", renamed_metrics),
];

const RECEIVERS: &str = "    receivers:
      otlp:
        protocols:
          grpc:
            endpoint: 0.0.0.0:4317
          http:
            endpoint: 0.0.0.0:4318
";

fn config(roots: &[&'static str], mends: Mends, from: &str, to: &str) -> Option<Case> {
    on_files(roots, mends, |s| s.swap(CONFIG, from, to))
}

fn no_receiver(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["", "    receivers:\n", "    receivers: {}\n", "    receivers: null\n", "    receivers: ~\n"]);
    config(&["collector/no-receiver"], Mends::Clean, RECEIVERS, to)
}

fn undefined(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("receivers: [otlp]", "receivers: [oltp]"),
        ("      otlp:\n        protocols", "      otlp/grpc:\n        protocols"),
        ("exporters: [debug, otlp, spanmetrics]", "exporters: [debug, otlp/jaeger, spanmetrics]"),
        ("exporters: [prometheus]", "exporters: [prometheus/metrics]"),
        (
            "processors: [memory_limiter, batch]\n          exporters: [debug",
            "processors: [memory_limiter, batch, resource]\n          exporters: [debug",
        ),
        ("extensions: [health_check]", "extensions: [health_check, zpages]"),
        ("      prometheus:\n        endpoint: 0.0.0.0:8889\n", ""),
        ("      debug:\n        verbosity: basic\n", ""),
        ("      batch:\n        timeout: 1s\n", ""),
    ]);
    let case = config(&["collector/undefined-component"], Mends::Clean, from, to)?;
    // The reference can be renamed as well as the definition.
    Some(if to.contains("otlp/grpc") { case.elsewhere() } else { case })
}

fn unknown_type(dice: &mut Dice) -> Option<Case> {
    let jaeger = "      otlp:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:4317\n        tls:\n          insecure: true\n";
    match dice.below(6) {
        0 => on_files(&["collector/unknown-component-type"], Mends::Clean, |s| {
            s.swap(CONFIG, jaeger, "      jaeger:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:14250\n        tls:\n          insecure: true\n");
            s.swap(CONFIG, "[debug, otlp, spanmetrics]", "[debug, jaeger, spanmetrics]");
        }),
        1 => on_files(&["collector/unknown-component-type"], Mends::Clean, |s| {
            s.swap(CONFIG, "      debug:\n        verbosity: basic\n", "      logging:\n        loglevel: info\n");
            s.swap(CONFIG, "[debug, otlp, spanmetrics]", "[logging, otlp, spanmetrics]");
        }),
        2 => on_files(&["collector/unknown-component-type"], Mends::Perhaps, |s| {
            s.swap(CONFIG, "      batch:\n        timeout: 1s\n", "      batcher:\n        timeout: 1s\n");
            s.swap_all(CONFIG, "[memory_limiter, batch]", "[memory_limiter, batcher]");
        }),
        3 => {
            config(&["collector/unknown-component-type"], Mends::Clean, "      spanmetrics:\n", "      span_metric:\n")
        }
        4 => config(&["collector/unknown-component-type"], Mends::Clean, "      prometheus:\n", "      prometeus:\n"),
        _ => {
            config(&["collector/unknown-component-type"], Mends::Clean, "      health_check:\n", "      healthcheck:\n")
        }
    }
}

const METRICS: &str = "        metrics:
          receivers: [spanmetrics]
          processors: [memory_limiter, batch]
          exporters: [prometheus]
";

fn half_wired(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        (METRICS, ""),
        ("[debug, otlp, spanmetrics]", "[debug, otlp]"),
        ("[debug, otlp, spanmetrics]", "[otlp]"),
        ("          receivers: [spanmetrics]\n", "          receivers: []\n"),
    ]);
    config(&["collector/half-wired-connector"], Mends::Clean, from, to)
        .map(|c| c.also("collector/unused-component", "`debug` went with the same line"))
}

fn unknown_key(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("metrics_flush_interval: 10s", "metrics_flush_intervall: 10s"),
        ("verbosity: basic", "verbositty: basic"),
        ("          insecure: true", "          insecur: true"),
        ("        timeout: 1s", "        timout: 1s"),
        ("        check_interval: 1s", "        check_intervall: 1s"),
        ("    exporters:\n      debug", "    exporter:\n      debug"),
        ("      pipelines:", "      pipeline:"),
        ("        protocols:\n", "        protocol:\n"),
    ]);
    config(&["collector/unknown-key"], Mends::Perhaps, from, to)
        .map(|c| c.also("collector/flush-slower-than-gate", "without its key the flush is the default"))
}

fn slipped(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("        tls:\n          insecure: true\n", "        tls:\n        insecure: true\n"),
        ("        dimensions:\n", "        histogram:\n        dimensions:\n"),
        ("        tls:\n          insecure: true\n", "          tls:\n            insecure: true\n"),
        ("          exporters: [prometheus]", "        exporters: [prometheus]"),
        (METRICS, "      metrics:\n        receivers: [spanmetrics]\n        processors: [memory_limiter, batch]\n        exporters: [prometheus]\n"),
        ("      extensions: [health_check]\n", "    extensions: [health_check]\n"),
    ]);
    if from.contains("dimensions") || to.starts_with("          tls") || to.starts_with("    extensions") {
        return None;
    }
    config(&["collector/unknown-key"], Mends::Clean, from, to)
}

fn invalid_value(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("metrics_flush_interval: 10s", "metrics_flush_interval: 10"),
        ("metrics_flush_interval: 10s", "metrics_flush_interval: ten seconds"),
        ("verbosity: basic", "verbosity: verbose"),
        ("timeout: 1s", "timeout: 1 s"),
        ("insecure: true", "insecure: maybe"),
        ("endpoint: 0.0.0.0:8889", "endpoint: 0.0.0.0:88890"),
        ("limit_percentage: 80", "limit_percentage: eighty"),
        ("receivers: [otlp]", "receivers: otlp"),
    ]);
    config(&["collector/invalid-value"], Mends::Perhaps, from, to)
        .map(|c| c.also("collector/flush-slower-than-gate", "a flush that nobody can read is the default"))
}

fn unsupported_signal(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("[debug, otlp, spanmetrics]", "[debug, otlp, spanmetrics, prometheus]"),
        ("        metrics:\n", "        logs:\n"),
        ("        traces:\n", "        logs:\n"),
        ("[debug, otlp, spanmetrics]", "[prometheus, debug, otlp, spanmetrics]"),
    ]);
    config(&["collector/unsupported-signal"], Mends::Clean, from, to)
}

fn ambiguous_id(dice: &mut Dice) -> Option<Case> {
    let body = dice.pick(&[
        "      spanmetrics:\n",
        "      spanmetrics: {}\n",
        "      spanmetrics:\n        endpoint: 0.0.0.0:8890\n",
    ]);
    let at = dice.pick(&["    exporters:\n", "      prometheus:\n        endpoint: 0.0.0.0:8889\n"]);
    config(&["collector/ambiguous-id"], Mends::Clean, at, &format!("{at}{body}"))
}

fn loopback(dice: &mut Dice) -> Option<Case> {
    let port = dice.pick(&["4317", "4318"]);
    let name = if port == "4317" { "grpc" } else { "http" };
    let from = format!("          {name}:\n            endpoint: 0.0.0.0:{port}\n");
    let to = match dice.below(6) {
        0 => format!("          {name}: {{}}\n"),
        1 => format!("          {name}:\n"),
        2 => format!("          {name}:\n            endpoint: localhost:{port}\n"),
        3 => format!("          {name}:\n            endpoint: \"127.0.0.1:{port}\"\n"),
        4 => format!("          {name}: {{endpoint: \"[::1]:{port}\"}}\n"),
        _ => format!("          {name}: null\n"),
    };
    config(&["collector/loopback-receiver"], Mends::Clean, &from, &to)
}

fn remote_name(dice: &mut Dice) -> Option<Case> {
    let host = dice.pick(&[
        "collector.otel.svc.cluster.local",
        "collector",
        "jaeger-collector.jaeger.svc.cluster.local",
        "hotrod.hotrod",
        "10.96.3.7",
    ]);
    let port = dice.pick(&["4317", "4318"]);
    config(&["collector/listens-on-remote-name"], Mends::Clean, &format!("0.0.0.0:{port}"), &format!("{host}:{port}"))
}

fn not_exposed(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("exporters: [prometheus]", "exporters: [debug]"),
        ("exporters: [prometheus]", "exporters: []"),
        ("endpoint: 0.0.0.0:8889", "endpoint: 0.0.0.0:9464"),
        ("endpoint: 0.0.0.0:8889", "endpoint: \":8888\""),
        ("endpoint: 0.0.0.0:8889", "endpoint: localhost:8889"),
    ]);
    config(&["collector/metrics-not-exposed"], Mends::Clean, from, to)
}

fn dimension(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("hotrod.namespace", "hotrod_namespace"),
        ("hotrod.pod.hash", "hotrod.podhash"),
        ("hotrod.pod.hash", "hotrod_pod_hash"),
        ("hotrod.pod.name", "hotrod.pod_name"),
        ("hotrod.namespace", "Hotrod.Namespace"),
        ("hotrod.pod.hash", "hotrod.pod.hsah"),
    ]);
    let quote = dice.pick(&["", "\"", "'"]);
    config(
        &["collector/dimension-matches-nothing"],
        Mends::Clean,
        &format!("- name: {from}"),
        &format!("- name: {quote}{to}{quote}"),
    )
}

fn no_dimension(dice: &mut Dice) -> Option<Case> {
    let name = dice.pick(&["hotrod.namespace", "hotrod.pod.hash"]);
    config(&["gate/label-never-exists"], Mends::Clean, &format!("          - name: {name}\n"), "")
}

fn refused(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["[prometheus, otlp]", "[otlp, prometheus]", "[otlp]"]);
    config(
        &["collector/signal-refused-by-backend"],
        Mends::Clean,
        "exporters: [prometheus]",
        &format!("exporters: {to}"),
    )
}

fn hard_coded(dice: &mut Dice) -> Option<Case> {
    let host = dice.pick(&["10.96.14.7", "172.20.0.11", "10.43.200.5"]);
    config(
        &["collector/hard-coded-address"],
        Mends::Clean,
        "endpoint: jaeger-collector.jaeger.svc.cluster.local:4317",
        &format!("endpoint: {host}:4317"),
    )
}

fn slow_flush(dice: &mut Dice) -> Option<Case> {
    let line = "        metrics_flush_interval: 10s\n";
    let to = dice.pick(&[
        "",
        "        metrics_flush_interval: 60s\n",
        "        metrics_flush_interval: 1m\n",
        "        metrics_flush_interval: 45s\n",
        "        metrics_flush_interval: \"60s\"\n",
    ]);
    config(&["collector/flush-slower-than-gate"], Mends::Clean, line, to)
}

fn unused(dice: &mut Dice) -> Option<Case> {
    let (at, more) = dice.pick(&[
        ("    exporters:\n", "      debug/verbose:\n        verbosity: detailed\n"),
        ("    processors:\n", "      batch/second:\n        timeout: 5s\n"),
        (
            "    receivers:\n",
            "      otlp/second:\n        protocols:\n          grpc:\n            endpoint: 0.0.0.0:5317\n",
        ),
        ("    extensions:\n", "      pprof:\n        endpoint: 0.0.0.0:1777\n"),
    ]);
    config(&["collector/unused-component"], Mends::Perhaps, at, &format!("{at}{more}"))
}

fn stale(dice: &mut Dice) -> Option<Case> {
    on_files(&["collector/stale-after-change"], Mends::Clean, |s| match dice.below(3) {
        0 => s.swap(CONFIG, "timeout: 1s", "timeout: 2s"),
        1 => s.swap(CONFIG, "metrics_expiration: 5m", "metrics_expiration: 10m"),
        _ => {
            s.cut_line(DAEMONSET, "hyperspace/config-hash");
        }
    })
}

fn chatty(dice: &mut Dice) -> Option<Case> {
    let to = dice.pick(&["verbosity: detailed", "verbosity: \"detailed\"", "verbosity: 'detailed'"]);
    config(&["collector/chatty-debug"], Mends::Clean, "verbosity: basic", to)
}

fn memory(dice: &mut Dice) -> Option<Case> {
    let memory = |s: &mut State, value: &str| s.swap(DAEMONSET, "value: 204MiB", value);
    on_files(&["collector/memory-limit"], Mends::Perhaps, |s| match dice.below(5) {
        0 => memory(s, "value: 256MiB"),
        1 => memory(s, "value: \"300MiB\""),
        2 => memory(s, "value: 1GiB"),
        3 => s.swap_all(CONFIG, "processors: [memory_limiter, batch]", "processors: [batch]"),
        _ => s.swap(DAEMONSET, "memory: 256Mi\n", "memory: 200Mi\n"),
    })
    .map(|c| c.also("collector/unused-component", "nothing uses the limiter any more"))
}

fn renamed_metrics(dice: &mut Dice) -> Option<Case> {
    let (from, to) = dice.pick(&[
        ("        metrics_expiration: 5m\n", "        metrics_expiration: 5m\n        namespace: traces.spanmetrics\n"),
        ("        metrics_expiration: 5m\n", "        metrics_expiration: 5m\n        namespace: \"\"\n"),
        ("        metrics_expiration: 5m\n", "        metrics_expiration: 5m\n        histogram:\n          unit: s\n"),
        ("        endpoint: 0.0.0.0:8889\n", "        endpoint: 0.0.0.0:8889\n        namespace: hotrod\n"),
        ("        endpoint: 0.0.0.0:8889\n", "        endpoint: 0.0.0.0:8889\n        add_metric_suffixes: false\n"),
    ]);
    config(&["gate/series-never-exists"], Mends::Clean, from, to).map(Case::elsewhere)
}
