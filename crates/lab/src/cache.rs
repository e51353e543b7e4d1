//! Where built programs live: `$XDG_CACHE_HOME/hyperspace/bin` (or `~/.cache/…`).

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::error::BuildError;
use crate::program::Program;

/// The paths of one build.
pub(crate) struct Slot {
    /// The finished binary. It exists whole or not at all.
    pub(crate) binary: PathBuf,
    /// Held for the length of a build. The file stays: removing it would let two builders hold
    /// locks on two files of one name.
    pub(crate) lock: PathBuf,
    /// The module's files. The name is fixed, so an interrupted build leaves nothing to pile up.
    pub(crate) sources: PathBuf,
}

impl Slot {
    pub(crate) fn new(root: &Path, program: Program, fingerprint: &str) -> Self {
        let name = format!("{}-{fingerprint}", program.name());
        Self {
            binary: root.join("bin").join(&name),
            lock: root.join("build").join(format!("{name}.lock")),
            sources: root.join("build").join(name),
        }
    }

    /// Takes the lock, waiting while another process builds the same program. It ends with the
    /// returned file, and with the process if that is killed.
    pub(crate) fn lock(&self, mut waits: impl FnMut()) -> Result<File, BuildError> {
        let failed = |source| io("locking", &self.lock, source);
        let file = File::create(&self.lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                waits();
                file.lock().map_err(failed)?;
            }
            Err(fs::TryLockError::Error(source)) => return Err(failed(source)),
        }
        Ok(file)
    }

    /// Lays out the module afresh.
    pub(crate) fn write_sources(&self, program: Program) -> Result<(), BuildError> {
        if self.sources.exists() {
            fs::remove_dir_all(&self.sources).map_err(|source| io("clearing", &self.sources, source))?;
        }
        for (path, text) in program.module().files {
            let path = self.sources.join(path);
            create_parent(&path)?;
            fs::write(&path, text).map_err(|source| io("writing", &path, source))?;
        }
        Ok(())
    }

    /// Moves a finished binary into its place, in one step.
    pub(crate) fn finish(&self, built: &Path) -> Result<(), BuildError> {
        fs::rename(built, &self.binary).map_err(|source| io("placing", &self.binary, source))?;
        // Only room is lost when this fails.
        drop(fs::remove_dir_all(&self.sources));
        Ok(())
    }

    pub(crate) fn create_folders(&self) -> Result<(), BuildError> {
        create_parent(&self.binary)?;
        create_parent(&self.lock)
    }
}

/// `$XDG_CACHE_HOME/hyperspace`, else `~/.cache/hyperspace`.
pub(crate) fn root() -> Result<PathBuf, BuildError> {
    let absolute = |path: &PathBuf| path.is_absolute();
    env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(absolute)
        .or_else(|| env::home_dir().filter(absolute).map(|home| home.join(".cache")))
        .map(|cache| cache.join("hyperspace"))
        .ok_or(BuildError::NoCache)
}

fn create_parent(path: &Path) -> Result<(), BuildError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    fs::create_dir_all(parent).map_err(|source| io("creating", parent, source))
}

fn io(action: &'static str, path: &Path, source: std::io::Error) -> BuildError {
    BuildError::Io { action, path: path.to_path_buf(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(root: &Path) -> Slot {
        Slot::new(root, Program::Evaluate, "0")
    }

    #[test]
    fn sources_are_laid_out_afresh() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let slot = slot(root.path());
        fs::create_dir_all(&slot.sources).expect("a folder");
        fs::write(slot.sources.join("half-written.go"), "package").expect("a file");
        slot.write_sources(Program::Evaluate).expect("sources");
        assert!(slot.sources.join("go.sum").exists());
        assert!(!slot.sources.join("half-written.go").exists());
    }

    #[test]
    fn a_second_builder_waits_for_the_first() {
        let root = tempfile::tempdir().expect("a scratch folder");
        let slot = slot(root.path());
        slot.create_folders().expect("folders");
        let first = slot.lock(|| panic!("nobody else builds")).expect("a lock");
        std::thread::scope(|scope| {
            let (asked, waits) = std::sync::mpsc::channel();
            let slot = &slot;
            let second = scope.spawn(move || slot.lock(|| asked.send(()).expect("a listener")).is_ok());
            waits.recv().expect("the second to wait");
            drop(first);
            assert!(second.join().expect("the second thread"));
        });
    }
}
