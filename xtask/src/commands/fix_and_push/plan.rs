//! What a run would do, found out without writing anything.

use crate::args::FixAndPushArgs;
use crate::error::CommandError;
use crate::input::Input;
use crate::tracing::Tracer;
use git::{Edit, Prepared, Request};
use model::{PushTarget, Repository};
use rules::{Applied, Fixed, Report, Safety};
use std::path::Path;

/// Fixes, commit message and target that passed every check.
pub(crate) struct Plan {
    /// The repository that is committed to.
    pub(crate) git: git::Repository,
    /// The check of the files as they are, and the files, for its excerpts.
    pub(crate) before: (Report, Repository),
    /// What the fixes reach.
    pub(crate) fixed: Fixed,
    /// What git was found ready to do.
    pub(crate) prepared: Prepared,
    /// What the fixes were computed with; the files are in `fixed`.
    pub(crate) input: Input,
    /// Commits of the branch that its upstream has not; `None` without upstream.
    pub(crate) ahead: Option<usize>,
}

impl Plan {
    /// Whether there is anything to commit or push.
    pub(crate) fn has_work(&self) -> bool {
        !self.prepared.edits.is_empty() || (self.prepared.target.is_some() && self.ahead != Some(0))
    }
}

#[cfg(feature = "cluster")]
impl Plan {
    /// A path of the checked folder as the repository knows it.
    pub(super) fn whole(&self, path: &str) -> String {
        whole(&self.prepared.folder, path)
    }

    /// The checked folder as a commit has it.
    pub(super) fn at(&self, commit: &str) -> Result<Input, git::Error> {
        let tree = self.git.read_at(commit, &self.prepared.folder)?;
        Ok(Input::from_tree(tree, self.input.context.clone(), &self.input.ignored))
    }
}

fn whole(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The repository that PATH lies in.
pub(crate) fn repository(path: &Path) -> Result<git::Repository, CommandError> {
    if path.as_os_str() == "-" {
        return Err(CommandError::user("a stream on standard input cannot be committed"));
    }
    if !path.exists() {
        return Err(CommandError::user(format!("{} does not exist", path.display())));
    }
    git::Repository::discover(path)?.ok_or_else(|| {
        CommandError::user(format!("{} lies in no git repository", path.display()))
            .hint("`fix` mends files without committing them")
    })
}

/// Computes the fixes and asks git whether they can be committed and pushed. Writes nothing. `seen` is the repository's URL
/// as a cluster sees it that follows the push.
pub(crate) fn plan(
    git: git::Repository,
    args: &FixAndPushArgs,
    seen: Option<&str>,
    trace: &Tracer,
) -> Result<Plan, CommandError> {
    let mut input = Input::load(&args.target)?;
    let outside =
        || CommandError::user(format!("{} lies outside {}", args.target.path.display(), git.root().display()));
    let folder = input.folder.as_deref().and_then(|folder| git.relative(folder)).ok_or_else(outside)?;
    input.context.push = push_target(&git, args, seen)?;

    let repository = Repository::read(&input.files, &input.context);
    let mut report = rules::check(&repository, &input.context);
    input.account(&mut report);
    trace.step("fix");
    let level = if args.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
    let fixed = rules::fix(std::mem::take(&mut input.files), &input.context, level);

    let edit = |file: &rules::Changed| Edit {
        path: whole(&folder, &file.path),
        base: Some(file.before.clone()),
        new: file.after.clone(),
    };
    let request = Request {
        edits: fixed.changed.iter().map(edit).collect(),
        message: args.message.clone().unwrap_or_else(|| message(&fixed.applied)),
        folder: folder.clone(),
        remote: args.remote.clone(),
        branch: args.branch.clone(),
        no_push: args.no_push,
        allow_dirty: args.allow_dirty,
        when: None,
    };
    let prepared = git::preflight(&git, &request)?;
    let ahead = git.ahead(&prepared.branch)?;
    Ok(Plan { git, before: (report, repository), fixed, prepared, input, ahead })
}

/// Where the push would go, for the rules that compare it with what the cluster follows. What is wrong with it,
/// preflight says.
fn push_target(
    git: &git::Repository,
    args: &FixAndPushArgs,
    seen: Option<&str>,
) -> Result<Option<PushTarget>, CommandError> {
    let Some(branch) = git.head()?.branch.filter(|_| !args.no_push) else { return Ok(None) };
    let target = git.target(&branch, args.remote.as_deref(), args.branch.as_deref()).ok();
    Ok(target.map(|target| PushTarget {
        branch: target.branch,
        url: target.url,
        // Without a cluster a placeholder URL keeps nothing from being deployed.
        cluster: seen.is_some(),
        seen: seen.map(str::to_owned),
        retarget: args.retarget,
    }))
}

/// The default message: what was mended, a line a fix.
fn message(applied: &[Applied]) -> String {
    let subject = match applied {
        [] => return "Mend the release pipeline\n".to_owned(),
        [one] => one.title.clone(),
        many => format!("Mend the release pipeline: {} fixes", many.len()),
    };
    let mut text = format!("{}\n", capitalised(&subject));
    for fix in applied {
        text.push_str(&format!("\n- {}: {} ({})", fix.file, fix.title, fix.rule));
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::message;
    use rules::{Applied, Safety};

    #[test]
    fn the_message_names_every_fix() {
        let fix = |title: &str| Applied {
            rule: "collector/no-receiver",
            title: title.to_owned(),
            file: "otel/config.yaml".to_owned(),
            safety: Safety::Safe,
        };
        assert_eq!(
            message(&[fix("receive OTLP")]),
            "Receive OTLP\n\n- otel/config.yaml: receive OTLP (collector/no-receiver)"
        );
        assert!(message(&[fix("a"), fix("b")]).starts_with("Mend the release pipeline: 2 fixes\n\n- "));
    }
}
