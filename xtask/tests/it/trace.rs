//! A run's trace: it arrives, and where it does not, nothing else changes.

use crate::run::{git, orbit, program, xtask};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

fn has(body: &[u8], word: &str) -> bool {
    body.windows(word.len()).any(|window| window == word.as_bytes())
}

#[test]
fn a_run_tells_its_steps_to_a_receiver() {
    let (_guard, orbit) = orbit();
    git(&orbit, &["init", "--quiet", "--bare", "../remote.git"]);
    git(&orbit, &["remote", "add", "origin", "../remote.git"]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let receiver = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut read = Vec::new();
        let mut part = [0; 4096];
        // The last span's step is what the message ends near; the scope's version comes before it.
        while !(has(&read, "\r\n\r\n") && has(&read, "push")) {
            let count = stream.read(&mut part).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&read));
            read.extend_from_slice(&part[..count]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        read
    });
    let ran = program(&orbit).args(["fix-and-push"]).env("OTEL_EXPORTER_OTLP_ENDPOINT", &url).output().unwrap();
    let err = String::from_utf8_lossy(&ran.stderr);
    assert!(err.contains(&format!(" of this run: {url}/v1/traces has it")), "{err}");
    let read = receiver.join().unwrap();
    assert!(read.starts_with(b"POST /v1/traces HTTP/1.1\r\n"), "{}", String::from_utf8_lossy(&read));
    for word in ["application/x-protobuf", "hyperspace", "fix-and-push", "check", "fix", "commit", "attempt"] {
        assert!(has(&read, word), "{word}: {}", String::from_utf8_lossy(&read));
    }
}

#[test]
fn a_receiver_that_is_away_changes_nothing() {
    let codes = ["http://127.0.0.1:9", ""].map(|otlp| {
        let (_guard, orbit) = orbit();
        git(&orbit, &["init", "--quiet", "--bare", "../remote.git"]);
        git(&orbit, &["remote", "add", "origin", "../remote.git"]);
        let ran = program(&orbit).args(["fix-and-push"]).env("OTEL_EXPORTER_OTLP_ENDPOINT", otlp).output().unwrap();
        let err = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(err.matches("the trace of this run").count(), usize::from(!otlp.is_empty()), "{err}");
        assert!(otlp.is_empty() || err.contains("did not reach http://127.0.0.1:9/v1/traces: "), "{err}");
        assert_eq!(git(&orbit, &["rev-parse", "HEAD"]), git(&orbit.join("../remote.git"), &["rev-parse", "main"]));
        ran.status.code()
    });
    assert_eq!(codes[0], codes[1]);
}

#[test]
fn nobody_is_waited_for() {
    let (_guard, orbit) = orbit();
    // The system takes the connection, and nobody answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let began = Instant::now();
    let ran = xtask(&orbit, ["fix-and-push", "--no-push", "--otlp", &url]);
    assert!(ran.err.contains("did not reach") && ran.err.contains("no answer in time"), "{ran:?}");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
    let dry = xtask(&orbit, ["fix-and-push", "--no-push", "--dry-run", "--otlp", &url]);
    assert!(!dry.err.contains("trace"), "{dry:?}");
    let wrong = xtask(&orbit, ["fix-and-push", "--otlp", "collector:4318"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("http://"), "{wrong:?}");
}
