//! Runs the program in a scratch folder, away from the person's git configuration.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The program, not started yet.
pub(crate) fn program(folder: &Path) -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_xtask")), folder)
}

/// Runs it to its end.
pub(crate) fn xtask<A: AsRef<OsStr>>(folder: &Path, args: impl IntoIterator<Item = A>) -> Ran {
    program(folder).args(args).output().unwrap().into()
}

/// Runs it with text on standard input.
pub(crate) fn piped(folder: &Path, args: &[&str], input: &[u8]) -> Ran {
    let mut child =
        program(folder).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// Runs git; its output, trimmed.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = quiet(Command::new("git"), folder).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn quiet(mut command: Command, folder: &Path) -> Command {
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder.join(".config"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CEILING_DIRECTORIES", folder)
        .env_remove("XDG_STATE_HOME")
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env_remove("ARGOCD_SERVER")
        .env_remove("ARGOCD_AUTH_TOKEN")
        .env_remove("ARGOCD_OPTS")
        .env_remove("ARGOCD_CONFIG_DIR")
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .env_remove("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    command
}

/// An empty folder.
pub(crate) fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap();
    (folder, path)
}

/// The practice scenario in a folder `orbit`, a git repository.
pub(crate) fn orbit() -> (tempfile::TempDir, PathBuf) {
    let (guard, path) = scratch();
    let ran = xtask(&path, ["practice", "orbit"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let orbit = path.join("orbit");
    (guard, orbit)
}

/// Every file below a folder with its bytes, without git's own.
pub(crate) fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".git") {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push((path.clone(), std::fs::read(path).unwrap())) }
        }
    }
    files.sort();
    files
}
