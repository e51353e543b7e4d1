//! A group of processes that ends with this one, however this one ends.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// Reads until its standard input is closed, which the kernel does for whoever is killed; then removes the folder, unless it
/// was told that its owner does, and kills the process group that it leads, itself last. A terminal's signals go to the group
/// in front, which is not this one.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
folder=$1
while read -r word; do [ "$word" = keep ] && folder=; done
[ -n "$folder" ] && rm -rf -- "$folder"
kill -s KILL -- "-$$"
"#;

/// Leads the process group of everything that is started below it; kills the group when dropped, and also when this process
/// dies without a chance to drop anything.
#[derive(Debug)]
pub struct Watchdog {
    child: Child,
    /// Held open for as long as the group may live.
    alive: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts one. `folder` is removed with the group when this process is killed; it is the caller's otherwise.
    ///
    /// # Errors
    /// What the system says where there is no `sh`.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "hyperspace-watchdog"])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let alive = child.stdin.take();
        Ok(Self { child, alive })
    }

    /// Makes the command start in the group.
    pub fn adopt<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        match i32::try_from(self.child.id()) {
            Ok(group) => command.process_group(group),
            Err(_) => command,
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        if let Some(mut alive) = self.alive.take() {
            // It fails where the watchdog was killed, which then removes nothing either.
            drop(alive.write_all(b"keep\n"));
        }
        // It kills itself with its group; the wait only reaps it.
        drop(self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn ends(child: &mut Child) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while child.try_wait().expect("a child").is_none() {
            assert!(Instant::now() < deadline, "it lives on");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn sleeps(watchdog: &Watchdog) -> Child {
        let mut child = watchdog.adopt(Command::new("sleep").arg("600")).spawn().expect("sleep");
        assert!(child.try_wait().expect("a child").is_none());
        child
    }

    #[test]
    fn the_group_ends_with_it_and_the_folder_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let watchdog = Watchdog::start(folder.path()).expect("sh");
        let mut child = sleeps(&watchdog);
        drop(watchdog);
        ends(&mut child);
        assert!(folder.path().exists());
    }

    #[test]
    fn the_group_and_the_folder_end_with_a_killed_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut watchdog = Watchdog::start(folder.path()).expect("sh");
        let mut child = sleeps(&watchdog);
        // What the kernel does for a process that is killed.
        drop(watchdog.alive.take());
        ends(&mut child);
        assert!(!folder.path().exists());
    }
}
