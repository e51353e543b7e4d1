//! From a path to the values that a check takes.

use crate::args::Target;
use crate::error::CommandError;
use crate::ignored::Ignored;
use crate::{facts, ignored, policy};
use model::{Context, SourceFile, Unreadable};
use rules::Report;
use std::path::{Path, PathBuf};

/// A folder, file or stream as values.
pub(crate) struct Input {
    /// The folder that the files' paths are relative to; `None` for a stream.
    pub(crate) folder: Option<PathBuf>,
    /// The files.
    pub(crate) files: Vec<SourceFile>,
    /// What a check knows beside them.
    pub(crate) context: Context,
    /// What was left aside while reading.
    pub(crate) notes: Vec<String>,
    /// What is left aside on purpose; holds for other states of the folder too.
    pub(crate) ignored: Ignored,
}

impl Input {
    /// Reads PATH; `-` is a stream on standard input, whose policy is looked for in the current folder.
    pub(crate) fn load(target: &Target) -> Result<Input, CommandError> {
        let named = target.policy.as_deref();
        if target.path.as_os_str() == "-" {
            let file = files::read_stream(std::io::stdin().lock());
            let here = Path::new(".");
            let policy = policy::load(named, here, files::repository_root(here).as_deref())?;
            let context = Context::of(policy);
            return Ok(Input {
                folder: None,
                files: vec![source(file)],
                context,
                notes: Vec::new(),
                ignored: Ignored::none(),
            });
        }
        let root = files::repository_root(&target.path);
        // A file that was named outright is never left aside.
        let ignored =
            if target.path.is_dir() { Ignored::above(&target.path, root.as_deref()) } else { Ignored::none() };
        let tree = files::read_except(&target.path, &ignored.aside())?;
        let folder = tree.root.clone();
        let policy = policy::load(named, &folder, root.as_deref())?;
        let mut input = Input::from_tree(tree, Context::of(policy), &ignored);
        if facts::wanted(&input.files) {
            input.context.git = facts::gather(&folder, &input.files)?;
        }
        input.ignored = ignored;
        Ok(input)
    }

    /// The same folder as revision `rev` has it, under the same policy. `asked` is what asks, for the hints.
    pub(crate) fn at(&self, rev: &str, asked: &str) -> Result<Input, CommandError> {
        let stream = || CommandError::user(format!("{asked} needs a folder in a git repository, not a stream"));
        let folder = self.folder.as_deref().ok_or_else(stream)?;
        let outside = || CommandError::user(format!("{asked} {rev}: {} lies in no git repository", folder.display()));
        let git = git::Repository::discover(folder)?.ok_or_else(outside)?;
        let prefix = git.relative(folder).ok_or_else(outside)?;
        let mut tree = git.read_at(rev, &prefix)?;
        // One file named outright is compared with itself alone.
        if let [only] = self.files.as_slice() {
            tree.files.retain(|file| file.path == only.path);
        }
        let context = Context { charts: Vec::new(), ..self.context.clone() };
        Ok(Input::from_tree(tree, context, &self.ignored))
    }

    /// Turns what the file system or a revision gave into values. Helm templates are no YAML yet and are left out.
    pub(crate) fn from_tree(mut tree: files::Tree, context: Context, ignored: &Ignored) -> Input {
        ignored.cut(&mut tree);
        let mut notes: Vec<String> = ignored::note(&tree.left_aside).into_iter().collect();
        notes.extend(tree.notes.iter().map(ToString::to_string));
        let charts: Vec<String> = tree.charts.iter().cloned().collect();
        let files: Vec<SourceFile> = if tree.inside_templates {
            notes.push(
                "this folder holds a Helm chart's templates: render them first (`helm template … | check -`)".into(),
            );
            Vec::new()
        } else {
            tree.files.into_iter().map(source).collect()
        };
        Input {
            folder: Some(tree.root),
            files,
            context: Context { charts, ..context },
            notes,
            ignored: Ignored::none(),
        }
    }

    /// Adds what reading left aside to the account of what was judged.
    pub(crate) fn account(&mut self, report: &mut Report) {
        report.judged.notes.append(&mut self.notes);
    }
}

fn source(file: files::SourceFile) -> SourceFile {
    let content =
        file.content.map_err(|unreadable| Unreadable { reason: unreadable.reason.to_string(), at: unreadable.at });
    SourceFile { path: file.path, content }
}
