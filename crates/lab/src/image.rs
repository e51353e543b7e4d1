//! Programs out of the images that their projects publish, where a Docker daemon answers: a download in place of a long build.
//!
//! The images hold static Linux programs. The one that an image starts is copied out and runs as a process like any other, so
//! that nothing else here knows Docker. Tried with a script in docker's place only: no daemon was at hand.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::build::Progress;
use crate::cache::{self, Slot};
use crate::process::poll;
use crate::program::Program;

/// How long a daemon may take to say what it runs on.
const PATIENCE: Duration = Duration::from_secs(5);

/// The published image of a program. `version` is the collector's; the others are those that the lab would build.
fn image(program: Program, version: Option<&str>) -> Option<String> {
    Some(match program {
        Program::HotRod => "docker.io/jaegertracing/example-hotrod:1.76.0".to_owned(),
        Program::HotRodOld => "docker.io/jaegertracing/example-hotrod:1.71.0".to_owned(),
        Program::Prometheus => "docker.io/prom/prometheus:v3.7.3".to_owned(),
        Program::Jaeger => "docker.io/jaegertracing/all-in-one:1.65.0".to_owned(),
        Program::Collector => format!("docker.io/otel/opentelemetry-collector-contrib:{}", version?),
        _ => return None,
    })
}

/// The program from its image, in the lab's cache; `None` where there is no daemon, or where it can't be had: then it is built.
#[must_use]
pub fn from_image(program: Program, version: Option<&str>, progress: &mut dyn FnMut(Progress)) -> Option<PathBuf> {
    from_image_by(OsStr::new("docker"), &cache::root().ok()?, program, version, progress)
}

fn from_image_by(
    docker: &OsStr,
    root: &Path,
    program: Program,
    version: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Option<PathBuf> {
    let image = image(program, version)?;
    let slot = Slot::new(root, program, &file_name(&image));
    if slot.binary.exists() {
        return Some(slot.binary);
    }
    if !serves(docker) {
        return None;
    }
    slot.create_folders().ok()?;
    let _lock = slot.lock(|| progress(Progress::Waiting)).ok()?;
    if !slot.binary.exists() {
        let copied = slot.sources.with_extension("copied");
        if let Err(why) = copy_out(docker, &image, &copied, progress) {
            progress(Progress::Line(format!("{image}: {why}; it is built instead")));
            // Nothing may be there, and what is there is no program.
            drop(std::fs::remove_file(&copied));
            return None;
        }
        slot.finish(&copied).ok()?;
    }
    Some(slot.binary)
}

/// An image's name as a file's.
pub(crate) fn file_name(image: &str) -> String {
    image.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}

/// This machine's kind of processor, as images name it.
pub(crate) fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// Whether a daemon answers that runs programs of this machine's kind.
fn serves(docker: &OsStr) -> bool {
    let mut asked = Command::new(docker);
    asked.args(["version", "--format", "{{.Server.Os}} {{.Server.Arch}}"]);
    asked.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = asked.spawn() else { return false };
    let ended = poll(PATIENCE, || child.try_wait().ok().flatten());
    if ended.is_none() {
        // It may have ended by now.
        drop(child.kill());
    }
    let Ok(output) = child.wait_with_output() else { return false };
    let said = String::from_utf8_lossy(&output.stdout);
    ended.is_some_and(|status| status.success()) && said.split_whitespace().eq([std::env::consts::OS, architecture()])
}

/// Copies the program that an image starts to `target`.
fn copy_out(docker: &OsStr, image: &str, target: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), String> {
    progress(Progress::Building);
    let started = std::time::Instant::now();
    // Made and never started: what it is made from is downloaded for that.
    let container = run(docker, &["create", image], progress)?;
    let copied = run(docker, &["inspect", "--format", "{{.Path}}", &container], progress).and_then(|program| {
        let from = format!("{container}:{program}");
        run(docker, &["cp", "--follow-link", &from, &target.to_string_lossy()], progress)
    });
    let removed = run(docker, &["rm", &container], progress);
    copied.and(removed)?;
    progress(Progress::Built { took: started.elapsed() });
    Ok(())
}

/// The last line that a command prints; what it says beside that is passed on.
fn run(docker: &OsStr, args: &[&str], progress: &mut dyn FnMut(Progress)) -> Result<String, String> {
    let mut command = Command::new(docker);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let mut last = String::new();
    for line in child.stderr.take().into_iter().flat_map(|said| BufReader::new(said).lines()).map_while(Result::ok) {
        progress(Progress::Line(line.clone()));
        last = line;
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let verb = args.first().copied().unwrap_or_default();
        return Err(format!("docker {verb}: {}", if last.is_empty() { "failed" } else { &last }));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in;

    /// A docker that has one image, whose program is `program`; what it was told stands in `log`.
    fn docker(folder: &Path, server: &str) -> PathBuf {
        let script = folder.join("docker");
        let text = format!(
            r#"#!/bin/sh
echo "$@" >> {0}/log
case $1 in
version) echo "{server}" ;;
create) case $2 in *:0.0.0) echo "manifest unknown" >&2; exit 1 ;; esac; echo "Pulling" >&2; echo c0ffee ;;
inspect) echo /otelcol-contrib ;;
cp) [ "$3" = c0ffee:/otelcol-contrib ] && echo program > "$4" ;;
esac
"#,
            folder.display()
        );
        stand_in::script(&script, &text);
        script
    }

    fn here() -> String {
        let arch = std::env::consts::ARCH.replace("x86_64", "amd64").replace("aarch64", "arm64");
        format!("{} {arch}", std::env::consts::OS)
    }

    #[test]
    fn the_program_that_an_image_starts_is_copied_out_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = docker(folder.path(), &here());
        let get = || {
            let root = folder.path().join("cache");
            from_image_by(script.as_os_str(), &root, Program::Collector, Some("0.145.0"), &mut |_| {})
        };
        let first = get().expect("a program");
        assert_eq!(std::fs::read_to_string(&first).expect("its text"), "program\n");
        assert_eq!(get(), Some(first));
        let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
        let verbs: Vec<&str> = log.lines().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(verbs, ["version", "create", "inspect", "cp", "rm"]);
    }

    #[test]
    fn without_a_daemon_or_an_image_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let get = |docker: &Path, program, version| {
            from_image_by(docker.as_os_str(), &folder.path().join("cache"), program, version, &mut |_| {})
        };
        assert_eq!(get(Path::new("/nonexistent/docker"), Program::HotRod, None), None);
        assert_eq!(get(&docker(folder.path(), "windows amd64"), Program::HotRod, None), None);
        let script = docker(folder.path(), &here());
        assert_eq!(get(&script, Program::Collector, Some("0.0.0")), None);
        assert_eq!(get(&script, Program::Evaluate, None), None, "no image holds our own programs");
    }
}
