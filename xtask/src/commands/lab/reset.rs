//! `lab reset`: back to a broken start.

use super::cluster::{failed, lab, show};
use crate::args::ResetArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::scenario;
use crate::ui::Ui;
use lab::cluster::{Start, git_url};
use std::path::Path;
use std::time::Instant;

pub(super) fn reset(ui: &Ui, args: &ResetArgs) -> Result<Exit, CommandError> {
    let start = start(args.from.as_deref())?;
    let began = Instant::now();
    let bar = ui.progress();
    let result = lab()?.reset(&start, &|event| show(&bar, event));
    bar.done();
    let commit = result.map_err(|error| failed("reset the lab", error))?;
    let (commit, took) = (commit.get(..7).unwrap_or(&commit), began.elapsed().as_secs_f32());
    ui.line(&format!("the lab is at its start, commit {commit} ({took:.0} s)"))?;
    ui.next(&[
        (format!("git clone {}", git_url()), "the broken repository"),
        (format!("{} fix-and-push", ui.program), "in it: mends it, and takes HotROD to its new version"),
    ])?;
    Ok(Exit::Done)
}

/// The files of a folder, else those of `practice`.
pub(super) fn start(from: Option<&Path>) -> Result<Start, CommandError> {
    match from {
        Some(folder) => Start::read(folder).map_err(|error| failed("read the start", error)),
        None => {
            let file = |(path, text): &(&str, &str)| ((*path).to_owned(), text.as_bytes().to_vec());
            Ok(Start { files: scenario::FILES.iter().map(file).collect() })
        }
    }
}
