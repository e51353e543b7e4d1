//! A child process with its log, and waiting for it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two looks: short beside anything that is waited for.
const PAUSE: Duration = Duration::from_millis(20);

/// For the last lines of a program that has ended.
const DRAIN: Duration = Duration::from_secs(1);

/// How Go's programs say that a port was taken.
const TAKEN: &str = "address already in use";

/// Characters of a log that are held in memory where a file has all of it.
const HELD: usize = 64 * 1024;

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: Arc<Mutex<Log>>,
    readers: Vec<thread::JoinHandle<()>>,
    ended: Option<ExitStatus>,
}

#[derive(Debug, Default)]
struct Log {
    lines: VecDeque<String>,
    size: usize,
    file: Option<File>,
}

impl Log {
    fn push(&mut self, line: String) {
        if let Some(file) = &mut self.file {
            // A full disk costs the log, not the run.
            drop(file.write_all(line.as_bytes()));
        }
        self.size += line.len();
        self.lines.push_back(line);
        while self.file.is_some() && self.size > HELD {
            self.size -= self.lines.pop_front().map_or(self.size, |line| line.len());
        }
    }
}

impl Process {
    /// Starts a command and collects what it writes.
    ///
    /// # Errors
    /// What the system says when it does not start.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        Self::spawn(command, Log::default())
    }

    /// Starts a command that writes into a file; of a long log only the end is held in memory.
    ///
    /// # Errors
    /// What the system says when it does not start, or the file cannot be written.
    pub fn start_logged(command: &mut Command, file: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(file)?;
        Self::spawn(command, Log { file: Some(file), ..Log::default() })
    }

    fn spawn(command: &mut Command, log: Log) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let log = Arc::new(Mutex::new(log));
        let streams = [
            child.stdout.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
            child.stderr.take().map(|s| Box::new(s) as Box<dyn Read + Send>),
        ];
        let reader = |stream: Box<dyn Read + Send>| {
            let log = Arc::clone(&log);
            // Ends with the child's end of the pipe.
            thread::spawn(move || {
                for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                    held(&log).push(format!("{}\n", String::from_utf8_lossy(&line)));
                }
            })
        };
        let readers = streams.into_iter().flatten().map(reader).collect();
        Ok(Self { child, log, readers, ended: None })
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the program wrote so far, standard output and error as they came.
    #[must_use]
    pub fn log(&self) -> String {
        held(&self.log).lines.iter().map(String::as_str).collect()
    }

    /// The end of what it wrote.
    #[must_use]
    pub fn last_lines(&self, most: usize) -> String {
        let log = held(&self.log);
        log.lines.iter().skip(log.lines.len().saturating_sub(most)).map(String::as_str).collect()
    }

    /// How it ended, where it did; its log is whole then.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            // An error says that it was reaped already, which only this does.
            self.ended = self.child.try_wait().ok().flatten();
        }
        if self.ended.is_some() {
            // What it wrote last may still be in the pipe. Somebody who inherited that may hold it open for ever.
            poll(DRAIN, || self.readers.iter().all(thread::JoinHandle::is_finished).then_some(()));
        }
        self.ended
    }

    /// Kills it and waits for its end.
    pub fn kill(&mut self) {
        // Both fail only where the child is gone already.
        drop(self.child.kill());
        self.ended = self.child.wait().ok().or(self.ended);
    }

    /// Asks until there is an answer.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] after `limit`, [`io::ErrorKind::BrokenPipe`] as soon as the program has ended, and
    /// [`io::ErrorKind::AddrInUse`] where it says that a port was taken; all with `what` was waited for and the
    /// program's log.
    pub fn wait_for<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut ask: impl FnMut(&str) -> Option<T>,
    ) -> io::Result<T> {
        let deadline = Instant::now() + limit;
        loop {
            let ended = self.ended();
            let log = self.log();
            // First of all: what answers on a taken port is another program.
            if log.contains(TAKEN) {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, log));
            }
            if let Some(answer) = ask(&log) {
                return Ok(answer);
            }
            let (kind, why) = match ended {
                Some(status) => (io::ErrorKind::BrokenPipe, format!("the program ended ({status})")),
                None if Instant::now() > deadline => (io::ErrorKind::TimedOut, format!("{limit:?} went by")),
                None => {
                    thread::sleep(PAUSE);
                    continue;
                }
            };
            return Err(io::Error::new(kind, format!("{why} waiting for {what}\n{}", self.log())));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A log is whole whatever happened to the thread that held it.
fn held(log: &Mutex<Log>) -> MutexGuard<'_, Log> {
    log.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks until there is an answer or `limit` has gone by.
pub fn poll<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() > deadline {
            return answer;
        }
        thread::sleep(PAUSE);
    }
}

/// `N` different ports on 127.0.0.1 that are free now. Another program may take one before it is used:
/// [`on_free_ports`] then asks again.
///
/// # Errors
/// What the system says when it has none.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    for (port, free) in ports.iter_mut().zip(free_port_list(N)?) {
        *port = free;
    }
    Ok(ports)
}

/// As [`free_ports`], where only the run knows how many.
///
/// # Errors
/// What the system says when it has none.
pub fn free_port_list(count: usize) -> io::Result<Vec<u16>> {
    // All of them are held until the last one is known, so that they differ.
    let held: Vec<TcpListener> =
        (0..count).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<_>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

/// Starts something on free ports, and again on others where one was taken in between.
///
/// # Errors
/// Those of `start`; [`io::ErrorKind::AddrInUse`] only after the fifth time.
pub fn on_free_ports<const N: usize, T>(mut start: impl FnMut([u16; N]) -> io::Result<T>) -> io::Result<T> {
    for _ in 0..4 {
        match start(free_ports()?) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            result => return result,
        }
    }
    start(free_ports()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_ends_is_not_waited_for() {
        let mut process = Process::start(Command::new("sh").args(["-c", "echo out; echo err >&2"])).expect("a shell");
        let error = process.wait_for("a word", Duration::from_secs(60), |_| None::<()>).expect_err("no word");
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe, "{error}");
    }

    #[test]
    fn a_taken_port_is_asked_for_again() {
        let mut times = 0;
        let ports = on_free_ports(|ports: [u16; 3]| {
            times += 1;
            if times < 3 { Err(io::ErrorKind::AddrInUse.into()) } else { Ok(ports) }
        });
        let [one, two, three] = ports.expect("ports");
        assert!(times == 3 && one != two && two != three && one != three);
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let process = Process::start(Command::new("sleep").arg("600")).expect("sleep");
        let id = process.child.id();
        drop(process);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_file_has_the_whole_log_and_memory_its_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"]);
        let mut process = Process::start_logged(&mut command, &file).expect("a shell");
        let all = |_: &str| {
            let log = std::fs::read_to_string(&file).ok()?;
            log.ends_with("line 19999\n").then_some(log)
        };
        let log = process.wait_for("the last line", Duration::from_secs(60), all).expect("the last line");
        assert!(log.starts_with("line 0\n"));
        assert!(process.log().len() <= HELD && process.last_lines(1) == "line 19999\n");
    }
}
