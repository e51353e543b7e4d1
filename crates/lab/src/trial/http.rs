//! Just enough HTTP for a program on this machine: one request a connection.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Longer than any answer here takes; a ride takes a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// How Prometheus 3 asks for text: names that are not `[a-zA-Z_:][a-zA-Z0-9_:]*` come quoted instead of mangled
/// (prometheus v0.307.3, scrape/scrape.go `acceptHeader`, without the protobuf and OpenMetrics forms).
const PROMETHEUS_3: &str = "text/plain;version=1.0.0;escaping=allow-utf-8";

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// `GET` from 127.0.0.1.
///
/// # Errors
/// Of the connection; [`io::ErrorKind::InvalidData`] for an answer that is no HTTP.
pub fn get(port: u16, path: &str) -> io::Result<Response> {
    ask(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

/// The page that Prometheus 3 gets from `/metrics` of 127.0.0.1.
///
/// # Errors
/// As [`get`].
pub fn scrape(port: u16) -> io::Result<Response> {
    ask(port, &format!("GET /metrics HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nAccept: {PROMETHEUS_3}\r\n\r\n"))
}

/// `POST` of JSON to 127.0.0.1: OTLP over HTTP takes it as it takes protobuf.
///
/// # Errors
/// As [`get`].
pub fn post_json(port: u16, path: &str, json: &str) -> io::Result<Response> {
    let length = json.len();
    ask(
        port,
        &format!(
            "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{json}"
        ),
    )
}

/// HTTP/1.0, so that the answer is neither chunked nor followed by another one.
fn ask(port: u16, request: &str) -> io::Result<Response> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP answer"))
}

fn read(answer: &str) -> Option<Response> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer() {
        let response = Response { status: 204, body: "a\r\n\r\nb".to_owned() };
        assert_eq!(read("HTTP/1.0 204 No Content\r\nX: y\r\n\r\na\r\n\r\nb"), Some(response));
        assert_eq!(read("SSH-2.0"), None);
    }
}
