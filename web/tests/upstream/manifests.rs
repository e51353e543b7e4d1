//! A source for the pages.

use hyperspace_web::{Snapshot, Source};
use model::{Context, Repository, SourceFile, Unreadable};
use std::path::Path;

/// This repository's own manifests.
pub(crate) struct Manifests;

/// The same, edited.
pub(crate) struct Edited(pub(crate) fn(String) -> String);

impl Source for Manifests {
    fn load(&self) -> Result<Snapshot, String> {
        Edited(|text| text).load()
    }
}

impl Source for Edited {
    fn load(&self) -> Result<Snapshot, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests");
        let tree = files::read(&folder).map_err(|error| error.to_string())?;
        let source = |file: files::SourceFile| SourceFile {
            path: file.path,
            content: file
                .content
                .map(|text| (self.0)(text.to_string()).into())
                .map_err(|error| Unreadable { reason: error.to_string(), at: None }),
        };
        let sources: Vec<SourceFile> = tree.files.into_iter().map(source).collect();
        let context = Context::default();
        let repository = Repository::read(&sources, &context);
        Ok(Snapshot::of(&repository, &context, &rules::check(&repository, &context)))
    }
}
