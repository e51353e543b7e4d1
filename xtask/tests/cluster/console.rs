//! The console as people run it: what changes in the apiserver reaches every open stream, and SIGTERM ends them.

use crate::argo::ARGO;
use crate::following::spawned;
use crate::plane::{Plane, block, plane};
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// So many streams and events; `HYPERSPACE_STREAMS=1000` for the figure in docs/console.md.
const STREAMS: usize = 20;
const EVENTS: usize = 30;

fn template(image: &str) -> Value {
    let limits = json!({"limits": {"cpu": 0.5}});
    let containers = json!([{"name": "hotrod", "image": image, "resources": limits}]);
    json!({"metadata": {"labels": {"app": "hotrod"}}, "spec": {"containers": containers}})
}

fn ask(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    stream
}

/// Waits until every source has answered.
fn ready(address: &str) {
    let begun = Instant::now();
    loop {
        let mut stream = ask(address, "/readyz");
        let mut start = [0; 512];
        let read = stream.read(&mut start).unwrap();
        let answer = String::from_utf8_lossy(&start[..read]).into_owned();
        if answer.starts_with("HTTP/1.1 200") {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{answer}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The program's console, as long as it is kept.
pub(crate) struct Served {
    child: Child,
    /// Host and port.
    address: String,
}

impl Served {
    /// On a control plane and a folder; every source has answered.
    pub(crate) fn start(plane: &Plane, folder: &Path) -> Served {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.arg("console").arg(folder).args(["--port", "0", "--context", "admin", "--kubeconfig"]);
        command.arg(plane.kubeconfig()).env_remove("HYPERSPACE_CONSOLE_TOKEN");
        let mut child = spawned(command);
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = said.find_map(|line| Some(line.split("http://").nth(1)?.split(',').next()?.to_owned()));
        let served = Served { child, address: address.unwrap() };
        ready(&served.address);
        served
    }

    #[cfg(feature = "browser-tests")]
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads a stream to its end, and tells when which event came; whether it ended as it should.
fn reader(stream: TcpStream, heard: &Sender<(usize, Instant)>) -> bool {
    let mut last = String::new();
    let mut newest = None;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(text) = line.split("streamed:e").nth(1) {
            let number = text.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
            if newest != Some(number) {
                newest = Some(number);
                heard.send((number, Instant::now())).unwrap();
            }
        }
        if !line.is_empty() {
            last = line;
        }
    }
    last == "0"
}

/// Waits until all have heard of an event.
fn all(times: &Receiver<(usize, Instant)>, event: usize, streams: usize) -> Vec<Instant> {
    let heard = (0..streams).map(|_| times.recv_timeout(Duration::from_secs(60)).unwrap());
    heard.inspect(|(number, _)| assert_eq!(*number, event)).map(|(_, at)| at).collect()
}

#[test]
fn a_change_in_the_apiserver_reaches_every_stream() {
    let Some(plane) = plane() else { return };
    let streams: usize = std::env::var("HYPERSPACE_STREAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(STREAMS);
    let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": "hotrod"}}, "template": template("streamed:e0"),
                      "strategy": {"canary": {}}});
    let rollout = json!({"metadata": {"name": "streamed", "namespace": "hotrod"}, "spec": spec});
    block(plane.create(ARGO, "Rollout", Some("hotrod"), rollout));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").unwrap();
    let mut console = Served::start(plane, folder.path());
    let address = console.address.clone();

    let (heard, times) = channel();
    let readers: Vec<_> = (0..streams)
        .map(|_| {
            let (stream, heard) = (ask(&address, "/events/rollouts"), heard.clone());
            std::thread::Builder::new().stack_size(128 << 10).spawn(move || reader(stream, &heard)).unwrap()
        })
        .collect();
    all(&times, 0, streams);
    let mut latencies: Vec<Duration> = Vec::new();
    block(async {
        let api = plane.api(ARGO, "Rollout", Some("hotrod")).await;
        for event in 1..=EVENTS {
            let change = json!({"spec": {"template": template(&format!("streamed:e{event}"))}});
            let begun = Instant::now();
            api.patch("streamed", &PatchParams::default(), &Patch::Merge(&change)).await.unwrap();
            latencies.extend(all(&times, event, streams).into_iter().map(|at| at.duration_since(begun)));
        }
    });
    latencies.sort();
    let at = |share: usize| latencies[(latencies.len() - 1) * share / 100];
    eprintln!("{streams} streams, {EVENTS} events: median {:?}, p99 {:?}, most {:?}", at(50), at(99), at(100));
    // The goal is about an optimised program on a machine that does nothing else.
    let goal = if cfg!(debug_assertions) { Duration::from_secs(10) } else { Duration::from_millis(300) };
    assert!(at(99) < goal, "{:?}", at(99));

    let told = Command::new("kill").args(["-TERM", &console.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(readers.into_iter().all(|reader| reader.join().unwrap()), "every stream ends with its last chunk");
    assert_eq!(console.child.wait().unwrap().code(), Some(0));
}
