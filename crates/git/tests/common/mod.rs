//! Real repositories in scratch folders, and git's own view of them.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyperspace_git::{
    Context, Delivery, Edit, Environment, Error, Prepared, Refusal, Repository, Request, Silent, Step, deliver, finish,
    preflight,
};

/// All commits are of this moment, so that equal work gives equal ids.
pub const WHEN: (i64, i32) = (1_700_000_000, 60);

/// A bare remote and a clone of it, with `a.yaml` and `b.yaml` committed and pushed on `main`.
pub struct Lab {
    pub dir: tempfile::TempDir,
    pub work: PathBuf,
    pub remote: PathBuf,
}

impl Lab {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let lab = Self { work: root.join("work"), remote: root.join("remote.git"), dir };
        git(&root, &["init", "-q", "--bare", "-b", "main", "remote.git"]);
        git(&root, &["clone", "-q", "remote.git", "work"]);
        configure(&lab.work);
        lab.write("a.yaml", "a: 1\n");
        lab.write("b.yaml", "b: 1\n");
        lab.write("apps/deep/c.yaml", "top: 1\nmid: 2\nlow: 3\nend: 4\nlast: 5\n");
        lab.git(&["add", "."]);
        lab.git(&["commit", "-q", "-m", "start"]);
        lab.git(&["push", "-q", "-u", "origin", "main"]);
        lab
    }

    pub fn git(&self, args: &[&str]) -> String {
        git(&self.work, args)
    }

    pub fn remote_git(&self, args: &[&str]) -> String {
        git(&self.remote, args)
    }

    pub fn write(&self, path: &str, text: &str) {
        write(&self.work, path, text);
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.work.join(path)).unwrap()
    }

    pub fn open(&self) -> Repository {
        Repository::discover(&self.work).unwrap().unwrap()
    }

    /// Somebody else's clone, with the change committed and pushed.
    pub fn elsewhere(&self, change: impl FnOnce(&Path)) {
        let other = self.clone_elsewhere(change);
        git(&other, &["push", "-q", "origin", "main"]);
    }

    /// The same without the push.
    pub fn clone_elsewhere(&self, change: impl FnOnce(&Path)) -> PathBuf {
        let root = self.work.parent().unwrap();
        let name = format!("other-{}", fs::read_dir(root).unwrap().count());
        git(root, &["clone", "-q", "remote.git", &name]);
        let other = root.join(name);
        configure(&other);
        change(&other);
        git(&other, &["add", "-A"]);
        git(&other, &["commit", "-q", "-m", "from elsewhere"]);
        other
    }

    pub fn status(&self) -> String {
        self.git(&["status", "--porcelain", "--branch"])
    }

    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    pub fn remote_head(&self) -> String {
        self.remote_git(&["rev-parse", "refs/heads/main"]).trim().to_owned()
    }

    /// The files of the last commit, by git's own listing.
    pub fn committed(&self) -> Vec<String> {
        self.git(&["diff", "--name-only", "HEAD~1", "HEAD"]).lines().map(str::to_owned).collect()
    }

    pub fn hook(&self, name: &str, script: &str) {
        hook(&self.remote.join("hooks"), name, script);
    }

    /// No broken object, nothing left over, and an index that git need not refresh.
    pub fn assert_sound(&self) {
        self.git(&["fsck", "--strict", "--no-dangling"]);
        self.remote_git(&["fsck", "--strict", "--no-dangling"]);
        assert!(!self.work.join(".git/hyperspace/journal.json").exists(), "a journal is left");
        assert!(!self.work.join(".git/index.lock").exists());
    }
}

/// Written by hand: six more processes for every clone would be half of the time that these tests take.
pub fn configure(repository: &Path) {
    let path = repository.join(".git/config");
    let own = "[user]\n\tname = Rider\n\temail = rider@example.org\n[commit]\n\tgpgsign = false\n\
        [core]\n\tautocrlf = false\n\thooksPath = .git/hooks\n[push]\n\tdefault = simple\n";
    let text = fs::read_to_string(&path).unwrap() + own;
    fs::write(path, text).unwrap();
}

pub fn hook(folder: &Path, name: &str, script: &str) {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

pub fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Runs git without anybody's configuration; fails the test when git fails.
pub fn git(folder: &Path, args: &[&str]) -> String {
    let output = git_command(folder, args).output().unwrap();
    assert!(
        output.status.success(),
        "git {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn git_command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    let date = format!("{} +0100", WHEN.0);
    command
        .current_dir(folder)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .env("GIT_EDITOR", "true");
    command
}

/// A request that edits the given files, their base being what is there now.
pub fn request(root: &Path, edits: &[(&str, &str)]) -> Request {
    let edits = edits.iter().map(|(path, new)| Edit {
        path: (*path).to_owned(),
        base: fs::read_to_string(root.join(path)).ok(),
        new: (*new).to_owned(),
    });
    Request { edits: edits.collect(), message: "Mend the gate\n".to_owned(), when: Some(WHEN), ..Request::default() }
}

pub fn prepare(lab: &Lab, request: &Request) -> Prepared {
    preflight(&lab.open(), request).unwrap()
}

pub fn refusal(error: Error) -> Refusal {
    match error {
        Error::Refused(refusal) => refusal,
        other => panic!("not a refusal: {other}"),
    }
}

/// Runs a request to its end, judging every rebased result clean.
pub fn run(lab: &Lab, request: &Request) -> Result<Delivery, Error> {
    run_with(lab, request, &mut |_| true)
}

pub fn run_with(
    lab: &Lab,
    request: &Request,
    recheck: &mut dyn FnMut(&files::Tree) -> bool,
) -> Result<Delivery, Error> {
    let repository = lab.open();
    let prepared = preflight(&repository, request)?;
    let environment = Environment::of(&[]);
    deliver(
        &repository,
        &prepared,
        &mut Context { environment: &environment, progress: &mut Silent, recheck: &mut |tree| recheck(tree) },
    )
}

/// Runs a request, with something happening before each step; `Break` is a kill.
pub fn run_steps(
    lab: &Lab,
    request: &Request,
    mut before: impl FnMut(&Step<'_>) -> ControlFlow<()>,
) -> Result<Delivery, Error> {
    let repository = lab.open();
    let prepared = preflight(&repository, request)?;
    let environment = Environment::of(&[]);
    let mut context = Context { environment: &environment, progress: &mut before, recheck: &mut |_| true };
    deliver(&repository, &prepared, &mut context)
}

/// Another process ends what was left.
pub fn finish_left(lab: &Lab) -> Result<Option<Delivery>, Error> {
    let environment = Environment::of(&[]);
    finish(
        &lab.open(),
        false,
        &mut Context { environment: &environment, progress: &mut Silent, recheck: &mut |_| true },
    )
}

/// `git daemon` for everything below a folder, on a port of the loopback interface; one process per connection.
pub struct Daemon {
    pub url: String,
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Daemon {
    pub fn serve(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = Arc::new(AtomicBool::new(false));
        let (folder, stopped) = (folder.to_owned(), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let stream: std::os::fd::OwnedFd = stream.unwrap().into();
                let mut command = git_command(&folder, &["daemon", "--inetd", "--export-all", "--enable=receive-pack"]);
                command.arg(format!("--base-path={}", folder.display()));
                command.stdin(Stdio::from(stream.try_clone().unwrap())).stdout(Stdio::from(stream));
                command.stderr(Stdio::null()).status().unwrap();
            }
        });
        Self { url: format!("git://127.0.0.1:{port}"), port, stop, thread: Some(thread) }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
