//! Installs the packages that `package.json` pins: build.rs those that the program embeds, the browser tests axe-core as well.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What names the packages and pins their hashes.
pub(crate) const MANIFEST: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// Another npm than the one on PATH; `off` builds without asking it.
pub(crate) const NPM: &str = "HYPERSPACE_NPM";
/// A registry that does not answer holds a build up no longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of an installed package: the one in `node_modules` of the folder with the manifest, else from what npm installs below
/// `out` with these options; or why there is none.
pub(crate) fn file(source: &Path, out: &Path, name: &str, options: &[&str]) -> Result<PathBuf, String> {
    let beside = source.join(name);
    if beside.is_file() {
        return Ok(beside);
    }
    let npm = env::var(NPM).ok().filter(|npm| !npm.is_empty());
    let npm = npm.unwrap_or_else(|| if cfg!(windows) { "npm.cmd" } else { "npm" }.to_owned());
    if npm == "off" {
        return Err(format!("{NPM} is off"));
    }
    // npm runs beside a copy, so that a build never writes into the source tree.
    let folder = out.join("npm");
    let log = out.join("npm.log");
    let prepared = fs::create_dir_all(&folder)
        .and_then(|()| MANIFEST.iter().try_for_each(|name| fs::copy(source.join(name), folder.join(name)).map(drop)));
    prepared.map_err(|error| format!("cannot write to the build folder: {error}"))?;
    install(&npm, &folder, &log, options)?;
    let file = folder.join(name);
    if file.is_file() { Ok(file) } else { Err(format!("{npm} installed no {name}")) }
}

/// Runs `npm ci`: exactly what the lock file says, hashes checked, no scripts of packages.
fn install(npm: &str, folder: &Path, log: &Path, options: &[&str]) -> Result<(), String> {
    // To a file: a pipe that nobody reads would fill up and stop npm.
    let output = || File::create(log).and_then(|out| Ok((out.try_clone()?, out)));
    let (stdout, stderr) = output().map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let mut child = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"])
        .args(options)
        .args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=15000"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("there is no {npm} on the PATH"),
            _ => format!("{npm} does not start: {error}"),
        })?;
    let end = Instant::now() + PATIENCE;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(format!("{npm} ci failed ({})", code(log))),
            Ok(None) if Instant::now() < end => sleep(Duration::from_millis(20)),
            Ok(None) => {
                // Nothing more can be done about a process that will not end.
                let _ = child.kill().and_then(|()| child.wait());
                return Err(format!("{npm} ci did not end within {} seconds", PATIENCE.as_secs()));
            }
            Err(error) => return Err(format!("{npm} got lost: {error}")),
        }
    }
}

/// npm's error code. Its other lines name registries and folders, which belong in no page.
fn code(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let code = text.lines().find_map(|line| line.strip_prefix("npm error code "));
    code.map_or_else(|| "no error code".to_owned(), |code| code.trim().to_owned())
}
