//! The folders of git's index (gitformat-index(5), versions 2 to 4).

use std::collections::BTreeSet;

/// Bytes of an entry before its name: times, file, owner, size, SHA-1 and flags.
const FIXED: usize = 62;
/// The checksum at the end.
const TRAILER: usize = 20;
/// The flag that two more bytes of flags follow.
const EXTENDED: u16 = 0x4000;

/// Every folder that an entry lies in. `None` for an index that does not say all (split, sparse), or is damaged.
pub(super) fn directories(bytes: &[u8]) -> Option<BTreeSet<String>> {
    let end = bytes.len().checked_sub(TRAILER)?;
    let (version, count) = (number(bytes, 4)?, number(bytes, 8)?);
    if bytes.get(..4)? != b"DIRC" || !(2..=4).contains(&version) {
        return None;
    }
    let mut folders = Vec::new();
    let (mut at, mut name, mut last) = (12, Vec::new(), String::new());
    for _ in 0..count {
        let flags = u16::from_be_bytes(bytes.get(at + FIXED - 2..at + FIXED)?.try_into().ok()?);
        let extended = version > 2 && flags & EXTENDED != 0;
        let mut from = at + FIXED + if extended { 2 } else { 0 };
        if version == 4 {
            let (strip, length) = varint(bytes.get(from..end)?)?;
            name.truncate(name.len().checked_sub(strip)?);
            from += length;
        } else {
            name.clear();
        }
        let rest = bytes.get(from..end)?;
        let length = memchr::memchr(0, rest)?;
        name.extend_from_slice(&rest[..length]);
        // Up to version 3 entries are padded with one to eight zero bytes to a multiple of eight.
        at = if version == 4 { from + length + 1 } else { at + (from - at + length + 8) / 8 * 8 };

        let Ok(path) = std::str::from_utf8(&name) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Entries are sorted: most lie in the folder of the one before, or share what is above it.
        let mut above = folder;
        while !above.is_empty() && !is_within(&last, above) {
            folders.push(above.to_owned());
            above = above.rsplit_once('/').map_or("", |(folder, _)| folder);
        }
        folder.clone_into(&mut last);
    }
    while at < end {
        let name = bytes.get(at..at + 4)?;
        // Git: an extension whose name begins with a capital letter can be left unread.
        if !name[0].is_ascii_uppercase() {
            return None;
        }
        at = at.checked_add(8)?.checked_add(number(bytes, at + 4)?)?;
    }
    (at == end).then(|| folders.into_iter().collect())
}

fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let four = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(four)).ok()
}

/// git's offset encoding: seven bits a byte, most significant first, one added at every further byte.
fn varint(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().enumerate() {
        value = value.checked_shl(7)?.checked_add(usize::from(byte & 0x7f))?;
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
        value = value.checked_add(1)?;
    }
    None
}
