//! Faults of a running control plane, made on purpose.

use std::net::TcpStream;
use std::time::Duration;

use super::Disturbance;
use super::components::Component;
use super::error::ClusterError;
use super::layout::{API, Layout};
use super::{machine, supervise};
use crate::process::poll;

/// For a port to get free.
const GRACE: Duration = Duration::from_secs(30);

/// Where etcd answers in JSON.
const ETCD: &str = "https://127.0.0.1:23790/v3";

/// Ends the apiserver as the disturbance wants it; it does not come back by itself.
pub(super) fn end_apiserver(layout: &Layout, how: Disturbance) -> Result<(), ClusterError> {
    let name = Component::Apiserver.name();
    let Some(process) = supervise::running(layout, name) else { return Err(ClusterError::NotUp) };
    match how {
        Disturbance::ApiserverRestarted => process.end(),
        Disturbance::WatchesOutdated => {
            compact(layout)?;
            process.kill();
        }
    }
    // A process that is gone for who sent the signal may still hold its port: the next one would end at once.
    let free = poll(GRACE, || TcpStream::connect(address()).is_err().then_some(()));
    free.ok_or_else(|| ClusterError::NotReady {
        component: name.to_owned(),
        why: "its port is still served after its end".to_owned(),
        log: String::new(),
    })
}

/// Where the API listens.
fn address() -> &'static str {
    API.trim_start_matches("https://")
}

/// Lets etcd forget all versions but the present ones.
fn compact(layout: &Layout) -> Result<(), ClusterError> {
    let status = ask(layout, "maintenance/status", "{}")?;
    let revision = serde_json::from_str::<serde_json::Value>(&status).ok();
    let revision = revision.as_ref().and_then(|status| status.get("header")?.get("revision")?.as_str());
    let revision = revision.ok_or_else(|| ClusterError::NotReady {
        component: Component::Etcd.name().to_owned(),
        why: "it does not say its revision".to_owned(),
        log: status.clone(),
    })?;
    let asked = serde_json::json!({"revision": revision, "physical": true});
    ask(layout, "kv/compaction", &asked.to_string()).map(drop)
}

fn ask(layout: &Layout, path: &str, body: &str) -> Result<String, ClusterError> {
    let pki = |name: &str| layout.text(&format!("pki/{name}"));
    let (ca, cert, key) = (pki("ca.crt"), pki("admin.crt"), pki("admin.key"));
    let url = format!("{ETCD}/{path}");
    let who = ["--cacert", &ca, "--cert", &cert, "--key", &key];
    machine::run("curl", &[&["-sS", "--fail-with-body", "--max-time", "20"], &who[..], &["-d", body, &url]].concat())
}
