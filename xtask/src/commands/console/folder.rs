//! The folder, read and checked anew for every page.

use super::copy::{Copy, Find, Remote};
use crate::args::{CopyArgs, Target};
use crate::error::CommandError;
use crate::ui::Ui;
use std::path::Path;
use std::sync::Arc;

/// The console of a folder, and the folder as it is now; or the console of a copy, which is not there yet. What is wrong with
/// the arguments is told now, not on the first page.
pub(super) fn site(
    ui: &Ui,
    target: &Target,
    copied: &CopyArgs,
    followed: Option<Find>,
    cluster: web::live::Cluster,
    upstream: web::Upstream,
) -> Result<(web::Site, Option<web::Snapshot>), CommandError> {
    let program = ui.program.clone();
    if let Some(url) = &copied.repository {
        let remote = Remote { url: url.clone(), branch: copied.branch.clone() };
        let source = Arc::new(Copy::of(Box::new(move || Ok(remote.clone())), copied, target)?);
        return Ok((web::Site { folder: git::redact(url), program, source, cluster, upstream }, None));
    }
    if let Some(find) = followed {
        let source = Arc::new(Copy::of(find, copied, target)?);
        return Ok((web::Site { folder: "what Argo CD follows".to_owned(), program, source, cluster, upstream }, None));
    }
    let folder = Folder(target.clone());
    let now = web::Source::load(&folder).map_err(CommandError::user)?;
    Ok((web::Site { folder: shown(&target.path), program, source: Arc::new(folder), cluster, upstream }, Some(now)))
}

/// The path as it was named; `.` and `..` say nothing to who opens the page, so the folder's own name stands for them.
fn shown(path: &Path) -> String {
    let own = || path.canonicalize().ok()?.file_name().map(|name| name.to_string_lossy().into_owned());
    let named = path.file_name().map(|_| path.display().to_string());
    named.or_else(own).unwrap_or_else(|| path.display().to_string())
}

/// The folder, read and checked anew for every page.
pub(super) struct Folder(pub(super) Target);

impl Folder {
    fn input(&self) -> Result<crate::input::Input, String> {
        let input = crate::input::Input::load(&self.0).map_err(|error| error.to_string())?;
        if input.folder.is_none() {
            return Err("a stream on standard input cannot be read twice; name a folder".to_owned());
        }
        Ok(input)
    }

    /// The folder with a note on it.
    pub(super) fn noted(&self, note: Option<String>) -> Result<web::Snapshot, String> {
        let mut input = self.input()?;
        input.notes.extend(note);
        Ok(checked(input))
    }
}

fn checked(mut input: crate::input::Input) -> web::Snapshot {
    let repository = model::Repository::read(&input.files, &input.context);
    let mut report = rules::check(&repository, &input.context);
    input.account(&mut report);
    web::Snapshot::of(&repository, &input.context, &report)
}

impl web::Source for Folder {
    fn load(&self) -> Result<web::Snapshot, String> {
        self.noted(None)
    }

    fn at(&self, commit: &str) -> Result<web::Snapshot, String> {
        self.input()?.at(commit, "a commit's page").map(checked).map_err(|error| error.to_string())
    }

    fn commits(&self, most: usize) -> Vec<web::Commit> {
        // A folder without a readable history has none to choose from; its pages say the rest.
        let listed = || {
            let input = self.input().ok()?;
            let folder = input.folder.as_deref()?;
            let git = git::Repository::discover(folder).ok()??;
            git.log(&git.relative(folder)?, most).ok()
        };
        let commit = |c: git::Listed| web::Commit { id: c.id, subject: c.subject, when: when(c.when) };
        listed().unwrap_or_default().into_iter().map(commit).collect()
    }

    fn commit(&self, id: &str) -> Option<web::Commit> {
        let repository = git2::Repository::discover(&self.0.path).ok()?;
        let commit = repository.find_commit(git2::Oid::from_str(id).ok()?).ok()?;
        let (subject, made) = (commit.summary().ok().flatten().unwrap_or_default().to_owned(), commit.time());
        Some(web::Commit { id: id.to_owned(), subject, when: when((made.seconds(), made.offset_minutes())) })
    }
}

/// `2026-11-26 05:49 +01:00`: the committer's own clock.
fn when((seconds, offset): (i64, i32)) -> String {
    let minutes = seconds.div_euclid(60) + i64::from(offset);
    let (days, minute) = (minutes.div_euclid(24 * 60), minutes.rem_euclid(24 * 60));
    let (year, month, day) = gate::promql::civil(days);
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, rest) = (offset.abs() / 60, offset.abs() % 60);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} {sign}{hours:02}:{rest:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::{shown, when};
    use std::path::Path;

    #[test]
    fn a_folder_is_called_by_its_name() {
        assert_eq!(shown(Path::new("deploy/prod")), "deploy/prod");
        assert_eq!(shown(Path::new(".")), "xtask");
        assert_eq!(shown(Path::new("/")), "/");
    }

    #[test]
    fn a_commit_tells_its_makers_time() {
        assert_eq!(when((0, 0)), "1970-01-01 00:00 +00:00");
        assert_eq!(when((1_709_164_800, 60)), "2024-02-29 01:00 +01:00");
        assert_eq!(when((1_795_650_000, -570)), "2026-11-25 14:10 -09:30");
        assert_eq!(when((-1, 0)), "1969-12-31 23:59 +00:00");
    }
}
