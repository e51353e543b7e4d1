//! The collector and HotROD, ready to be asked.

use crate::process::{Process, on_free_ports};
use crate::stack::{HotRodPorts, hotrod_flags};
use std::io;
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A start takes a second where nothing else runs, and many where everything does.
const START: Duration = Duration::from_secs(30);

/// Starts a collector and waits until it serves.
///
/// `config` is its configuration, `over` one that is laid over it (YAML or JSON): the collector merges them key by key,
/// so a configuration meant for a cluster runs on loopback ports without a change to its text. Its own metrics are off,
/// as port 8888 is one for all.
///
/// # Errors
/// As [`Process::wait_for`], with the collector's log.
pub fn collector(binary: &Path, config: &str, over: &str) -> io::Result<Process> {
    let mut command = Command::new(binary);
    for text in [config, over, "service::telemetry::metrics::level: none"] {
        command.arg(format!("--config=yaml:{text}"));
    }
    let mut process = Process::start(&mut command)?;
    process.wait_for("the collector's start", START, |log| log.contains("Everything is ready").then_some(()))?;
    Ok(process)
}

/// A running HotROD.
#[derive(Debug)]
pub struct HotRod {
    /// The process.
    pub process: Process,
    /// The frontend's port: riders' requests and `/metrics`.
    pub frontend: u16,
}

/// Starts HotROD and waits until all its services listen, without sending a request: requests are counted.
///
/// `otlp` is the port of an OTLP/HTTP receiver, `resource` the value of `OTEL_RESOURCE_ATTRIBUTES`.
///
/// # Errors
/// As [`Process::wait_for`], with HotROD's log.
pub fn hotrod(binary: &Path, otlp: u16, resource: &str) -> io::Result<HotRod> {
    on_free_ports(|ports| hotrod_on(binary, otlp, resource, ports))
}

fn hotrod_on(binary: &Path, otlp: u16, resource: &str, ports: [u16; 4]) -> io::Result<HotRod> {
    let [frontend, customer, driver, route] = ports;
    let mut command = Command::new(binary);
    command
        .arg("all")
        .args(hotrod_flags(HotRodPorts { frontend, customer, driver, route }))
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://127.0.0.1:{otlp}"))
        .env("OTEL_RESOURCE_ATTRIBUTES", resource)
        .env_remove("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
    let mut process = Process::start(&mut command)?;
    let listens = |port: u16| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    process.wait_for("HotROD's start", START, |_| ports.into_iter().all(listens).then_some(()))?;
    Ok(HotRod { process, frontend })
}

impl HotRod {
    /// Sends one request and returns its status code.
    ///
    /// # Errors
    /// Of the connection.
    pub fn request(&self, path: &str) -> io::Result<u16> {
        super::get(self.frontend, path).map(|response| response.status)
    }
}
