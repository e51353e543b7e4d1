//! Sound states that look different: nothing may be said of them, or exactly what is stated.

use crate::dice::Dice;
use crate::judge::{judged, roots, told};
use crate::spec::{Kind, Style, Template};
use crate::spelling;
use crate::state::{APPSET, CONFIG, DAEMONSET, HOTROD_SERVICE, RIDERS, ROLLOUT, SERVICE, State, TEMPLATE};

/// A variant and the rules of the root findings that it has all the same.
pub(crate) struct Variant {
    name: &'static str,
    make: fn(&mut State),
    says: &'static [&'static str],
}

pub(crate) const fn clean(name: &'static str, make: fn(&mut State)) -> Variant {
    Variant { name, make, says: &[] }
}

pub(crate) const fn says(name: &'static str, make: fn(&mut State), says: &'static [&'static str]) -> Variant {
    Variant { name, make, says }
}

/// The template with one gate changed.
fn gate(state: &mut State, kind: Kind, query: &str, condition: &str) {
    let mut template = spelling::plain();
    let gate = template.gate(kind);
    gate.raw = Some(query.to_owned());
    gate.success = Some(condition.to_owned());
    state.set(TEMPLATE, template.render());
}

fn template(state: &mut State, change: impl FnOnce(&mut Template)) {
    let mut template = spelling::plain();
    change(&mut template);
    state.set(TEMPLATE, template.render());
}

/// The config's hash is kept: the variant is about something else.
fn config(state: &mut State, from: &str, to: &str) {
    state.swap(CONFIG, from, to);
    restamp(state);
}

/// Writes the configuration's hash, as `fix` does, and nothing else.
pub(crate) fn restamp(state: &mut State) {
    let is_hash = |l: &&str| l.contains("hyperspace/config-hash");
    let fixed = hyperspace_rules::fix(state.sources(), &state.context, hyperspace_rules::Safety::Safe);
    for ((_, text), file) in state.files.iter_mut().zip(fixed.files) {
        let after = file.content.unwrap();
        let mut hashes = after.lines().filter(is_hash);
        let lines = text.lines().map(|line| if is_hash(&line) { hashes.next().unwrap_or(line) } else { line });
        *text = lines.map(|l| format!("{l}\n")).collect();
    }
}

const SCOPE: &str = r#"namespace="{{args.namespace}}",rollouts_pod_template_hash="{{args.canary-hash}}""#;
const SPANS: &str = r#"hotrod_namespace="{{args.namespace}}",hotrod_pod_hash="{{args.canary-hash}}",service_name="frontend",span_kind="SPAN_KIND_SERVER",span_name=~"/|/dispatch""#;

fn counter(state: &mut State, form: &str, condition: &str, kind: Kind) {
    gate(state, kind, &form.replace("SCOPE", SCOPE).replace("SPANS", SPANS), condition);
}

const VARIANTS: &[Variant] = &[
    clean("traffic on the request counter", |s| {
        counter(
            s,
            r#"sum(rate(hotrod_requests_total{SCOPE,endpoint=~"/|/dispatch"}[2m]))"#,
            "len(result) > 0 && result[0] >= 0.05",
            Kind::Traffic,
        );
    }),
    clean("traffic without error label of failed requests alone", |s| {
        counter(
            s,
            r#"sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="false"}[2m])) + sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="true"}[2m]))"#,
            "len(result) > 0 && result[0] >= 0.05",
            Kind::Traffic,
        );
    }),
    clean("the bound stands in the query", |s| {
        counter(s, "sum(rate(traces_span_metrics_calls_total{SPANS}[2m])) >= 0.05", "len(result) > 0", Kind::Traffic);
    }),
    clean("the query answers 0 or 1", |s| {
        counter(
            s,
            "sum(rate(traces_span_metrics_calls_total{SPANS}[2m])) >= bool 0.05",
            "len(result) > 0 && result[0] == 1",
            Kind::Traffic,
        );
    }),
    clean("pods by name", |s| {
        counter(
            s,
            r#"sum(rate(hotrod_requests_total{namespace="{{args.namespace}}",pod=~"hotrod-{{args.canary-hash}}-.+",endpoint=~"/|/dispatch"}[2m]))"#,
            "len(result) > 0 && result[0] >= 0.05",
            Kind::Traffic,
        );
    }),
    clean("span pods by name", |s| {
        counter(
            s,
            r#"sum(rate(traces_span_metrics_calls_total{hotrod_pod_name=~"hotrod-{{args.canary-hash}}-.*",service_name="frontend",span_kind="SPAN_KIND_SERVER",span_name=~"/|/dispatch"}[2m]))"#,
            "len(result) > 0 && result[0] >= 0.05",
            Kind::Traffic,
        );
    }),
    clean("success rate", |s| {
        counter(
            s,
            r#"sum(rate(traces_span_metrics_calls_total{SPANS,status_code!="STATUS_CODE_ERROR"}[2m])) / sum(rate(traces_span_metrics_calls_total{SPANS}[2m]))"#,
            "len(result) > 0 && result[0] > 0.95",
            Kind::Errors,
        );
    }),
    clean("success rate by values", |s| {
        counter(
            s,
            r#"sum(rate(traces_span_metrics_calls_total{SPANS,status_code=~"STATUS_CODE_(UNSET|OK)"}[2m])) / sum(rate(traces_span_metrics_calls_total{SPANS}[2m]))"#,
            "len(result) > 0 && result[0] > 0.95",
            Kind::Errors,
        );
    }),
    clean("errors by difference", |s| {
        counter(
            s,
            r#"(sum(rate(hotrod_requests_total{SCOPE,endpoint=~"/|/dispatch"}[2m])) - sum(rate(hotrod_requests_total{SCOPE,endpoint=~"/|/dispatch",error="false"}[2m]))) / sum(rate(hotrod_requests_total{SCOPE,endpoint=~"/|/dispatch"}[2m]))"#,
            "len(result) > 0 && result[0] < 0.05",
            Kind::Errors,
        );
    }),
    clean("errors over errors and successes", |s| {
        counter(
            s,
            r#"sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="true"}[2m])) / (sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="true"}[2m])) + sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="false"}[2m])))"#,
            "len(result) > 0 && result[0] < 0.05",
            Kind::Errors,
        );
    }),
    clean("errors with labels ignored", |s| {
        counter(
            s,
            r#"sum without (error) (sum by (error) (rate(hotrod_requests_total{SCOPE,endpoint="/dispatch",error="true"}[2m]))) / on() sum(rate(hotrod_requests_total{SCOPE,endpoint="/dispatch"}[2m]))"#,
            "len(result) > 0 && result[0] < 0.05",
            Kind::Errors,
        );
    }),
    clean("a pair of conditions", |s| {
        template(s, |t| {
            let gate = t.gate(Kind::Errors);
            gate.success = Some("len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05".to_owned());
            gate.failure = Some("len(result) == 0 || isNaN(result[0]) || result[0] >= 0.05".to_owned());
        })
    }),
    clean("a pair of conditions of which the second speaks of values alone", |s| {
        template(s, |t| {
            let gate = t.gate(Kind::Traffic);
            gate.success = Some("len(result) > 0 && result[0] >= 0.05".to_owned());
            gate.failure = Some("len(result) > 0 && result[0] < 0.05".to_owned());
        })
    }),
    clean("the median and the 99th percentile beside the 95th", |s| {
        template(s, |t| {
            for (quantile, bound, name) in [("0.5", "400", "median"), ("0.99", "3000", "p99")] {
                let mut more = t.gate(Kind::Latency).clone();
                more.query.form = more.query.form.replace("0.95", quantile);
                more.success = Some(format!("len(result) > 0 && result[0] < {bound}"));
                more.name = name.to_owned();
                t.gates.push(more);
            }
        })
    }),
    clean("latency in seconds", |s| {
        s.swap(
            CONFIG,
            "        metrics_expiration: 5m\n",
            "        metrics_expiration: 5m\n        histogram:\n          unit: s\n",
        );
        template(s, |t| {
            let gate = t.gate(Kind::Latency);
            gate.query.metric = "traces_span_metrics_duration_seconds_bucket".to_owned();
            gate.success = Some("len(result) > 0 && result[0] < 1".to_owned());
        });
        restamp(s);
    }),
    clean("latency from the workload's own histogram", |s| {
        counter(
            s,
            r#"histogram_quantile(0.95, sum by (le) (rate(hotrod_request_latency_bucket{SCOPE,endpoint=~"/|/dispatch"}[2m])))"#,
            "len(result) > 0 && result[0] < 1",
            Kind::Latency,
        );
    }),
    clean("metrics in another namespace", |s| {
        s.swap(
            CONFIG,
            "        metrics_expiration: 5m\n",
            "        metrics_expiration: 5m\n        namespace: rides\n",
        );
        let text = s.text(TEMPLATE).replace("traces_span_metrics_", "rides_");
        s.set(TEMPLATE, text);
        restamp(s);
    }),
    clean("the exporter's namespace", |s| {
        s.swap(
            CONFIG,
            "        endpoint: 0.0.0.0:8889\n",
            "        endpoint: 0.0.0.0:8889\n        namespace: hyper\n",
        );
        let text = s.text(TEMPLATE).replace("traces_span_metrics_", "hyper_traces_span_metrics_");
        s.set(TEMPLATE, text);
        restamp(s);
    }),
    clean("two templates", |s| {
        let (mut first, mut second) = (spelling::plain(), spelling::plain());
        first.gates.retain(|g| g.kind == Kind::Traffic);
        second.gates.retain(|g| g.kind != Kind::Traffic);
        second.name = "hotrod-quality".to_owned();
        s.set(TEMPLATE, first.render());
        s.set("manifests/hotrod/quality.yaml", second.render());
        s.swap(
            ROLLOUT,
            "- templateName: hotrod-analysis\n",
            "- templateName: hotrod-analysis\n              - templateName: hotrod-quality\n",
        );
    }),
    clean("two analysis steps", |s| {
        let (mut first, mut second) = (spelling::plain(), spelling::plain());
        first.gates.retain(|g| g.kind == Kind::Traffic);
        second.gates.retain(|g| g.kind != Kind::Traffic);
        second.name = "hotrod-quality".to_owned();
        s.set(TEMPLATE, format!("{}---\n{}", first.render(), second.render()));
        let rollout = s.text(ROLLOUT).to_owned();
        let at = rollout.find("        - analysis:\n").unwrap();
        let end = rollout.find("        - setWeight: 100\n").unwrap();
        let step = rollout[at..end].replace("hotrod-analysis", "hotrod-quality");
        s.set(ROLLOUT, format!("{}        - setWeight: 75\n{step}{}", &rollout[..end], &rollout[end..]));
    }),
    clean("a cluster template", |s| {
        template(s, |t| t.cluster = true);
        s.swap(
            ROLLOUT,
            "- templateName: hotrod-analysis\n",
            "- templateName: hotrod-analysis\n                clusterScope: true\n",
        );
    }),
    clean("arguments with defaults", |s| {
        template(s, |t| {
            t.args = vec!["namespace".to_owned(), "canary-hash".to_owned(), "window\n      value: 2m".to_owned()]
        });
        s.swap_all(TEMPLATE, "[2m]", "[{{args.window}}]");
    }),
    clean("the threshold as an argument", |s| {
        template(s, |t| {
            t.args.push("max\n      value: \"0.05\"".to_owned());
            t.gate(Kind::Errors).success = Some("len(result) > 0 && result[0] < {{args.max}}".to_owned());
        });
    }),
    clean("the namespace written out", |s| {
        template(s, |t| t.args.retain(|a| a != "namespace"));
        s.swap_all(TEMPLATE, "{{args.namespace}}", "hotrod");
    }),
    clean("arguments under other names", |s| {
        s.swap_all(TEMPLATE, "canary-hash", "latest");
        s.swap_all(ROLLOUT, "canary-hash", "latest");
    }),
    clean("the namespace as a literal argument", |s| {
        s.swap(ROLLOUT, "                valueFrom:\n                  fieldRef:\n                    fieldPath: metadata.namespace\n              - name: canary-hash", "                value: hotrod\n              - name: canary-hash");
    }),
    clean("a background analysis beside the step", |s| {
        let background = "      analysis:\n        startingStep: 1\n        templates:\n          - templateName: hotrod-analysis\n        args:\n          - name: namespace\n            value: hotrod\n          - name: canary-hash\n            valueFrom:\n              podTemplateHashValue: Latest\n";
        s.swap(ROLLOUT, "    canary:\n", &format!("    canary:\n{background}"));
    }),
    clean("more steps and pauses", |s| {
        s.swap(ROLLOUT, "        - setWeight: 50\n", "        - setWeight: 20\n        - pause: {duration: 30s}\n        - setWeight: 50\n        - pause: {duration: 1m}\n");
    }),
    clean("no setWeight 100 at the end", |s| s.cut_line(ROLLOUT, "setWeight: 100")),
    clean("the collector as a Deployment", |s| {
        s.swap(DAEMONSET, "kind: DaemonSet", "kind: Deployment");
        s.swap(DAEMONSET, "spec:\n  selector", "spec:\n  replicas: 1\n  selector");
    }),
    clean("OTLP over HTTP to Jaeger", |s| {
        s.swap(
            CONFIG,
            "      otlp:\n        endpoint: jaeger-collector.jaeger.svc.cluster.local:4317\n",
            "      otlphttp:\n        endpoint: http://jaeger-collector.jaeger.svc.cluster.local:4318\n",
        );
        config(s, "[debug, otlp, spanmetrics]", "[debug, otlphttp, spanmetrics]");
    }),
    clean("a named exporter", |s| {
        s.swap(CONFIG, "      otlp:\n        endpoint: jaeger", "      otlp/jaeger:\n        endpoint: jaeger");
        config(s, "[debug, otlp, spanmetrics]", "[debug, otlp/jaeger, spanmetrics]");
    }),
    clean("without debug", |s| {
        s.swap(CONFIG, "      debug:\n        verbosity: basic\n", "");
        config(s, "[debug, otlp, spanmetrics]", "[otlp, spanmetrics]");
    }),
    clean("dimensions in flow style with defaults", |s| {
        config(
            s,
            "        dimensions:\n          - name: hotrod.namespace\n          - name: hotrod.pod.name\n          - name: hotrod.pod.hash\n",
            "        dimensions: [{name: hotrod.namespace}, {name: hotrod.pod.name, default: none}, {name: hotrod.pod.hash}, {name: deployment.environment, default: lab}]\n",
        );
    }),
    clean("k8sattributes", |s| {
        s.swap(
            CONFIG,
            "      batch:\n        timeout: 1s\n",
            "      batch:\n        timeout: 1s\n      k8sattributes:\n        auth_type: serviceAccount\n",
        );
        config(
            s,
            "processors: [memory_limiter, batch]\n          exporters: [debug",
            "processors: [memory_limiter, k8sattributes, batch]\n          exporters: [debug",
        );
    }),
    clean("more receivers", |s| {
        s.swap(CONFIG, "    processors:\n", "      jaeger:\n        protocols:\n          thrift_http:\n            endpoint: 0.0.0.0:14268\n      zipkin:\n        endpoint: 0.0.0.0:9411\n\n    processors:\n");
        config(s, "receivers: [otlp]", "receivers: [otlp, jaeger, zipkin]");
    }),
    clean("another port for the metrics", |s| {
        s.swap_all(DAEMONSET, "8889", "9464");
        s.swap_all(SERVICE, "8889", "9464");
        config(s, "0.0.0.0:8889", "0.0.0.0:9464");
    }),
    clean("listens on every address by colon", |s| config(s, "endpoint: 0.0.0.0:4317", "endpoint: \":4317\"")),
    clean("listens on the pod's address", |s| {
        s.swap(DAEMONSET, "          env:\n", "          env:\n            - name: MY_POD_IP\n              valueFrom:\n                fieldRef:\n                  fieldPath: status.podIP\n");
        config(s, "endpoint: 0.0.0.0:4317", "endpoint: ${env:MY_POD_IP}:4317");
    }),
    clean("targetPorts as numbers", |s| {
        s.swap(HOTROD_SERVICE, "targetPort: frontend", "targetPort: 8080");
        s.swap(SERVICE, "targetPort: otlp-grpc", "targetPort: 4317");
        s.swap(SERVICE, "      targetPort: otlp-http\n", "");
        s.swap(SERVICE, "targetPort: prometheus", "targetPort: 8889");
    }),
    clean("short host names", |s| {
        s.swap(ROLLOUT, "collector.otel.svc.cluster.local:4318", "collector.otel:4318");
        s.swap(RIDERS, "hotrod.hotrod.svc.cluster.local:8080", "hotrod.hotrod:8080");
        config(s, "jaeger-collector.jaeger.svc.cluster.local:4317", "jaeger-collector.jaeger.svc:4317");
    }),
    clean("a newer HotROD", |s| s.swap(ROLLOUT, "example-hotrod:1.76.0", "example-hotrod:1.78.0")),
    clean("from docker.io, with a digest", |s| {
        s.swap(ROLLOUT, "jaegertracing/example-hotrod:1.76.0", "docker.io/jaegertracing/example-hotrod:1.76.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    }),
    clean("the template in JSON", |s| template(s, |t| t.style = Style::Json)),
    clean("all of hotrod in one file", |s| {
        let (template, service) = (s.remove(TEMPLATE), s.remove(HOTROD_SERVICE));
        let all = format!("{}---\n{template}---\n{service}", s.text(ROLLOUT));
        s.set(ROLLOUT, all);
    }),
    clean("carriage returns", |s| {
        for (_, text) in &mut s.files {
            *text = text.replace('\n', "\r\n");
        }
    }),
    clean("the layout of the published start", |s| {
        s.relocate(|path| path.strip_prefix("manifests/").unwrap_or(path).to_owned());
        s.swap(APPSET, "path: manifests/*", "path: adventures/expert/manifests/*");
        s.context.git = None;
    }),
    clean("unrelated applications", |s| {
        s.set("manifests/shop/all.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  selector:\n    matchLabels:\n      app: shop\n  template:\n    metadata:\n      labels:\n        app: shop\n    spec:\n      containers:\n        - name: shop\n          image: ghcr.io/example/shop:2.1\n          ports:\n            - containerPort: 3000\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nspec:\n  selector:\n    app: shop\n  ports:\n    - port: 80\n      targetPort: 3000\n");
        s.settle();
    }),
    says(
        "guards in the wrong order",
        |s| {
            template(s, |t| t.gate(Kind::Errors).success = Some("result[0] < 0.05 && !isNaN(result[0])".to_owned()));
        },
        &["gate/errors-on-no-data"],
    ),
    says(
        "the 95th percentile alone is another's",
        |s| {
            template(s, |t| t.gate(Kind::Latency).query.form = "histogram_quantile(0.5, {all})".to_owned());
        },
        &["gate/threshold-deviates"],
    ),
    says(
        "latency of every span",
        |s| {
            template(s, |t| t.gate(Kind::Latency).query.without(&["service_name", "span_kind", "span_name"]));
        },
        &["gate/diluted-by-internal-traffic", "gate/probe-traffic-counted"],
    ),
];

fn all() -> impl Iterator<Item = &'static Variant> {
    VARIANTS.iter().chain(crate::arrangements::VARIANTS)
}

/// What is wrong with the variants; empty when all are judged as stated.
pub(crate) fn failures(wanted: impl Fn(&str) -> bool + Sync) -> Vec<String> {
    let chosen: Vec<&Variant> = all().filter(|v| wanted(v.name)).collect();
    crate::everywhere(&chosen, |variant| {
        let mut state = State::clean();
        (variant.make)(&mut state);
        let report = judged(&state);
        let mut found: Vec<&str> = roots(&report).map(|r| r.finding.rule).collect();
        found.sort_unstable();
        found.dedup();
        (found != variant.says).then(|| format!("==== {}: {found:?}\n{}", variant.name, told(&report)))
    })
}

/// How many there are.
pub(crate) fn count() -> usize {
    all().count()
}

/// Seeded spellings of the three gates that are not sound; empty when all are.
pub(crate) fn unsound_spellings(throws: u64) -> Vec<String> {
    let throws: Vec<u64> = (0..throws).collect();
    crate::everywhere(&throws, |throw| {
        let mut state = State::clean();
        let template = spelling::template(&mut Dice::new("spelling", *throw)).render();
        state.set(TEMPLATE, &template);
        let report = judged(&state);
        roots(&report).next().map(|_| format!("==== {throw}:\n{}{template}", told(&report)))
    })
}
