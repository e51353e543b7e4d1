//! Gathers what the console serves under `/assets` in `OUT_DIR`, for rust-embed: our own files, and htmx from the npm
//! registry. htmx may be missing (no npm, no network): then `missing.txt` says why, and the pages work without it.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What names the package and pins its hash.
const MANIFEST: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];
/// htmx below the folder that npm installed into.
const HTMX: &str = "node_modules/htmx.org/dist/htmx.min.js";
/// Its extension for server-sent events, beside it.
const SSE: &str = "ext/hx-sse.min.js";
/// Another npm than the one on PATH; `off` builds without asking it.
const NPM: &str = "HYPERSPACE_NPM";
/// A registry that does not answer holds a build up no longer than this.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> Result<(), Box<dyn Error>> {
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // Only paths that exist: cargo runs the script again on every build for one that does not.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=assets");
    MANIFEST.iter().for_each(|name| println!("cargo::rerun-if-changed={name}"));
    println!("cargo::rerun-if-env-changed={NPM}");

    let assets = out.join("assets");
    if assets.exists() {
        fs::remove_dir_all(&assets)?;
    }
    fs::create_dir_all(&assets)?;
    for entry in fs::read_dir(source.join("assets"))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), assets.join(entry.file_name()))?;
        }
    }
    match htmx(&source, &out) {
        Ok(file) => {
            fs::copy(file.with_file_name(SSE), assets.join("sse.js"))?;
            fs::copy(file, assets.join("htmx.js"))?;
        }
        Err(reason) => {
            println!(
                "cargo::warning=the console is built without htmx, so its pages do not refresh themselves: {reason}"
            );
            fs::write(assets.join("missing.txt"), reason)?;
        }
    }
    // A literal instead of rust-embed's `interpolate-folder-path`, which brings a shell's word expansion along.
    let folder = assets.to_str().ok_or("the build folder's path is not UTF-8")?;
    let embed = format!("#[derive(rust_embed::Embed)]\n#[folder = {folder:?}]\nstruct Embedded;\n");
    fs::write(out.join("embedded.rs"), embed)?;
    Ok(())
}

/// The installed htmx: the one in `node_modules` beside this script, else what npm fetches; or why there is none.
fn htmx(source: &Path, out: &Path) -> Result<PathBuf, String> {
    let beside = source.join(HTMX);
    if beside.is_file() {
        println!("cargo::rerun-if-changed={HTMX}");
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
    install(&npm, &folder, &log)?;
    let file = folder.join(HTMX);
    if file.is_file() { Ok(file) } else { Err(format!("{npm} installed no {HTMX}")) }
}

/// Runs `npm ci`: exactly what the lock file says, hashes checked, no scripts of packages.
fn install(npm: &str, folder: &Path, log: &Path) -> Result<(), String> {
    // To a file: a pipe that nobody reads would fill up and stop npm.
    let output = || File::create(log).and_then(|out| Ok((out.try_clone()?, out)));
    let (stdout, stderr) = output().map_err(|error| format!("cannot write {}: {error}", log.display()))?;
    let mut child = Command::new(npm)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"])
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
