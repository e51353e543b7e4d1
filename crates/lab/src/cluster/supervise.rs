//! Processes that outlive the command that starts them, known by id and start, so that nobody else's is ever ended.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};

use super::error::ClusterError;
use super::layout::Layout;
use super::machine;
use crate::process::poll;

/// Between a polite request and the end.
const GRACE: Duration = Duration::from_secs(10);

/// How much of a log an error shows.
const TAIL: u64 = 16 * 1024;

/// A process by more than its id, which the system gives to others once it is free: with its start, in clock ticks since
/// the boot that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    id: u32,
    start: u64,
    boot: String,
}

impl Record {
    /// Of a process that runs.
    pub(super) fn of(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        Some(Self { id, start: start(&stat)?, boot: boot() })
    }

    fn read(path: &Path) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.split_whitespace();
        let (id, start) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(Self { id, start, boot: words.next()?.to_owned() })
    }

    /// Whether this very process still runs.
    pub(super) fn runs(&self) -> bool {
        Self::of(self.id).as_ref() == Some(self)
    }

    /// Asks it to end, and ends it where it does not.
    pub(super) fn end(&self) {
        self.signal(Signal::TERM);
        if poll(GRACE, || (!self.runs()).then_some(())).is_none() {
            self.kill();
        }
    }

    /// Ends it at once.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
        poll(GRACE, || (!self.runs()).then_some(()));
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        if let Some(id) = id.filter(|_| self.runs()) {
            // It may have ended since.
            let _ = rustix::process::kill_process(id, signal);
        }
    }
}

/// The start from `/proc/ID/stat`; none of a process that only waits for its parent to notice its end. The name before it, in
/// parentheses, may hold anything.
fn start(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // Field 22 of all; the state is field 3.
    let start = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(start)
}

fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    id.trim().to_owned()
}

fn record(layout: &Layout, name: &str) -> PathBuf {
    layout.path("processes").join(name)
}

/// The component's process, where it runs.
pub(super) fn running(layout: &Layout, name: &str) -> Option<Record> {
    Record::read(&record(layout, name)).filter(Record::runs)
}

/// Starts a component in a session of its own, so that no terminal's end reaches it.
pub(super) fn start_component(
    layout: &Layout,
    name: &str,
    binary: &Path,
    args: &[String],
    environment: &[(&str, &str)],
) -> Result<(), ClusterError> {
    let path = layout.log(name);
    let log = File::options().create(true).append(true).open(&path).map_err(ClusterError::io("writing", &path))?;
    let errors = log.try_clone().map_err(ClusterError::io("writing", &path))?;
    // Run by a process that leads no group, setsid becomes the program: the id stays.
    let setsid = machine::find("setsid").unwrap_or_else(|| "setsid".into());
    let mut command = Command::new(setsid);
    command.arg(binary).args(args).current_dir(layout.root()).env("PATH", machine::search_path());
    command.envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    let child = command.spawn().map_err(ClusterError::io("starting", binary))?;
    let Some(process) = Record::of(child.id()) else { return Ok(()) };
    let path = record(layout, name);
    let text = format!("{} {} {}\n", process.id, process.start, process.boot);
    // Unknown to `down`, it must not go on.
    fs::write(&path, text).map_err(ClusterError::io("writing", &path)).inspect_err(|_| process.kill())
}

/// Asks a component to end, where it runs, and does not wait.
pub(super) fn ask_to_end(layout: &Layout, name: &str) {
    if let Some(process) = running(layout, name) {
        process.signal(Signal::TERM);
    }
}

/// Ends a component, where it runs.
pub(super) fn end_component(layout: &Layout, name: &str) {
    if let Some(process) = running(layout, name) {
        process.end();
    }
    drop(fs::remove_file(record(layout, name)));
}

/// Processes whose command line holds this argument.
pub(super) fn with_argument(argument: &str) -> Vec<Record> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let has = |id: &u32| {
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    };
    ids.filter(has).filter_map(Record::of).collect()
}

/// The last lines of a component's log.
pub(super) fn last_lines(layout: &Layout, name: &str, most: usize) -> String {
    let read = || {
        let mut file = File::open(layout.log(name)).ok()?;
        let size = file.metadata().ok()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(TAIL.max(most as u64 * 400)))).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let lines: Vec<_> = text.lines().collect();
        Some(lines.get(lines.len().saturating_sub(most)..)?.join("\n"))
    };
    read().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(folder: &Path) -> Layout {
        let layout = Layout::at(folder.to_owned());
        for below in ["logs", "processes"] {
            fs::create_dir_all(layout.path(below)).expect("a folder");
        }
        layout
    }

    #[test]
    fn a_component_outlives_its_starter_and_ends_when_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let layout = layout(folder.path());
        let sleep = machine::find("sleep").expect("sleep");
        start_component(&layout, "sleeper", &sleep, &["600".to_owned()], &[]).expect("a start");
        let process = running(&layout, "sleeper").expect("it runs");
        end_component(&layout, "sleeper");
        assert!(!process.runs() && running(&layout, "sleeper").is_none());
    }

    #[test]
    fn a_process_that_took_over_the_id_is_nobodys() {
        let folder = tempfile::tempdir().expect("a folder");
        let layout = layout(folder.path());
        let mut other = Command::new("sleep").arg("600").spawn().expect("sleep");
        let mut process = Record::of(other.id()).expect("it runs");
        process.start -= 1;
        fs::write(record(&layout, "x"), format!("{} {} {}", process.id, process.start, process.boot))
            .expect("a record");
        assert_eq!(running(&layout, "x"), None);
        end_component(&layout, "x");
        process.kill();
        assert_eq!(other.try_wait().expect("a look"), None);
        other.kill().expect("an end");
        other.wait().expect("an end");
    }

    #[test]
    fn the_start_follows_the_last_parenthesis() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9";
        assert_eq!(start(stat), Some(4711));
        assert_eq!(start(&stat.replace(") S", ") Z")), None);
    }
}
