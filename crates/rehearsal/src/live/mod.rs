//! The stack, running: collectors, Prometheus, Jaeger, the stable version and the canaries.

mod layout;
mod replay;
mod ride;
mod scrape;
mod supervise;

pub use ride::Tally;
pub(crate) use supervise::{Act, Supervisor};

pub(crate) use replay::{replay, replay_resource};
pub(crate) use ride::{Driver, Replayed, Seat, Version, client, probe};

use crate::canary::Fault;
use crate::plan::{Address, Plan};
use lab::stack::{Stack, StackError};
use lab::{BuildError, Program};
use layout::Layout;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A start takes seconds where nothing else runs.
const START: Duration = Duration::from_secs(60);

/// Why the stack does not stand.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    /// One program does not run.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// Files or processes cannot be made.
    #[error("{doing}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
}

impl LiveError {
    fn port_taken(&self) -> bool {
        matches!(self, LiveError::Stack(error) if error.kind == io::ErrorKind::AddrInUse)
    }
}

pub(crate) fn doing(doing: &'static str) -> impl Fn(io::Error) -> LiveError {
    move |source| LiveError::Io { doing, source }
}

/// The programs' binaries.
#[derive(Clone, Debug)]
pub struct Binaries {
    /// The canary's HotROD.
    pub hotrod: PathBuf,
    /// The stable version's.
    pub hotrod_old: PathBuf,
    /// The collector.
    pub collector: PathBuf,
    /// Prometheus.
    pub prometheus: PathBuf,
    /// Jaeger.
    pub jaeger: PathBuf,
    /// Those that the lab did not build, for people: `Prometheus 3.7.3 (/usr/bin/prometheus)`.
    pub installed: Vec<String>,
}

impl Binaries {
    /// Those on `PATH` that do: the collector of exactly that version, a Prometheus 3, a Jaeger 1. The others from the
    /// lab's cache, where they come out of published images if a Docker daemon answers, and are built else.
    ///
    /// # Errors
    /// As [`lab::ensure`].
    pub fn ensure(
        collector: Option<&str>,
        progress: &mut dyn FnMut(Program, lab::Progress),
    ) -> Result<Binaries, BuildError> {
        let mut installed = Vec::new();
        let mut get = |program, wanted: Option<&str>, name: &str| match wanted.and_then(|w| lab::installed(program, w))
        {
            Some(found) => {
                installed.push(format!("{name} {} ({})", found.version, found.path.display()));
                Ok(found.path)
            }
            None => {
                let version = wanted.filter(|_| program == Program::Collector);
                let report = &mut |step| progress(program, step);
                match lab::built(program).or_else(|| lab::from_image(program, version, report)) {
                    Some(found) => Ok(found),
                    None => lab::ensure(program, report),
                }
            }
        };
        Ok(Binaries {
            hotrod: get(Program::HotRod, None, "HotROD")?,
            hotrod_old: get(Program::HotRodOld, None, "HotROD")?,
            collector: get(Program::Collector, collector, "collector")?,
            prometheus: get(Program::Prometheus, Some("3."), "Prometheus")?,
            jaeger: get(Program::Jaeger, Some("1."), "Jaeger")?,
            installed,
        })
    }
}

/// Where a version's riders go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Front {
    /// The frontend's port on 127.0.0.1.
    pub port: u16,
    /// Container ports by their numbers here.
    pub ports: Vec<(u16, u16)>,
}

/// A running stack.
#[derive(Debug)]
pub(crate) struct Live {
    /// Who watches the processes, and has them.
    pub supervisor: Supervisor,
    /// Prometheus' address.
    pub prometheus: String,
    /// The stable version.
    pub stable: Front,
    /// The canaries, as they were asked for.
    pub canaries: Vec<Front>,
    /// Where the shared collector takes OTLP over HTTP, where it does.
    pub otlp: Option<u16>,
    /// The table of addresses.
    pub addresses: Vec<Address>,
}

impl Live {
    /// Starts everything, on other ports where one was taken in between, and waits until it is ready.
    ///
    /// # Errors
    /// The first program's that does not run.
    pub(crate) fn start(plan: &Plan, binaries: &Binaries, faults: &[Fault], folder: &Path) -> Result<Live, LiveError> {
        for attempt in 0..3 {
            let below = folder.join(format!("stack-{attempt}"));
            std::fs::create_dir_all(&below).map_err(doing("cannot create a folder for logs"))?;
            match Live::start_once(plan, binaries, faults, &below, folder) {
                Err(error) if error.port_taken() => {}
                result => return result,
            }
        }
        let below = folder.join("stack");
        std::fs::create_dir_all(&below).map_err(doing("cannot create a folder for logs"))?;
        Live::start_once(plan, binaries, faults, &below, folder)
    }

    fn start_once(
        plan: &Plan,
        binaries: &Binaries,
        faults: &[Fault],
        folder: &Path,
        all: &Path,
    ) -> Result<Live, LiveError> {
        let layout = Layout::of(plan, faults).map_err(doing("no free ports"))?;
        let specs = layout.specs(plan, binaries, faults, folder)?;
        let stack = Stack::new(folder, all).map_err(doing("cannot start sh"))?;
        let running = stack.start_all(specs, START)?;
        Ok(Live {
            supervisor: Supervisor::new(running, stack),
            prometheus: format!("http://127.0.0.1:{}", layout.prometheus),
            stable: layout.stable.front(),
            canaries: layout.canaries.iter().map(layout::Pod::front).collect(),
            otlp: layout.otlp(plan),
            addresses: layout.addresses(plan),
        })
    }
}
