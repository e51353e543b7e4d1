//! Through the apiserver to a Service: its own noes by the real one, the rest by one that is played.

use crate::plane::{block, plane};
use cluster::{Access, Cluster, Error};
use delivery::Name;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

async fn post(cluster: &Cluster, body: &[u8], limit: Duration) -> Result<(), Error> {
    let service = Name::new("otel", "receiver");
    cluster.post(&service, 4318, "/v1/traces", "application/x-protobuf", body.to_vec(), limit).await
}

/// Reads a request, answers with `status`, and gives the request's head and body.
fn once(listener: &TcpListener, status: &str) -> (String, Vec<u8>) {
    let (mut stream, _) = listener.accept().expect("a caller");
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a line");
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length");
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 3\r\nconnection: close\r\n\r\nno\n").expect("written");
    (head, body)
}

#[test]
fn a_service_is_reached_and_its_words_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let kubeconfig = folder.path().join("kubeconfig");
    let text = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "played",
        "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", listener.local_addr().expect("bound"))}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "played", "context": {"cluster": "c", "user": "u"}}],
    });
    std::fs::write(&kubeconfig, text.to_string()).expect("written");
    let access = Access { kubeconfig: Some(kubeconfig), ..Access::default() };
    let served = |body: &'static [u8], status: &'static str| {
        let (access, listener) = (access.clone(), &listener);
        std::thread::scope(move |scope| {
            let server = scope.spawn(move || once(listener, status));
            let result = block(async {
                let cluster = Cluster::connect(&access).await.expect("a cluster");
                post(&cluster, body, LIMIT).await
            });
            (result, server.join().expect("a request"))
        })
    };
    let (result, (head, body)) = served(&[0, 255, 10], "200 OK");
    result.expect("taken");
    assert!(head.starts_with("POST /api/v1/namespaces/otel/services/receiver:4318/proxy/v1/traces HTTP/1.1"), "{head}");
    assert!(head.to_ascii_lowercase().contains("content-type: application/x-protobuf"), "{head}");
    assert_eq!(body, [0, 255, 10]);
    let (result, _) = served(b"x", "400 Bad Request");
    let words = result.expect_err("a no").to_string();
    assert_eq!(words, "the cluster refused: otel/receiver answered 400 Bad Request no");

    // Nobody accepts, though the system takes the connection.
    let began = Instant::now();
    let slow = block(async {
        let cluster = Cluster::connect(&access).await.expect("a cluster");
        post(&cluster, b"x", Duration::from_secs(1)).await.expect_err("silence")
    });
    assert!(matches!(slow, Error::Slow(1)) && began.elapsed() < LIMIT, "{slow}");
}

#[test]
fn the_apiserver_says_what_is_missing() {
    let Some(plane) = plane() else { return };
    block(async {
        let missing = post(&plane.cluster("admin").await, b"x", LIMIT).await.expect_err("no Service");
        assert!(matches!(&missing, Error::NotFound(what) if what.contains("receiver")), "{missing}");
        let forbidden = post(&plane.cluster("bot").await, b"x", LIMIT).await.expect_err("no right");
        assert_eq!(forbidden.to_string(), "bot lacks the right to create services/proxy in namespace otel");
    });
}
