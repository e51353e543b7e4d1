//! Writes an image as the archive that `docker save` would: one layer, a configuration, a manifest.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde_json::json;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::error::ClusterError;
use super::images::{Image, Part};
use super::{Event, Tell, machine};
use crate::Program;

/// A file of a layer: where its content comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    File(PathBuf),
    Text(&'static str),
    Link(PathBuf),
    Scratch,
}

/// Files by their path in the image; a second source of one path changes nothing.
type Entries = BTreeMap<PathBuf, Entry>;

/// Where the programs are that images are made of.
pub(super) struct Found<'a> {
    /// This one.
    pub(super) itself: &'a Path,
    /// The lab's.
    pub(super) built: &'a dyn Fn(Program) -> Option<PathBuf>,
}

/// The content of an image, before it is packed.
pub(super) struct Content {
    entries: Entries,
    /// Of everything that its archive depends on.
    pub(super) fingerprint: String,
}

/// Debian's folders, which are links nowadays: whatever path a library is found under, it is in the image once.
const LINKS: [(&str, &str); 4] = [("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")];

impl Content {
    /// Looks up what the image is made of; its programs are looked for where they were `found`.
    pub(super) fn of(image: &Image, found: &Found<'_>) -> Result<Self, ClusterError> {
        let mut entries = Entries::new();
        for part in image.parts {
            add(&mut entries, part, found)?;
        }
        if image.parts.iter().any(|part| matches!(part, Part::Installed(_) | Part::Itself(_))) {
            for (link, folder) in LINKS {
                entries.insert(link.into(), Entry::Link(folder.into()));
            }
        }
        let fingerprint = fingerprint(image, &entries);
        Ok(Self { entries, fingerprint })
    }

    /// Writes the archive; it appears whole or not at all.
    pub(super) fn write(&self, image: &Image, to: &Path) -> Result<(), ClusterError> {
        let layer = to.with_extension("layer");
        let unfinished = to.with_extension("new");
        let done = self.write_layer(&layer).and_then(|digest| write_archive(image, &layer, &digest, &unfinished));
        let placed = done.and_then(|()| fs::rename(&unfinished, to));
        // There may be none.
        drop(fs::remove_file(&layer));
        placed.map_err(ClusterError::io("writing the image", to))
    }

    /// Has the image imported from an archive in `folder`, unless `notes` say that it was.
    ///
    /// # Errors
    /// Where it cannot be packed, or imported.
    pub(super) fn place(
        &self,
        image: &Image,
        folder: &Path,
        notes: &Path,
        tell: Tell<'_>,
        import: impl FnOnce(&Path) -> Result<(), ClusterError>,
    ) -> Result<(), ClusterError> {
        let name = image.file_name();
        let note = notes.join(&name);
        if fs::read_to_string(&note).is_ok_and(|there| there == self.fingerprint) {
            return Ok(());
        }
        let archive = folder.join(format!("{name}-{}.tar", self.fingerprint));
        if !archive.exists() {
            tell(Event::Detail(format!("image {}: packing", image.short())));
            // Those of other programs are of no more use.
            for old in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                if old.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&format!("{name}-"))) {
                    drop(fs::remove_file(old));
                }
            }
            self.write(image, &archive)?;
        }
        tell(Event::Detail(format!("image {}: importing", image.short())));
        import(&archive)?;
        fs::write(&note, &self.fingerprint).map_err(ClusterError::io("writing", &note))
    }

    fn write_layer(&self, path: &Path) -> io::Result<String> {
        let mut tar = Builder::new(Hashing { to: BufWriter::new(File::create(path)?), digest: Sha256::new() });
        for (path, entry) in &self.entries {
            let mut header = Header::new_gnu();
            header.set_mtime(0);
            match entry {
                Entry::File(source) => {
                    let file = File::open(source)?;
                    let metadata = file.metadata()?;
                    header.set_size(metadata.len());
                    header.set_mode(metadata.permissions().mode() & 0o755 | 0o444);
                    tar.append_data(&mut header, path, file)?;
                }
                Entry::Text(text) => {
                    header.set_size(text.len() as u64);
                    header.set_mode(0o644);
                    tar.append_data(&mut header, path, text.as_bytes())?;
                }
                Entry::Link(to) => {
                    header.set_entry_type(EntryType::Symlink);
                    header.set_size(0);
                    header.set_mode(0o777);
                    tar.append_link(&mut header, path, to)?;
                }
                Entry::Scratch => {
                    header.set_entry_type(EntryType::Directory);
                    header.set_size(0);
                    header.set_mode(0o1777);
                    tar.append_data(&mut header, path, io::empty())?;
                }
            }
        }
        let mut hashing = tar.into_inner()?;
        hashing.to.flush()?;
        Ok(hex(hashing.digest))
    }
}

fn write_archive(image: &Image, layer: &Path, digest: &str, to: &Path) -> io::Result<()> {
    let mut tar = Builder::new(BufWriter::new(File::create(to)?));
    let config = configuration(image, digest).to_string();
    let name = format!("{}.json", hex(Sha256::new().chain_update(&config)));
    let layer_name = format!("{digest}/layer.tar");
    let manifest = json!([{"Config": name, "RepoTags": [image.name], "Layers": [layer_name]}]).to_string();
    let mut append = |path: &str, size: u64, content: &mut dyn io::Read| {
        let mut header = Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, content)
    };
    append(&name, config.len() as u64, &mut config.as_bytes())?;
    let mut layer = File::open(layer)?;
    append(&layer_name, layer.metadata()?.len(), &mut layer)?;
    append("manifest.json", manifest.len() as u64, &mut manifest.as_bytes())?;
    tar.into_inner()?.into_inner()?.sync_all()
}

fn configuration(image: &Image, digest: &str) -> serde_json::Value {
    json!({
        "architecture": crate::image::architecture(),
        "os": "linux",
        "config": {
            "User": image.user,
            "Entrypoint": image.entrypoint,
            "Cmd": image.arguments,
            "WorkingDir": image.folder,
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        },
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
        "history": [{"created_by": "hyperspace lab"}],
    })
}

fn add(entries: &mut Entries, part: &Part, found: &Found<'_>) -> Result<(), ClusterError> {
    let lacking = |what: &str| {
        let missing = io::Error::from(io::ErrorKind::NotFound);
        ClusterError::io("finding", what)(missing)
    };
    match part {
        Part::Built(program, path) => {
            let source = (found.built)(*program).ok_or_else(|| lacking(program.name()))?;
            entries.insert(path.into(), Entry::File(source));
        }
        Part::Itself(path) => {
            with_libraries(entries, found.itself);
            entries.insert(path.into(), Entry::File(found.itself.to_owned()));
        }
        Part::Installed(name) => {
            let source = machine::find(name).ok_or_else(|| lacking(name))?;
            with_libraries(entries, &source);
            entries.insert(Path::new("usr/bin").join(name), Entry::File(source));
        }
        Part::Folder(folder) => add_folder(entries, Path::new(folder)).map_err(ClusterError::io("reading", *folder))?,
        Part::Link(path, to) => drop(entries.insert(path.into(), Entry::Link(to.into()))),
        Part::Scratch(path) => drop(entries.insert(path.into(), Entry::Scratch)),
        Part::Text(path, text) => drop(entries.insert(path.into(), Entry::Text(text))),
    }
    Ok(())
}

/// A folder under its own path. Links within it stay links; others are followed.
fn add_folder(entries: &mut Entries, folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let target = fs::read_link(&path).ok().filter(|target| target.components().count() == 1);
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if let Some(target) = target {
            entries.insert(inside(&path), Entry::Link(target));
        } else if metadata.is_dir() {
            add_folder(entries, &path)?;
        } else if metadata.is_file() {
            if metadata.permissions().mode() & 0o111 != 0 {
                with_libraries(entries, &path);
            }
            entries.insert(inside(&path), Entry::File(path));
        }
    }
    Ok(())
}

fn with_libraries(entries: &mut Entries, program: &Path) {
    // A script or a static program has none, which ldd calls an error.
    let told = machine::run("ldd", &[&program.to_string_lossy()]).unwrap_or_default();
    for library in libraries(&told) {
        entries.insert(inside(&library), Entry::File(library));
    }
}

/// The absolute paths in what ldd says: `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x…)`.
fn libraries(told: &str) -> Vec<PathBuf> {
    let paths = told.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    paths.map(PathBuf::from).collect()
}

/// The path in the image of a file of this machine.
fn inside(path: &Path) -> PathBuf {
    let path = path.strip_prefix("/").unwrap_or(path);
    let linked = LINKS.iter().find_map(|(link, folder)| Some(Path::new(folder).join(path.strip_prefix(link).ok()?)));
    linked.unwrap_or_else(|| path.to_owned())
}

fn fingerprint(image: &Image, entries: &Entries) -> String {
    let mut digest = Sha256::new();
    digest.update(configuration(image, image.name).to_string());
    for (path, entry) in entries {
        digest.update(format!("{}\n{entry:?}\n", path.display()));
        if let Entry::File(source) = entry {
            let metadata = fs::metadata(source).ok();
            let changed = metadata.as_ref().and_then(|known| known.modified().ok()?.duration_since(UNIX_EPOCH).ok());
            digest.update(format!("{:?} {changed:?}\n", metadata.map(|known| known.len())));
        }
    }
    hex(digest).chars().take(16).collect()
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Passes on what is written, and digests it.
struct Hashing<W> {
    to: W,
    digest: Sha256,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.digest.update(bytes.get(..count).unwrap_or(bytes));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::super::images::{CONSOLE, IMAGES};
    use super::*;
    use std::io::Read;

    fn found<'a>(itself: &'a Path, built: &'a dyn Fn(Program) -> Option<PathBuf>) -> Found<'a> {
        Found { itself, built }
    }

    fn read(archive: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(File::open(archive).expect("an archive"));
        let entries = archive.entries().expect("entries").map(|entry| {
            let mut entry = entry.expect("an entry");
            let mut content = Vec::new();
            entry.read_to_end(&mut content).expect("content");
            (entry.path().expect("a path").display().to_string(), content)
        });
        entries.collect()
    }

    #[test]
    fn an_archive_is_what_docker_would_save() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        fs::write(&program, "the program").expect("a file");
        let image = IMAGES.iter().find(|image| image.short() == "coredns").expect("an image of one program");
        let content = Content::of(image, &found(&program, &|_| Some(program.clone()))).expect("content");
        let archive = folder.path().join("image.tar");
        content.write(image, &archive).expect("an archive");
        let files = read(&archive);
        let manifest: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).expect("JSON");
        assert_eq!(manifest[0]["RepoTags"][0], image.name);
        let config = manifest[0]["Config"].as_str().expect("a name");
        let config: serde_json::Value = serde_json::from_slice(&files[config]).expect("JSON");
        assert_eq!(config["config"]["Entrypoint"][0], "/coredns");
        let layer = &files[manifest[0]["Layers"][0].as_str().expect("a layer")];
        assert_eq!(config["rootfs"]["diff_ids"][0], format!("sha256:{}", hex(Sha256::new().chain_update(layer))));
        fs::write(folder.path().join("layer"), layer).expect("a file");
        assert_eq!(read(&folder.path().join("layer"))["coredns"], b"the program");
    }

    #[test]
    fn another_program_is_another_image() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        let image = IMAGES.iter().find(|image| image.short() == "coredns").expect("an image of one program");
        let of = |text: &str| {
            fs::write(&program, text).expect("a file");
            Content::of(image, &found(&program, &|_| Some(program.clone()))).expect("content").fingerprint
        };
        assert_ne!(of("one"), of("three"));
    }

    #[test]
    fn a_library_is_in_the_image_once() {
        let told = "\tlinux-vdso.so.1 (0x1)\n\tlibz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x2)\n\t/lib64/ld-linux.so.2 (0x3)\n";
        let found: Vec<_> = libraries(told).iter().map(|path| inside(path)).collect();
        assert_eq!(found, [Path::new("usr/lib/x86_64-linux-gnu/libz.so.1"), Path::new("usr/lib64/ld-linux.so.2")]);
        assert_eq!(inside(Path::new("/usr/bin/git")), Path::new("usr/bin/git"));
    }

    #[test]
    fn the_console_is_the_program_that_packs_it_with_its_libraries() {
        let itself = std::env::current_exe().expect("this program");
        let content = Content::of(&CONSOLE, &found(&itself, &|_| None)).expect("content");
        assert_eq!(content.entries.get(Path::new("usr/bin/hyperspace")), Some(&Entry::File(itself)));
        let named = |start: &str| {
            let names = content.entries.keys().filter_map(|path| path.file_name());
            names.filter(|name| name.to_string_lossy().starts_with(start)).count()
        };
        assert_eq!((named("libc.so"), named("ld-linux")), (1, 1));
    }

    #[test]
    fn an_image_is_imported_when_it_has_changed() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = folder.path().join("program");
        let (archives, notes) = (folder.path().join("archives"), folder.path().join("notes"));
        fs::create_dir(&archives).and_then(|()| fs::create_dir(&notes)).expect("folders");
        let place = |works: bool| {
            let content = Content::of(&CONSOLE, &found(&program, &|_| None)).expect("content");
            let mut imported = false;
            let import = |archive: &Path| {
                imported = archive.is_file();
                if works { Ok(()) } else { Err(ClusterError::NotUp) }
            };
            let result = content.place(&CONSOLE, &archives, &notes, &|_| (), import);
            assert_eq!(result.is_ok(), works || !imported);
            (imported, fs::read_dir(&archives).expect("a folder").count())
        };
        fs::write(&program, "one").expect("a file");
        assert_eq!(place(false), (true, 1), "it fails");
        assert_eq!(place(true), (true, 1), "hence again");
        assert_eq!(place(true), (false, 1), "it is there");
        fs::write(&program, "three").expect("a file");
        assert_eq!(place(true), (true, 1), "another program, and the first one's archive is gone");
    }
}
