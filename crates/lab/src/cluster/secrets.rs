//! Passwords, and files that only their owner reads.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::error::ClusterError;

/// Writes a file that nobody else reads, where it is not there as it should be.
pub(super) fn private(path: &Path, text: &str, mode: u32) -> Result<(), ClusterError> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    let write = || {
        let mut file = fs::File::options().create(true).write(true).truncate(true).mode(mode).open(path)?;
        file.set_permissions(PermissionsExt::from_mode(mode))?;
        io::Write::write_all(&mut file, text.as_bytes())
    };
    write().map_err(ClusterError::io("writing", path))
}

/// 24 random bytes, as text.
pub(super) fn new_password() -> Result<String, ClusterError> {
    let mut bytes = [0; 24];
    let source = "/dev/urandom";
    let read = fs::File::open(source).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(ClusterError::io("reading", source))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
