//! Building a program, once.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cache::{self, Slot};
use crate::error::BuildError;
use crate::program::Program;

/// What a build reports while it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another process builds the same program; its result will be used.
    Waiting,
    /// The build starts. The first one on a machine downloads modules and takes minutes.
    Building,
    /// A line that Go wrote: a download, or the start of an error.
    Line(String),
    /// A package is being compiled.
    Package {
        /// Its import path.
        name: String,
        /// Its number among those that this build compiles, from 1.
        number: usize,
        /// How many those are; packages in Go's own cache are not among them. Unknown where Go did not say.
        of: Option<usize>,
        /// How long the rest takes at the pace so far, linking aside.
        left: Option<Duration>,
    },
    /// The build is done.
    Built {
        /// How long it took.
        took: Duration,
    },
}

/// How many of Go's last lines an error keeps.
const KEPT_LINES: usize = 40;

/// Where a Go installation puts itself when nobody extended `PATH`.
const USUAL_GO: &str = "/usr/local/go/bin/go";

/// The path of the built program; builds it when this version of it is not in the cache yet.
///
/// Safe to call from several processes at once (one builds, the others wait) and to interrupt
/// (the binary appears whole or not at all).
///
/// # Errors
/// [`BuildError::NoGo`] where Go is not installed, even when the binary is cached: which binary
/// is the right one depends on Go's version. Else what failed.
pub fn ensure(program: Program, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, BuildError> {
    ensure_below(&cache::root()?, program, progress)
}

/// The path of the program where it is built already.
#[must_use]
pub fn built(program: Program) -> Option<PathBuf> {
    let (_, version) = find_go().ok()?;
    let slot = Slot::new(&cache::root().ok()?, program, &program.fingerprint(&version));
    slot.binary.exists().then_some(slot.binary)
}

fn ensure_below(root: &Path, program: Program, progress: &mut dyn FnMut(Progress)) -> Result<PathBuf, BuildError> {
    let (go, version) = find_go()?;
    let slot = Slot::new(root, program, &program.fingerprint(&version));
    if slot.binary.exists() {
        return Ok(slot.binary);
    }
    slot.create_folders()?;
    let _lock = slot.lock(|| progress(Progress::Waiting))?;
    if !slot.binary.exists() {
        build(go, program, &slot, progress)?;
    }
    Ok(slot.binary)
}

/// Where Go keeps a module that the program is built from, with everything in it that is no Go.
#[cfg(feature = "cluster")]
pub(crate) fn module_folder(program: Program, module: &str) -> Result<PathBuf, BuildError> {
    let (go, _) = find_go()?;
    let slot = Slot::new(&cache::root()?, program, "module");
    slot.create_folders()?;
    let _lock = slot.lock(|| {})?;
    slot.write_sources(program)?;
    let running = |source| BuildError::Io { action: "running", path: go.into(), source };
    let mut command = Command::new(go);
    command.args(["mod", "download", "-json", module]).current_dir(&slot.sources);
    command.env("GOWORK", "off").env_remove("GOFLAGS").stdin(Stdio::null());
    let output = command.output().map_err(running)?;
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    match told.get("Dir").and_then(serde_json::Value::as_str) {
        Some(folder) => Ok(folder.into()),
        None => Err(BuildError::Failed {
            program: program.name(),
            output: String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned(),
        }),
    }
}

/// For tests: the built program, or `None` with one loud line on standard error when Go is not
/// on this machine.
///
/// # Panics
/// When Go is there and the program does not build: a judge that cannot be called must fail the
/// test, not skip it.
#[must_use]
#[expect(clippy::panic, clippy::print_stderr, reason = "the helper of tests, which stops them")]
pub fn judge(program: Program) -> Option<PathBuf> {
    match ensure(program, &mut |_| {}) {
        Ok(path) => Some(path),
        Err(BuildError::NoGo) => {
            eprintln!("SKIPPED: {} needs Go, which is not on this machine", program.name());
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The `go` command, and what identifies its builds: version, system and architecture.
fn find_go() -> Result<(&'static str, String), BuildError> {
    for go in ["go", USUAL_GO] {
        // In the root folder, so that no go.work or toolchain line of the caller's matters.
        let asked = Command::new(go)
            .args(["env", "GOVERSION", "GOOS", "GOARCH"])
            .current_dir("/")
            .env("GOWORK", "off")
            .output();
        match asked {
            Ok(output) if output.status.success() => {
                return Ok((go, String::from_utf8_lossy(&output.stdout).into_owned()));
            }
            Ok(output) => {
                return Err(BuildError::Failed {
                    program: "anything",
                    output: String::from_utf8_lossy(&output.stderr).into_owned(),
                });
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(source) => {
                return Err(BuildError::Io { action: "running", path: go.into(), source });
            }
        }
    }
    Err(BuildError::NoGo)
}

fn build(
    go: &'static str,
    program: Program,
    slot: &Slot,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), BuildError> {
    progress(Progress::Building);
    let started = Instant::now();
    slot.write_sources(program)?;
    let of = to_compile(go, program, &slot.sources, progress);
    let built = slot.sources.join("built");
    let mut command = go_command(go, "build", program, &slot.sources);
    command.arg("-v").arg("-o").arg(&built).arg(program.package()).stdout(Stdio::null()).stderr(Stdio::piped());
    let running = |source| BuildError::Io { action: "running", path: go.into(), source };
    let mut child = command.spawn().map_err(running)?;
    let mut packages = Packages { of, number: 0, began: Instant::now() };
    let mut lines = |line: Progress| progress(packages.read(line));
    let last = child.stderr.take().map(|stderr| follow(stderr, &mut lines)).unwrap_or_default();
    if !child.wait().map_err(running)?.success() {
        return Err(BuildError::Failed { program: program.name(), output: last });
    }
    slot.finish(&built)?;
    progress(Progress::Built { took: started.elapsed() });
    Ok(())
}

/// `go` with what all its runs for a program share.
fn go_command(go: &str, verb: &str, program: Program, folder: &Path) -> Command {
    let mut command = Command::new(go);
    command
        // -mod=readonly: what is not in go.sum is refused.
        .args([verb, "-mod=readonly", "-trimpath", "-buildvcs=false", "-tags", program.tags()])
        .arg(format!("-ldflags={}", program.ldflags()))
        .current_dir(folder)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env_remove("GOFLAGS")
        .stdin(Stdio::null());
    command
}

/// Prints a character for each package that Go's cache does not have.
const MISSING: &str = r#"{{if and .Stale (ne .StaleReason "not installed but available in build cache")}}x{{end}}"#;

/// How many packages will be compiled; modules that are not on the machine are downloaded for that, which is passed on.
fn to_compile(go: &str, program: Program, folder: &Path, progress: &mut dyn FnMut(Progress)) -> Option<usize> {
    let mut command = go_command(go, "list", program, folder);
    command.args(["-deps", "-f", MISSING, program.package()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().ok()?;
    // What it prints fits into the pipe, so that nobody waits for the other.
    child.stderr.take().map(|stderr| follow(stderr, progress));
    let output = child.wait_with_output().ok()?;
    // Where it failed the build says why.
    output.status.success().then(|| output.stdout.iter().filter(|byte| **byte == b'x').count())
}

/// Counts the packages that `go build -v` names as it compiles them.
struct Packages {
    of: Option<usize>,
    number: usize,
    began: Instant,
}

impl Packages {
    fn read(&mut self, line: Progress) -> Progress {
        match line {
            // Everything else that Go says has a blank: `go: downloading …`, `# package`, an error.
            Progress::Line(name) if !name.is_empty() && !name.contains(' ') => {
                self.number += 1;
                let left = self.of.filter(|of| *of >= self.number && self.number > 1).map(|of| {
                    let done = u32::try_from(self.number - 1).unwrap_or(u32::MAX);
                    let rest = u32::try_from(of - self.number + 1).unwrap_or(u32::MAX);
                    self.began.elapsed() / done * rest
                });
                Progress::Package { name, number: self.number, of: self.of, left }
            }
            other => other,
        }
    }
}

/// Passes every line on, and returns the last ones.
fn follow(stderr: impl Read, progress: &mut dyn FnMut(Progress)) -> String {
    let mut last = VecDeque::with_capacity(KEPT_LINES);
    for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line).into_owned();
        if last.len() == KEPT_LINES {
            last.pop_front();
        }
        last.push_back(line.clone());
        progress(Progress::Line(line));
    }
    Vec::from(last).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_all_are_passed_on() {
        let text: String = (0..100).map(|n| format!("line {n}\n")).collect();
        let mut seen = 0;
        let last = follow(text.as_bytes(), &mut |_| seen += 1);
        assert_eq!(seen, 100);
        assert!(last.starts_with("line 60\n") && last.ends_with("line 99"), "{last}");
    }

    #[test]
    fn packages_are_counted_and_other_lines_are_not() {
        let mut packages = Packages { of: Some(2), number: 0, began: Instant::now() };
        let line = |text: &str| Progress::Line(text.to_owned());
        assert_eq!(packages.read(line("go: downloading a v1")), line("go: downloading a v1"));
        assert!(matches!(packages.read(line("a/b")), Progress::Package { number: 1, left: None, .. }));
        assert!(matches!(packages.read(line("a/c")), Progress::Package { number: 2, left: Some(_), .. }));
        assert!(matches!(packages.read(line("a/d")), Progress::Package { number: 3, left: None, .. }));
    }

    #[test]
    fn a_cached_binary_is_returned_as_it_is() {
        let Ok((_, version)) = find_go() else {
            return;
        };
        let root = tempfile::tempdir().expect("a scratch folder");
        let slot = Slot::new(root.path(), Program::Evaluate, &Program::Evaluate.fingerprint(&version));
        slot.create_folders().expect("folders");
        std::fs::write(&slot.binary, "").expect("a file");
        let found = ensure_below(root.path(), Program::Evaluate, &mut |_| panic!("no build"));
        assert_eq!(found.expect("the cached one"), slot.binary);
    }
}
