//! The real Prometheus and the real Jaeger. Need Go where they are not built yet, and are skipped loudly without it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use hyperspace_telemetry::{Answer, Jaeger, Prometheus, Search};
use lab::stack::{JaegerPorts, Stack, jaeger, prometheus};
use lab::trial::{poll, post_json};
use lab::{Program, free_port_list, judge};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn prometheus_says_what_it_has_and_what_it_has_not() {
    let Some(binary) = judge(Program::Prometheus) else { return };
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::new(folder.path(), folder.path()).unwrap();
    let ports = free_port_list(2).unwrap();
    let (port, nobody) = (ports[0], ports[1]);
    let config = folder.path().join("prometheus.yml");
    let jobs = format!(
        "global: {{ scrape_interval: 1s }}\nscrape_configs:\n  - job_name: here\n    static_configs: [{{ targets: \
         ['127.0.0.1:{port}'] }}]\n  - job_name: nobody\n    static_configs: [{{ targets: ['127.0.0.1:{nobody}'] }}]\n"
    );
    std::fs::write(&config, jobs).unwrap();
    let mut running = stack.start(prometheus(&binary, &config, &folder.path().join("data"), port)).unwrap();
    running.wait_ready(LIMIT).unwrap();
    let client = Prometheus::new(&format!("http://127.0.0.1:{port}")).unwrap();
    let health = |job: &str| {
        let targets = wait(client.targets()).unwrap();
        let target = targets.into_iter().find(|target| target.labels.get("job").is_some_and(|name| name == job));
        target.map(|target| (target.health, target.last_error))
    };
    let up = poll(LIMIT, || health("here").filter(|(health, _)| health == "up")).expect("a target that is up");
    assert_eq!(up.1, "");
    let down = poll(LIMIT, || health("nobody").filter(|(health, _)| health == "down")).expect("a target that is down");
    assert!(down.1.contains("connection refused"), "{}", down.1);

    let samples = poll(LIMIT, || Some(wait(client.samples("up == 1")).unwrap()).filter(|all| !all.is_empty()));
    assert_eq!(samples.map(|all| all[0].value), Some(1.0));
    // An empty result is a success to Prometheus, and nothing to us.
    assert_eq!(wait(client.samples("no_such_metric")).unwrap(), []);
    assert_eq!(wait(client.query("scalar(no_such_metric)")).unwrap().measured().unwrap().to_string(), "NaN");
    assert!(matches!(wait(client.query("1")).unwrap(), Answer::Scalar(one) if one == 1.0));
    let refused = wait(client.query("sum(")).unwrap_err();
    assert!(refused.to_string().starts_with("Prometheus says bad_data: ") && !refused.may_pass(), "{refused}");
    assert!(wait(client.samples("1")).unwrap_err().to_string().contains("a vector was asked for"));
    // Built without its pages.
    assert!(!wait(client.has_ui()));
}

#[test]
fn jaeger_finds_a_trace_by_an_attribute_of_its_process() {
    let Some(binary) = judge(Program::Jaeger) else { return };
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::new(folder.path(), folder.path()).unwrap();
    let ports = free_port_list(7).unwrap();
    let ports = JaegerPorts {
        otlp_grpc: ports[0],
        otlp_http: ports[1],
        query: ports[2],
        admin: ports[3],
        unused: [ports[4], ports[5], ports[6]],
    };
    let mut running = stack.start(jaeger(&binary, ports)).unwrap();
    running.wait_ready(LIMIT).unwrap();
    let client = Jaeger::new(&format!("http://127.0.0.1:{}", ports.query)).unwrap();
    let start: i64 = 1_700_000_000_000_000;
    let span = format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"frontend"}}}},
        {{"key":"pod.hash","value":{{"stringValue":"abc"}}}}]}},"scopeSpans":[{{"spans":[{{
        "traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"/dispatch","kind":2,
        "startTimeUnixNano":"{start}000","endTimeUnixNano":"{}000"}}]}}]}}]}}"#,
        start + 1500
    );
    assert_eq!(post_json(ports.otlp_http, "/v1/traces", &span).unwrap().status, 200);
    let search = |hash: &str, from: i64| Search {
        service: "frontend".to_owned(),
        tags: BTreeMap::from([("pod.hash".to_owned(), hash.to_owned())]),
        start: from,
        end: from + 10_000_000,
        limit: 20,
        min_duration: 0,
    };
    let ours = search("abc", start - 1);
    let found = poll(LIMIT, || Some(wait(client.traces(&ours)).unwrap()).filter(|found| !found.is_empty()));
    let found = found.expect("the trace");
    let span = &found[0].spans[0];
    assert_eq!(found[0].id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((span.service.as_str(), span.operation.as_str(), span.duration), ("frontend", "/dispatch", 1500));
    assert_eq!(span.process.get("pod.hash").map(String::as_str), Some("abc"));
    assert_eq!(wait(client.traces(&search("other", start - 1))).unwrap(), []);
    assert_eq!(wait(client.traces(&search("abc", start + 1_000_000))).unwrap(), []);
    assert!(wait(client.services()).unwrap().contains(&"frontend".to_owned()));
    let refused = wait(client.traces(&Search { service: String::new(), ..ours })).unwrap_err();
    assert!(refused.to_string().starts_with("Jaeger says HTTP 400: "), "{refused}");
    // Built without its pages.
    assert!(!wait(client.has_ui()));
}
