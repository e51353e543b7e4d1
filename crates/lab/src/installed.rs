//! Programs that are installed already, and whose version does.

use crate::program::Program;
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A program found on `PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The binary.
    pub path: PathBuf,
    /// Its version as it says it: `0.142.0`.
    pub version: String,
}

/// The names under which a program is installed, and the argument that makes it tell its version.
fn names(program: Program) -> (&'static [&'static str], &'static str) {
    match program {
        Program::Prometheus => (&["prometheus"], "--version"),
        Program::Jaeger => (&["jaeger-all-in-one"], "version"),
        Program::Collector => (&["otelcol-contrib"], "--version"),
        // HotROD does not say which version it is, and judges are compared with the versions that we name.
        _ => (&[], ""),
    }
}

/// The program on `PATH`, where its version begins with `wanted` (`3.` for any Prometheus 3).
#[must_use]
pub fn installed(program: Program, wanted: &str) -> Option<Installed> {
    installed_in(&env::var_os("PATH")?, program, wanted)
}

fn installed_in(path: &OsStr, program: Program, wanted: &str) -> Option<Installed> {
    let (names, ask) = names(program);
    let candidates = env::split_paths(path).filter(|folder| folder.is_absolute());
    let mut candidates = candidates.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    candidates.find_map(|path| {
        let version = version(&path, ask)?;
        version.starts_with(wanted).then_some(Installed { path, version })
    })
}

fn version(path: &Path, ask: &str) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let told = Command::new(path).arg(ask).stdin(Stdio::null()).output().ok()?;
    let text = [told.stdout, told.stderr].concat();
    numbers(&String::from_utf8_lossy(&text))
}

/// The first word of three numbers with dots between them.
fn numbers(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_digit() || c == '.'));
    let mut words = words.map(|word| word.trim_matches('.'));
    let three = |word: &&str| word.split('.').count() == 3 && word.split('.').all(|n| !n.is_empty());
    words.find(three).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stand_in;

    #[test]
    fn finds_versions_in_what_programs_say() {
        assert_eq!(numbers("otelcol-contrib version 0.142.0\n").as_deref(), Some("0.142.0"));
        assert_eq!(numbers("prometheus, version 3.7.3 (branch: HEAD)").as_deref(), Some("3.7.3"));
        assert_eq!(numbers(r#"{"gitVersion":"v1.65.0","buildDate":"2025-01-05"}"#).as_deref(), Some("1.65.0"));
        assert_eq!(numbers("prometheus, version  (branch: )"), None);
    }

    #[test]
    fn takes_the_version_that_is_wanted() {
        let (old, new) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        for (folder, says) in [(&old, "0.99.0"), (&new, "0.142.0")] {
            let script = folder.path().join("otelcol-contrib");
            stand_in::script(&script, &format!("#!/bin/sh\necho otelcol-contrib version {says}\n"));
        }
        let path = env::join_paths([old.path(), new.path()]).expect("a path");
        let found = installed_in(&path, Program::Collector, "0.142.0").expect("the new one");
        assert_eq!(found.path, new.path().join("otelcol-contrib"));
        assert_eq!(installed_in(&path, Program::Collector, "0.145.0"), None);
        assert_eq!(installed_in(&path, Program::Prometheus, "3."), None);
    }
}
