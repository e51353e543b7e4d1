//! Real programs that run together: started at once, waited for by what they say about their own health, logged to files,
//! and ended with this process whatever becomes of it.
//!
//! Nothing here knows what they are for: a [`Spec`] says what to run, [`Stack`] runs it.

mod programs;
mod spec;

pub(crate) use programs::hotrod_flags;
pub use programs::{HotRodPorts, JaegerPorts, collector, hotrod, jaeger, prometheus};
pub use spec::{Ready, Spec};

use crate::process::Process;
use crate::trial::get;
use crate::watchdog::Watchdog;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Lines of a log that an error shows.
const SHOWN: usize = 12;

/// Where nothing else runs a start takes a second.
const PATIENCE: Duration = Duration::from_millis(200);

/// Why a program does not run.
#[derive(Debug, thiserror::Error)]
#[error("{name} {why}{}", tail(.last))]
pub struct StackError {
    /// Which one.
    pub name: String,
    /// What became of it.
    pub why: String,
    /// What kind of end.
    pub kind: io::ErrorKind,
    /// The last lines of its log.
    pub last: String,
    /// The whole log.
    pub log: PathBuf,
}

fn tail(last: &str) -> String {
    if last.is_empty() { String::new() } else { format!("; its last lines:\n{}", last.trim_end()) }
}

/// A folder for logs and data, and the group that everything started belongs to.
#[derive(Debug)]
pub struct Stack {
    folder: PathBuf,
    watchdog: Watchdog,
}

/// A program that was started.
#[derive(Debug)]
pub struct Running {
    spec: Spec,
    process: Process,
    log: PathBuf,
}

impl Stack {
    /// A stack with its logs below `folder`, which exists. When this process is killed `removed` goes, too; else it is the
    /// caller's.
    ///
    /// # Errors
    /// What the system says where there is no `sh`.
    pub fn new(folder: &Path, removed: &Path) -> io::Result<Self> {
        Ok(Self { folder: folder.to_path_buf(), watchdog: Watchdog::start(removed)? })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Starts a program; it may not be ready yet.
    ///
    /// # Errors
    /// Where the system does not start it.
    pub fn start(&self, spec: Spec) -> Result<Running, StackError> {
        let log = self.folder.join(format!("{}.log", spec.name));
        let mut command = Command::new(&spec.binary);
        // A pod's environment is what its manifest says: no proxies, no telemetry settings of whoever runs this.
        command.args(&spec.args).env_clear().envs(spec.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(&self.folder);
        let started = Process::start_logged(self.watchdog.adopt(&mut command), &log);
        match started {
            Ok(process) => Ok(Running { spec, process, log }),
            Err(error) => Err(StackError {
                why: format!("does not start: {error}"),
                kind: error.kind(),
                name: spec.name,
                last: String::new(),
                log,
            }),
        }
    }

    /// Starts them all and waits until each is ready.
    ///
    /// # Errors
    /// The first one's that is not ready within `limit`; those that run are ended.
    pub fn start_all(&self, specs: Vec<Spec>, limit: Duration) -> Result<Vec<Running>, StackError> {
        let mut all = specs.into_iter().map(|spec| self.start(spec)).collect::<Result<Vec<_>, _>>()?;
        let deadline = Instant::now() + limit;
        for running in &mut all {
            running.wait_ready(deadline.saturating_duration_since(Instant::now()))?;
        }
        Ok(all)
    }
}

impl Running {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it was started as, to start it again.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// Where it has ended, found a port taken, or took longer.
    pub fn wait_ready(&mut self, limit: Duration) -> Result<(), StackError> {
        let ready = self.spec.ready.clone();
        let waited = self.process.wait_for("it to be ready", limit, |log| is_ready(&ready, log).then_some(()));
        waited.map_err(|error| {
            let why = match error.kind() {
                io::ErrorKind::AddrInUse => "found its port taken".to_owned(),
                io::ErrorKind::TimedOut => format!("was not ready after {} s", limit.as_secs()),
                _ => self.end().unwrap_or_else(|| error.to_string()),
            };
            self.error(why, error.kind())
        })
    }

    /// What became of it, where it has ended.
    pub fn check(&mut self) -> Result<(), StackError> {
        match self.end() {
            None => Ok(()),
            Some(why) => Err(self.error(why, io::ErrorKind::BrokenPipe)),
        }
    }

    /// Kills it.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    fn end(&mut self) -> Option<String> {
        self.process.ended().map(|status| format!("ended ({status})"))
    }

    fn error(&self, why: String, kind: io::ErrorKind) -> StackError {
        let last = self.process.last_lines(SHOWN);
        StackError { name: self.spec.name.clone(), why, kind, last, log: self.log.clone() }
    }
}

fn is_ready(ready: &Ready, log: &str) -> bool {
    match ready {
        Ready::Answers { port, path } => get(*port, path).is_ok_and(|answer| answer.status == 200),
        Ready::Listens(ports) => ports.iter().all(|port| {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, *port));
            TcpStream::connect_timeout(&address, PATIENCE).is_ok()
        }),
        Ready::Says(text) => log.contains(text),
    }
}

#[cfg(test)]
mod tests;
