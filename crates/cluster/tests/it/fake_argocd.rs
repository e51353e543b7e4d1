//! What a server may answer that is no Argo CD, or one in trouble.

use crate::objects::NEW;
use crate::plane::block;
use crate::releases::{patience, said};
use cluster::{ArgoCd, Heard, Server, Way};
use delivery::{Name, Release};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// Serves each request with the whole answer that `answer` gives for its path and number; gives its address, and all
/// requests with their headers.
fn serve(answer: impl Fn(&str, usize) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a caller");
            let lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
            let lines: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
            let Some(path) = lines.first().and_then(|line| line.split(' ').nth(1)) else { continue };
            let number = {
                let mut heard = heard.lock().expect("no panic");
                heard.push(lines.join("\n"));
                heard.len()
            };
            let _ = stream.write_all(answer(path, number).as_bytes());
        }
    });
    (address, asked)
}

fn http(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
}

fn json(status: &str, body: &Value) -> String {
    http(status, "application/json", &body.to_string())
}

fn client(address: &str) -> ArgoCd {
    let server = Server::given(Some(address), Some("hush-hush"), "--plaintext").expect("settings").expect("a server");
    ArgoCd::connect(server).expect("a client")
}

/// What is said of an answer, and whether it may pass.
fn told(answer: String) -> (String, bool) {
    let (address, asked) = serve(move |_, _| answer.clone());
    let error = block(client(&address).applications()).expect_err("no list");
    let asked = asked.lock().expect("no panic").join("\n");
    assert!(asked.to_lowercase().contains("authorization: bearer hush-hush"), "{asked}");
    let (words, may_pass) = (error.to_string(), error.may_pass());
    assert!(!format!("{words} {error:?}").contains("hush"), "{words}");
    (words.replace(&address, "HOST"), may_pass)
}

#[test]
fn each_answer_is_named() {
    let at = "Argo CD at http://HOST";
    let fault = |code: u16, message: &str| json!({"code": 1, "error": message, "message": message, "status": code});
    let unknown = json("401 Unauthorized", &fault(401, "invalid session: hush-hush is expired"));
    let words = format!("{at} does not take the token: invalid session: … is expired");
    assert_eq!(told(unknown), (words, false));
    let down = json("503 Service Unavailable", &fault(503, "connection error"));
    assert_eq!(told(down), (format!("{at} answered 503: connection error"), true));
    let proxy = http("502 Bad Gateway", "text/html", "<h1>bad gateway</h1>\nmore");
    assert_eq!(told(proxy), (format!("{at} answered 502: <h1>bad gateway</h1>"), true));
    let login = http("200 OK", "text/html", "<!doctype html><title>Argo CD</title>");
    let (words, may_pass) = told(login);
    assert!(words.starts_with("http://HOST does not answer as Argo CD does: ") && !may_pass, "{words}");
    let moved = "HTTP/1.1 302 Found\r\nlocation: https://elsewhere/login?t=hush-hush\r\ncontent-length: 0\r\n\r\n";
    let words = "http://HOST is no Argo CD: it says to go to https://elsewhere/login?t=…";
    assert_eq!(told(moved.to_owned()), (words.to_owned(), false));
}

#[test]
fn nobody_there_may_come_back() {
    let port = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port").port();
    let error = block(client(&format!("127.0.0.1:{port}")).applications()).expect_err("nobody");
    let words = format!("Argo CD at http://127.0.0.1:{port} cannot be reached: ");
    assert!(error.to_string().starts_with(&words) && error.may_pass(), "{error}");
}

fn application(version: u64, commit: &str) -> Value {
    json!({
        "metadata": {"name": "hotrod", "namespace": "argocd", "resourceVersion": version.to_string()},
        "spec": {"source": {"repoURL": "https://git.example/fleet", "path": "a", "targetRevision": "main"}, "project": "default"},
        "status": {"sync": {"status": "Synced", "revision": commit}, "health": {"status": "Healthy"}},
    })
}

/// A stream that is cut in the middle of a line, an answer that fails once, a refresh that fails once: none of them ends it.
#[test]
fn what_goes_wrong_on_the_way_is_tried_again() {
    let (address, asked) = serve(|path, number| {
        let refused = json("503 Service Unavailable", &json!({"message": "not yet"}));
        if path.starts_with("/api/v1/stream/applications") {
            let line = json!({"result": {"type": "MODIFIED", "application": application(2, NEW)}}).to_string();
            let cut = if number < 8 { line.len() / 2 } else { line.len() };
            return format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{}\n{}",
                json!({"error": {"message": "try again"}}),
                line.get(..cut).unwrap_or_default()
            );
        }
        match (path.contains("refresh=normal"), number) {
            (_, ..4) => refused,
            (true, _) => json("200 OK", &application(2, NEW)),
            (false, ..8) => json("200 OK", &application(1, "0")),
            (false, _) => json("200 OK", &application(2, NEW)),
        }
    });
    let release = Release {
        commit: Some(NEW.to_owned()),
        applications: vec![Name::new("argocd", "hotrod")],
        ..Release::default()
    };
    let argocd = client(&address);
    let mut troubles = Vec::new();
    let state = block(Way::ArgoCd(&argocd).follow(release, patience(60), |heard| {
        if let Heard::Trouble(error) = heard {
            troubles.push(error.to_string().replace(&address, "HOST"));
        }
    }));
    assert_eq!(said(&state), "done: synced");
    assert!(troubles.contains(&"Argo CD at http://HOST answered 503: not yet".to_owned()), "{troubles:#?}");
    let asked = asked.lock().expect("no panic");
    assert!(
        asked.iter().any(|it| it.contains("/api/v1/applications/hotrod?appNamespace=argocd&refresh=normal")),
        "{asked:#?}"
    );
}
