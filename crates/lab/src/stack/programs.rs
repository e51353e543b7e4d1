//! The programs of a release's telemetry chain, by the flags that move them to other addresses.

use super::{Ready, Spec};
use std::path::{Path, PathBuf};

/// Where HotROD's four services listen, all on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotRodPorts {
    /// Riders' requests and `/metrics`; 8080 in a pod.
    pub frontend: u16,
    /// 8081 in a pod.
    pub customer: u16,
    /// 8082 in a pod.
    pub driver: u16,
    /// 8083 in a pod.
    pub route: u16,
}

/// Flags that move HotROD to these ports.
pub(crate) fn hotrod_flags(ports: HotRodPorts) -> Vec<String> {
    let HotRodPorts { frontend, customer, driver, route } = ports;
    let services = [("frontend", frontend), ("customer", customer), ("driver", driver), ("route", route)];
    let flags = services.into_iter().flat_map(|(service, port)| {
        [format!("--{service}-service-hostname=127.0.0.1"), format!("--{service}-service-port={port}")]
    });
    flags.collect()
}

/// HotROD with a container's arguments and environment.
#[must_use]
pub fn hotrod(name: &str, binary: &Path, args: &[String], env: Vec<(String, String)>, ports: HotRodPorts) -> Spec {
    let args = args.iter().cloned().chain(hotrod_flags(ports)).collect();
    let ready = Ready::Listens(vec![ports.frontend, ports.customer, ports.driver, ports.route]);
    Spec { name: name.to_owned(), binary: binary.to_path_buf(), args, env, ready }
}

/// A collector with the configuration in the first file, and those after it laid over it. `health` is the port of its
/// health check, where it has one.
#[must_use]
pub fn collector(
    name: &str,
    binary: &Path,
    configs: &[PathBuf],
    env: Vec<(String, String)>,
    health: Option<u16>,
) -> Spec {
    let args = configs.iter().map(|file| format!("--config=file:{}", file.display())).collect();
    let ready = match health {
        Some(port) => Ready::Answers { port, path: "/".to_owned() },
        None => Ready::Says("Everything is ready".to_owned()),
    };
    Spec { name: name.to_owned(), binary: binary.to_path_buf(), args, env, ready }
}

/// Prometheus with its configuration in a file and its data in a folder.
#[must_use]
pub fn prometheus(binary: &Path, config: &Path, data: &Path, port: u16) -> Spec {
    let args = vec![
        format!("--config.file={}", config.display()),
        format!("--storage.tsdb.path={}", data.display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    let ready = Ready::Answers { port, path: "/-/ready".to_owned() };
    Spec { name: "prometheus".to_owned(), binary: binary.to_path_buf(), args, env: Vec::new(), ready }
}

/// Where Jaeger listens, all on 127.0.0.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JaegerPorts {
    /// OTLP over gRPC.
    pub otlp_grpc: u16,
    /// OTLP over HTTP.
    pub otlp_http: u16,
    /// The API.
    pub query: u16,
    /// Health.
    pub admin: u16,
    /// What nobody asks: its own protocols, the API over gRPC.
    pub unused: [u16; 3],
}

/// Jaeger, all in one, with the last ten thousand traces in memory.
#[must_use]
pub fn jaeger(binary: &Path, ports: JaegerPorts) -> Spec {
    let JaegerPorts { otlp_grpc, otlp_http, query, admin, unused: [grpc, http, query_grpc] } = ports;
    let at = |flag: &str, port: u16| format!("--{flag}=127.0.0.1:{port}");
    let args = vec![
        at("collector.otlp.grpc.host-port", otlp_grpc),
        at("collector.otlp.http.host-port", otlp_http),
        at("query.http-server.host-port", query),
        at("admin.http.host-port", admin),
        at("collector.grpc-server.host-port", grpc),
        at("collector.http-server.host-port", http),
        at("query.grpc-server.host-port", query_grpc),
        "--memory.max-traces=10000".to_owned(),
    ];
    let ready = Ready::Answers { port: admin, path: "/".to_owned() };
    let env = vec![("SPAN_STORAGE_TYPE".to_owned(), "memory".to_owned())];
    Spec { name: "jaeger".to_owned(), binary: binary.to_path_buf(), args, env, ready }
}
