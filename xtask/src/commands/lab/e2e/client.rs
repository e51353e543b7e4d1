//! A steady client, and what it did not get.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Between two requests.
const PACE: Duration = Duration::from_millis(100);

/// Longer than this nobody waits for a front page.
const LIMIT: Duration = Duration::from_secs(5);

/// What the client met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) requests: usize,
    /// What went wrong, each with its second since the client began.
    pub(super) failures: Vec<String>,
    pub(super) slowest: Duration,
}

/// Asks for `/`, ten times a second, each time anew, until it is asked what it met.
pub(super) struct Client {
    stop: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
    thread: Option<JoinHandle<()>>,
}

impl Client {
    /// Begins once the page is served: a new Service takes a moment to be known. `None` where it never is.
    pub(super) fn start(address: SocketAddr) -> Option<Client> {
        lab::poll(LIMIT * 4, || get(address).ok())?;
        let (stop, tally) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Tally::default())));
        let (stopped, told) = (Arc::clone(&stop), Arc::clone(&tally));
        let thread = thread::spawn(move || {
            let began = Instant::now();
            while !stopped.load(Ordering::Relaxed) {
                let asked = Instant::now();
                let answer = get(address);
                let mut tally = told.lock().unwrap_or_else(PoisonError::into_inner);
                tally.requests += 1;
                tally.slowest = tally.slowest.max(asked.elapsed());
                if let Err(error) = answer {
                    tally.failures.push(format!("{:.1} s: {error}", began.elapsed().as_secs_f32()));
                }
                drop(tally);
                thread::sleep(PACE.saturating_sub(asked.elapsed()));
            }
        });
        Some(Client { stop, tally, thread: Some(thread) })
    }

    pub(super) fn end(mut self) -> Tally {
        self.stop.store(true, Ordering::Relaxed);
        // A thread that is gone has counted what it met.
        self.thread.take().map(JoinHandle::join);
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn get(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET / HTTP/1.1\r\nHost: hotrod\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let line = String::from_utf8_lossy(answer.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned();
    if line.split(' ').nth(1) == Some("200") { Ok(()) } else { Err(io::Error::other(format!("answered {line:?}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn what_is_not_a_page_is_a_failure() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            for status in ["503 Busy", "200 OK", "200 OK", "503 Busy", "200 OK"] {
                let (mut stream, _) = listener.accept().expect("a client");
                let mut asked = [0; 1024];
                assert!(stream.read(&mut asked).expect("a request") > 0);
                write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").expect("an answer");
            }
        });
        let client = Client::start(address).expect("a page, at the second try");
        server.join().expect("five answers");
        let tally = client.end();
        assert!(tally.requests >= 3 && !tally.failures.is_empty(), "{tally:?}");
        assert!(tally.failures[0].contains("503"), "{tally:?}");
    }
}
