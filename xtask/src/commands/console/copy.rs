//! A copy of a remote repository, for a console that has no folder of its own: in a cluster, what Argo CD follows.

use super::folder::Folder;
use crate::args::{CopyArgs, Target};
use crate::error::{CommandError, Doing as _};
use git::{Environment, Mirror, Tip};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tempfile::TempDir;

/// The remote is asked again after this long, and earlier when somebody looks for what is not there.
const PATIENCE: Duration = Duration::from_secs(60);

/// It is never asked more often than this, however many look.
const PACE: Duration = Duration::from_secs(2);

/// The copy. A thread keeps it fresh: no reader waits for the network.
pub(super) struct Copy {
    folder: Folder,
    state: Arc<Mutex<State>>,
    name: Arc<OnceLock<String>>,
    wake: SyncSender<()>,
    _kept: TempDir,
}

/// Held while files are written, and while they are read.
#[derive(Default)]
struct State {
    shown: Option<Tip>,
    /// Why the last try failed.
    why: Option<String>,
}

/// What is copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    pub(super) url: String,
    /// The remote's default where there is none.
    pub(super) branch: Option<String>,
}

/// Finds out what to copy, or why it is not known yet.
pub(super) type Find = Box<dyn Fn() -> Result<Remote, String> + Send>;

impl Copy {
    /// Begins to make one. What is wrong with the arguments is told now; the remote may be away, and come.
    pub(super) fn of(find: Find, args: &CopyArgs, target: &Target) -> Result<Copy, CommandError> {
        let kept =
            tempfile::Builder::new().prefix("hyperspace-console-").tempdir().doing("make a folder for the copy")?;
        let mut environment = Environment::from_process();
        if let Some(file) = &args.logins {
            std::fs::metadata(file).doing(format!("read {}", file.display()))?;
            environment = environment.with_logins(file.clone());
        }
        let path = kept.path().to_owned();
        let folder = Folder(Target { path: path.clone(), policy: target.policy.clone() });
        let state = Arc::new(Mutex::new(State::default()));
        let (wake, woken) = sync_channel(1);
        let followed = Arc::clone(&state);
        let name = Arc::new(OnceLock::new());
        let found = Arc::clone(&name);
        let find = move || find().inspect(|remote| drop(found.set(git::redact(&remote.url))));
        let follow = move || follow(&find, &path, &environment, &followed, &woken);
        std::thread::Builder::new().name("copy".to_owned()).spawn(follow).doing("start a thread")?;
        Ok(Copy { folder, state, name, wake, _kept: kept })
    }

    /// What is there, with a word on why it may be old.
    fn shown(&self) -> Result<(MutexGuard<'_, State>, Option<String>), String> {
        self.ask();
        let state = hold(&self.state);
        let why = state.why.clone();
        match (&state.shown, why) {
            (Some(_), None) => Ok((state, None)),
            (Some(tip), Some(why)) => {
                let commit = tip.commit.to_string();
                let commit = commit.get(..7).unwrap_or(&commit).to_owned();
                Ok((state, Some(format!("this is commit {commit}; what came since is not known: {why}"))))
            }
            (None, Some(why)) => Err(why),
            (None, None) => Err("the repository is being copied; this page looks again in a few seconds".to_owned()),
        }
    }

    fn ask(&self) {
        // One question that waits is enough.
        let _ = self.wake.try_send(());
    }
}

fn hold(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until the copy is no longer wanted.
fn follow(
    find: &dyn Fn() -> Result<Remote, String>,
    folder: &Path,
    environment: &Environment,
    state: &Mutex<State>,
    woken: &Receiver<()>,
) {
    let mut mirror = None;
    let words = |error: git::Error| error.hint().map_or(error.to_string(), |hint| format!("{error} ({hint})"));
    let mut again = || {
        let known = match mirror.take() {
            Some(known) => known,
            None => {
                let Remote { url, branch } = find()?;
                Mirror::new(folder, &url, branch.as_deref()).map_err(words)?
            }
        };
        let known = mirror.insert(known);
        let tip = known.fetch(environment).map_err(words)?;
        let mut state = hold(state);
        if state.shown.as_ref() != Some(&tip) {
            known.show(&tip).map_err(words)?;
            state.shown = Some(tip);
        }
        Ok(())
    };
    loop {
        let why = again().err();
        hold(state).why = why;
        std::thread::sleep(PACE);
        if matches!(woken.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected)) {
            return;
        }
    }
}

impl web::Source for Copy {
    fn load(&self) -> Result<web::Snapshot, String> {
        let (_state, old) = self.shown()?;
        self.folder.noted(old)
    }

    fn name(&self) -> Option<&str> {
        self.name.get().map(String::as_str)
    }

    /// Whoever runs a command does so in a clone.
    fn path(&self) -> Option<&str> {
        Some(".")
    }

    fn at(&self, commit: &str) -> Result<web::Snapshot, String> {
        let (_state, _) = self.shown()?;
        self.folder.at(commit)
    }

    fn commits(&self, most: usize) -> Vec<web::Commit> {
        self.shown().map(|_state| self.folder.commits(most)).unwrap_or_default()
    }

    fn commit(&self, id: &str) -> Option<web::Commit> {
        let found = self.folder.commit(id);
        if found.is_none() {
            // The cluster knows of one that we have not fetched yet.
            self.ask();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use web::Source as _;

    fn git(folder: &Path, args: &[&str]) -> String {
        let who = ["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(who).args(args).current_dir(folder).output().expect("git");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn until<T>(what: impl Fn() -> Option<T>) -> T {
        for _ in 0..200 {
            if let Some(found) = what() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it does not happen");
    }

    fn copy(url: &str, args: &CopyArgs) -> Result<Copy, CommandError> {
        let remote = Remote { url: url.to_owned(), branch: None };
        Copy::of(Box::new(move || Ok(remote.clone())), args, &Target { path: ".".into(), policy: None })
    }

    #[test]
    fn it_follows_and_says_when_it_cannot() {
        let folder = tempfile::tempdir().expect("a folder");
        let away = folder.path().join("away");
        let remote = folder.path().join("remote");
        let copy = copy(&remote.display().to_string(), &CopyArgs::default()).expect("a copy");
        let why = until(|| copy.load().err().filter(|why| why.contains("cannot reach")));
        assert!(why.contains("remote"), "{why}");

        std::fs::create_dir(&remote).expect("a folder");
        git(&remote, &["init", "-q", "-b", "main"]);
        std::fs::write(remote.join("a.yaml"), "a: 1\n").expect("a file");
        git(&remote, &["add", "."]);
        git(&remote, &["commit", "-q", "-m", "first"]);
        until(|| copy.load().ok());
        assert_eq!((copy.path(), copy.name()), (Some("."), Some(remote.display().to_string().as_str())));
        let head = git(&remote, &["rev-parse", "HEAD"]);
        assert_eq!(copy.commit(&head).expect("a commit").subject, "first");
        assert_eq!(copy.commits(9).len(), 1);

        git(&remote, &["commit", "-q", "--allow-empty", "-m", "second"]);
        let head = git(&remote, &["rev-parse", "HEAD"]);
        assert_eq!(until(|| copy.commit(&head)).subject, "second");
        assert!(copy.at(&head).is_ok() && copy.at("0123456").is_err());

        std::fs::rename(&remote, &away).expect("away");
        let old = until(|| copy.shown().ok()?.1);
        assert!(old.contains(&head[..7]) && old.contains("cannot reach"), "{old}");
        assert!(copy.load().is_ok());
        let (folder, state) = (copy._kept.path().to_owned(), Arc::downgrade(&copy.state));
        drop(copy);
        assert!(!folder.exists());
        until(|| state.upgrade().is_none().then_some(()));
    }

    #[test]
    fn a_file_of_logins_that_is_not_there_is_told_at_once() {
        let args = CopyArgs { logins: Some("/nowhere/logins".into()), ..CopyArgs::default() };
        let error = copy("https://git.example/r.git", &args).err().expect("an error");
        assert!(error.message.contains("/nowhere/logins"), "{}", error.message);
    }
}
