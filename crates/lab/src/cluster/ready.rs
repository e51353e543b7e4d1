//! Asking the parts of a lab whether they serve.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::components::{Component, Ready};
use super::error::ClusterError;
use super::kubectl::Kubectl;
use super::layout::Layout;
use super::{State, machine, supervise};

/// Asks the component itself.
pub(super) fn ask(layout: &Layout, component: Component) -> Result<(), String> {
    match component.ready() {
        Ready::Http(address, path) => http(address, path, "200").map_err(|error| error.to_string()),
        Ready::Guarded(address, path) => http(address, path, "401").map_err(|error| error.to_string()),
        Ready::Api(server, path) => {
            let kubectl = Kubectl::of(layout);
            let told = kubectl.run(&["--server", server, "--request-timeout=5s", "get", "--raw", path]);
            told.map(drop).map_err(|error| error.to_string())
        }
        Ready::Containerd => ctr(layout, &["version"]).map(drop).map_err(|error| error.to_string()),
        Ready::Greets(address, with) => greeted(address, with).map_err(|error| error.to_string()),
    }
}

/// containerd's client, on the lab's socket.
pub(super) fn ctr(layout: &Layout, args: &[&str]) -> Result<String, ClusterError> {
    let socket = layout.socket().display().to_string();
    machine::run("ctr", &[&["--address", &socket, "--namespace", "k8s.io"], args].concat())
}

/// A component's state for people.
pub(super) fn state(layout: &Layout, component: Component) -> State {
    let name = component.name().to_owned();
    if supervise::running(layout, component.name()).is_none() {
        return State { name, ready: false, says: "not running".to_owned() };
    }
    match ask(layout, component) {
        Ok(()) => State { name, ready: true, says: "ready".to_owned() },
        Err(why) => State { name, ready: false, says: why },
    }
}

fn connect(address: &str) -> io::Result<TcpStream> {
    let address: SocketAddr = address.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(2))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

/// Whether a server begins with these words.
fn greeted(address: &str, with: &str) -> io::Result<()> {
    let mut words = vec![0; with.len()];
    connect(address)?.read_exact(&mut words)?;
    if words == with.as_bytes() { Ok(()) } else { Err(io::Error::other(format!("it does not begin with {with}"))) }
}

/// Whether the path answers with that status.
fn http(address: &str, path: &str, wanted: &str) -> io::Result<()> {
    let mut stream = connect(address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == wanted { Ok(()) } else { Err(io::Error::other(format!("{path} answers {status}"))) }
}
