//! Replacing a file whole or not at all.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::Path;

/// Replaces the content of `path`, or creates it: a temporary file in the same folder, fsync, rename, fsync of the
/// folder. Killed at any point, the file holds the old content or the new, never a part; a temporary file whose
/// name starts with `.hyperspace-` may be left behind.
///
/// The mode is kept, owner and group where the system lets us. Hard links are parted, as by any editor that writes
/// this way; access control lists beyond the mode are not copied.
///
/// # Errors
/// `InvalidInput` for a symbolic link (its target may lie outside the tree that was judged) and for anything that is no
/// regular file; otherwise what the operating system says, and then nothing has changed.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let before = match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(refuse("is a symbolic link")),
        Ok(found) if !found.is_file() => return Err(refuse("is not a regular file")),
        Ok(found) => Some(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(refuse("has no folder")),
    };

    let mut builder = tempfile::Builder::new();
    builder.prefix(".hyperspace-");
    #[cfg(unix)]
    if before.is_none() {
        // What open(2) would create; the umask takes its part.
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    if let Some(before) = &before {
        keep_owner(file.as_file(), before);
        // After the owner: chown clears the set-id bits.
        file.as_file().set_permissions(before.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_folder(folder)
}

fn refuse(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{what}, not replaced"))
}

/// Only root can give a file away; for everybody else the file becomes theirs, which is what a rename means.
#[cfg(unix)]
fn keep_owner(file: &File, before: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    if file.metadata().is_ok_and(|now| (now.uid(), now.gid()) != (before.uid(), before.gid())) {
        let _ =
            fchown(file, Some(before.uid()), Some(before.gid())).or_else(|_| fchown(file, None, Some(before.gid())));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}

/// Without it a power cut can undo the rename.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
