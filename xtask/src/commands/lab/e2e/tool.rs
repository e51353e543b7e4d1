//! This program in a clone, run as a person runs it.

use crate::error::{CommandError, Doing};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A run of it. Dropped, it ends: it would push into the next one.
pub(super) struct Tool {
    child: Child,
    log: PathBuf,
    ended: Option<ExitStatus>,
}

impl Tool {
    /// Starts it in a clone; what it says goes to a new file, and the surroundings are variables of its own.
    pub(super) fn start(
        fork: &Path,
        log: PathBuf,
        words: &[&str],
        surroundings: &[(String, String)],
    ) -> Result<Tool, CommandError> {
        let file = File::create(&log).doing("write a log")?;
        let program = std::env::current_exe().doing("find this program")?;
        let mut command = Command::new(&program);
        command.args(words).current_dir(fork).env_remove("KUBECONFIG").stdin(Stdio::null());
        command.envs(surroundings.iter().map(|(key, value)| (key, value)));
        command.stdout(file.try_clone().doing("write a log")?).stderr(file);
        let child = command.spawn().doing(format!("start {}", words.join(" ")))?;
        Ok(Tool { child, log, ended: None })
    }

    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, once it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().ok().flatten();
        }
        self.ended
    }

    /// What it has said until now.
    pub(super) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        if self.ended().is_none() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// The last lines that are not empty.
pub(super) fn last_words(log: &str, lines: usize) -> String {
    let all: Vec<_> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join(" / ")
}
