//! The real collector takes what we send, and the span metrics of a release make nothing of it.

#![allow(clippy::expect_used, reason = "tests")]

extern crate hyperspace_trace as trace;

use lab::{Program, free_ports, judge, poll, trial};
use serde_json::Value;
use std::time::{Duration, Instant};
use trace::{Endpoint, Outcome, Recorder, SendError, Trace, post};

const LIMIT: Duration = Duration::from_secs(20);
/// 2026-01-02T03:04:05Z.
const BEGAN: u64 = 1_767_323_045_000_000_000;

fn run() -> Trace {
    let (mut recorder, root) = Recorder::begin(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef, "fix-and-push", BEGAN);
    let push = recorder.child(root, "push", BEGAN + 1_000_000);
    recorder.event(push, "attempt", BEGAN + 1_500_000, vec![("number", 2.into())]);
    recorder.end(push, BEGAN + 2_000_000, &Outcome::Error("the remote said no".to_owned()));
    recorder.set(root, "vcs.ref.head.name", "main");
    recorder.finish(BEGAN + 3_000_000, vec![("service.name", "hyperspace".into())])
}

fn to(port: u16, path: &str) -> Endpoint {
    Endpoint { url: format!("http://127.0.0.1:{port}{path}"), headers: vec![] }
}

#[tokio::test]
async fn the_collector_reads_it() {
    let Some(binary) = judge(Program::Collector) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("traces.json");
    let [port] = free_ports().expect("a port");
    let config = format!(
        "receivers: {{otlp: {{protocols: {{http: {{endpoint: 127.0.0.1:{port}}}}}}}}}\n\
         exporters: {{file: {{path: {}, flush_interval: 50ms}}}}\n\
         service: {{pipelines: {{traces: {{receivers: [otlp], exporters: [file]}}}}}}\n",
        file.display()
    );
    let _collector = trial::collector(&binary, &config, "").expect("a collector");
    post(&run(), &to(port, trace::PATH), LIMIT).await.expect("taken");
    let text = poll(LIMIT, || std::fs::read_to_string(&file).ok().filter(|text| text.ends_with('\n')));
    let read: Value = serde_json::from_str(text.expect("written").trim()).expect("OTLP as JSON");
    let resource = &read["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "hyperspace");
    let spans = &resource["scopeSpans"][0]["spans"];
    let (root, push) = (&spans[0], &spans[1]);
    assert_eq!((&root["name"], &push["name"]), (&"fix-and-push".into(), &"push".into()));
    assert_eq!(root["traceId"], run().id());
    assert_eq!(push["parentSpanId"], root["spanId"]);
    assert_eq!(root["startTimeUnixNano"], BEGAN.to_string());
    assert_eq!((&push["status"]["code"], &push["status"]["message"]), (&2.into(), &"the remote said no".into()));
    assert_eq!(push["events"][0]["attributes"][0]["value"]["intValue"], "2");

    // Another path there is no receiver's.
    let refused = post(&run(), &to(port, "/elsewhere"), LIMIT).await.expect_err("no receiver");
    assert!(matches!(refused, SendError::Refused(404)), "{refused}");
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    // Nobody accepts, though the system takes the connection.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("bound").port();
    let began = Instant::now();
    let error = post(&run(), &to(port, trace::PATH), Duration::from_millis(300)).await.expect_err("silence");
    assert_eq!(error.to_string(), "no answer in time");
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(silent);
    let error = post(&run(), &to(port, trace::PATH), LIMIT).await.expect_err("nobody");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn no_error_tells_a_credential() {
    for url in ["http://user:s3cret@127.0.0.1:1/v1/traces", "http://user:s3cret@/v1/traces", "http://[s3cret/"] {
        let to = Endpoint { url: url.to_owned(), headers: vec![("api-key".to_owned(), "s3cret\n".to_owned())] };
        let error = post(&run(), &to, LIMIT).await.expect_err("nobody");
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error:?}");
    }
}
