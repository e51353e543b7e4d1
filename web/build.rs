//! Gathers what the console serves under `/assets` in `OUT_DIR`, for rust-embed: our own files, and htmx from the npm
//! registry. htmx may be missing (no npm, no network): then `missing.txt` says why, and the pages work without it.

#[path = "npm.rs"]
mod npm;

use flate2::Compression;
use flate2::write::GzEncoder;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// htmx below the folder that npm installed into.
const HTMX: &str = "node_modules/htmx.org/dist/htmx.min.js";
/// Its extension for server-sent events, beside it.
const SSE: &str = "ext/hx-sse.min.js";

fn main() -> Result<(), Box<dyn Error>> {
    let source = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo sets CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    // Only paths that exist: cargo runs the script again on every build for one that does not.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=npm.rs");
    println!("cargo::rerun-if-changed=assets");
    npm::MANIFEST.iter().for_each(|name| println!("cargo::rerun-if-changed={name}"));
    println!("cargo::rerun-if-env-changed={}", npm::NPM);
    if source.join(HTMX).is_file() {
        println!("cargo::rerun-if-changed={HTMX}");
    }

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
    match npm::file(&source, &out, HTMX, &["--omit=dev"]) {
        Ok(file) => {
            // One script: htmx starts a moment after its own, and would start without an extension that is still being loaded.
            let mut script = fs::read(&file)?;
            script.extend(b";\n");
            script.extend(fs::read(file.with_file_name(SSE))?);
            fs::write(assets.join("htmx.js"), script)?;
        }
        Err(reason) => {
            println!(
                "cargo::warning=the console is built without htmx, so its pages do not refresh themselves: {reason}"
            );
            fs::write(assets.join("missing.txt"), reason)?;
        }
    }
    pack(&assets)?;
    // A literal instead of rust-embed's `interpolate-folder-path`, which brings a shell's word expansion along.
    let folder = assets.to_str().ok_or("the build folder's path is not UTF-8")?;
    let embed = format!("#[derive(rust_embed::Embed)]\n#[folder = {folder:?}]\nstruct Embedded;\n");
    fs::write(out.join("embedded.rs"), embed)?;
    Ok(())
}

/// Beside each file its gzip, which is what a first load sends.
fn pack(assets: &Path) -> io::Result<()> {
    let files = fs::read_dir(assets)?.collect::<io::Result<Vec<_>>>()?;
    for file in files.iter().map(fs::DirEntry::path).filter(|file| file.extension().is_some_and(|kind| kind != "txt")) {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(&fs::read(&file)?)?;
        let mut name = file.into_os_string();
        name.push(".gz");
        fs::write(name, packer.finish()?)?;
    }
    Ok(())
}
