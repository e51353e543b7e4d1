//! A push to a repository on this machine, through `git receive-pack` as git does it.
//!
//! libgit2's own local transport runs none of the other side's hooks, ignores `receive.*` and overwrites a branch that
//! moves while it writes. A protected branch must say no here as it does over the network.
//! The protocol is gitprotocol-pack(5), version 0.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use git2::Oid;

use crate::error::{Doing, Error};
use crate::redact::redact;
use crate::repository::Repository;
use crate::target::Target;
use crate::transport::{Rejection, Sent};

/// Variables of git's that would point the child at this repository instead (git clears the same ones).
const OURS: &[&str] = &[
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_PREFIX",
    "GIT_PROTOCOL",
    "GIT_NAMESPACE",
    "GIT_QUARANTINE_PATH",
];

/// Version 2, no objects, and the SHA-1 of that.
const EMPTY_PACK: &[u8] =
    b"PACK\0\0\0\x02\0\0\0\0\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e\xd3\x1e";

/// Pushes `commit`. `Ok(None)` where there is no git to run.
pub(crate) fn send(
    repository: &Repository,
    folder: &Path,
    target: &Target,
    commit: Oid,
) -> Result<Option<Sent>, Error> {
    let mut command = Command::new("git");
    command.args(["receive-pack"]).arg(folder).current_dir(repository.root());
    for name in OURS {
        command.env_remove(name);
    }
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreachable(target, &error.to_string())),
    };
    let stderr = child.stderr.take();
    let reader = thread::spawn(move || {
        let mut words = String::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.read_to_string(&mut words);
        }
        words
    });
    let sent = converse(repository, &mut child, target, commit);
    // Both ends are closed by now, so the child ends.
    drop(child.stdin.take());
    drop(child.stdout.take());
    let status = child.wait();
    let words = reader.join().unwrap_or_default();
    match sent {
        Ok(sent) => Ok(Some(sent)),
        Err(Failure::Ours(error)) => Err(error),
        // A pipe that breaks means that the child died; it has said why.
        Err(Failure::Talk(error)) => {
            let words = words.trim();
            let why = match (words.is_empty(), status) {
                (false, _) => words.to_owned(),
                (true, Ok(status)) if !status.success() => format!("git receive-pack ended with {status}"),
                _ => error.to_string(),
            };
            Err(unreachable(target, &why))
        }
    }
}

enum Failure {
    Ours(Error),
    Talk(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Talk(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

fn unreachable(target: &Target, reason: &str) -> Error {
    Error::Remote { url: target.url.clone(), reason: redact(reason), hint: None }
}

fn converse(repository: &Repository, child: &mut Child, target: &Target, commit: Oid) -> Result<Sent, Failure> {
    let (Some(mut to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
    };
    let mut from = BufReader::new(from);
    let there = advertised(&mut from)?;
    let name = target.reference();
    let old = there.refs.iter().find(|(_, found)| *found == name).map(|(id, _)| *id);

    let decided = match old {
        Some(old) if old == commit => Some(Sent::AlreadyThere),
        Some(old) if !repository.has_ancestor(commit, old)? => Some(Sent::MovedOn),
        _ => None,
    };
    if let Some(decided) = decided {
        write_packet(&mut to, None)?;
        return Ok(decided);
    }

    let capabilities = there.capabilities();
    let command = format!("{} {commit} {name}\0{capabilities}", old.unwrap_or(Oid::ZERO_SHA1));
    write_packet(&mut to, Some(command.as_bytes()))?;
    write_packet(&mut to, None)?;
    to.write_all(&pack(repository, commit, &there)?)?;
    to.flush()?;
    drop(to);
    verdict(&mut from, &name, there.sideband())
}

/// The other side's branches and abilities.
struct There {
    refs: Vec<(Oid, String)>,
    abilities: String,
}

impl There {
    fn sideband(&self) -> bool {
        self.abilities.split(' ').any(|ability| ability == "side-band-64k")
    }

    fn capabilities(&self) -> String {
        let mut asked = "report-status".to_owned();
        if self.sideband() {
            asked.push_str(" side-band-64k");
        }
        asked
    }
}

fn advertised(from: &mut impl Read) -> Result<There, Failure> {
    let mut there = There { refs: Vec::new(), abilities: String::new() };
    while let Some(packet) = read_packet(from)? {
        let line = String::from_utf8_lossy(&packet);
        let (line, abilities) = line.split_once('\0').unwrap_or((&line, ""));
        if !abilities.is_empty() {
            abilities.trim_end().clone_into(&mut there.abilities);
        }
        // Lines such as "shallow …" have no second word that is a ref.
        if let Some((id, name)) = line.trim_end().split_once(' ')
            && let Ok(id) = id.parse()
            && name.starts_with("refs/")
        {
            there.refs.push((id, name.to_owned()));
        }
    }
    Ok(there)
}

fn pack(repository: &Repository, commit: Oid, there: &There) -> Result<Vec<u8>, Error> {
    let doing = "pack the commit";
    let mut walk = repository.inner.revwalk().doing(doing)?;
    walk.push(commit).doing(doing)?;
    for (id, _) in &there.refs {
        // What we do not have cannot be left out; nor can tags of other things.
        let _ = walk.hide(*id);
    }
    let mut builder = repository.inner.packbuilder().doing(doing)?;
    builder.insert_walk(&mut walk).doing(doing)?;
    let mut buffer = git2::Buf::new();
    builder.write_buf(&mut buffer).doing(doing)?;
    // A new branch at a commit that is there already: the protocol wants a pack all the same, libgit2 gives none.
    Ok(if buffer.is_empty() { EMPTY_PACK.to_vec() } else { buffer.to_vec() })
}

/// Reads the report, and what hooks print on the way.
fn verdict(from: &mut impl Read, name: &str, sideband: bool) -> Result<Sent, Failure> {
    let (mut report, mut said) = (Vec::new(), String::new());
    if sideband {
        while let Some(packet) = read_packet(from)? {
            match packet.split_first() {
                Some((1, rest)) => report.extend_from_slice(rest),
                Some((_, rest)) => said.push_str(&String::from_utf8_lossy(rest)),
                None => {}
            }
        }
    } else {
        from.read_to_end(&mut report)?;
    }
    let mut report = report.as_slice();
    let (mut unpacked, mut reason) = (None, None);
    while let Some(packet) = read_packet(&mut report)? {
        let line = String::from_utf8_lossy(&packet).trim_end().to_owned();
        if let Some(state) = line.strip_prefix("unpack ") {
            unpacked = (state != "ok").then(|| state.to_owned());
        } else if line.strip_prefix("ok ") == Some(name) {
            return Ok(Sent::Accepted(Rejection::lines(&said)));
        } else if let Some(why) = line.strip_prefix("ng ").and_then(|line| line.strip_prefix(name)) {
            reason = Some(why.trim().to_owned());
        }
    }
    match reason.or(unpacked) {
        Some(reason) => Ok(Sent::Rejected(Rejection::new(name, &reason, &said))),
        None => Err(io::Error::other("git receive-pack said nothing about the branch").into()),
    }
}

/// One packet: four hex digits of length, themselves included, then the data; `None` for a flush and at the end.
fn read_packet(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let bad = || io::Error::new(io::ErrorKind::InvalidData, "not git's protocol");
    let length = std::str::from_utf8(&length).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
    let length = length.ok_or_else(bad)?;
    if length == 0 {
        return Ok(None);
    }
    let mut data = vec![0; length.checked_sub(4).ok_or_else(bad)?];
    from.read_exact(&mut data)?;
    Ok(Some(data))
}

fn write_packet(to: &mut impl Write, data: Option<&[u8]>) -> io::Result<()> {
    match data {
        None => to.write_all(b"0000")?,
        Some(data) => {
            write!(to, "{:04x}", data.len() + 4)?;
            to.write_all(data)?;
        }
    }
    to.flush()
}
