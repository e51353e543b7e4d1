//! In the place of the cluster's half, in a program that was built without it.

use crate::commands::whole::hand_over;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::tracing::Tracer;
use crate::ui::Ui;

use super::Joined;
use super::destination::{Destination, Surroundings, destination};
use super::plan::Plan;
use crate::args::FixAndPushArgs;
use std::env;
use std::path::PathBuf;

/// Never there.
pub(super) enum Followed {}

/// Hands over where a cluster may have to do with it; only the other build can tell whether a lab is the one pushed to.
pub(super) fn join(ui: &Ui, _: &git::Repository, args: &FixAndPushArgs) -> Result<Joined, CommandError> {
    match destination(args, &Surroundings::here(true, argo_cd())) {
        Destination::Without(why) => Ok(Joined::Without(why)),
        Destination::Cluster(_) | Destination::ArgoCd if args.dry_run => {
            ui.status("a cluster is configured; this build does not look at it, a run without --dry-run builds the part that does");
            Ok(Joined::Without("this is a dry run"))
        }
        Destination::Cluster(_) | Destination::ArgoCd => hand_over(ui).map(Joined::Elsewhere),
    }
}

/// Whether there may be an Argo CD server to ask; the other build knows.
fn argo_cd() -> bool {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let folder = |name: &str, below: &str| set(name).map(|folder| PathBuf::from(folder).join(below));
    let home = |below: &str| env::home_dir().map(|home| home.join(below));
    let files = [
        folder("ARGOCD_CONFIG_DIR", "config"),
        folder("XDG_CONFIG_HOME", "argocd/config"),
        home(".argocd/config"),
        home(".config/argocd/config"),
    ];
    set("ARGOCD_SERVER").is_some() || set("ARGOCD_OPTS").is_some() || files.iter().flatten().any(|file| file.is_file())
}

impl Followed {
    pub(super) fn seen(&self) -> &str {
        match *self {}
    }

    pub(super) fn is_elsewhere(&self, _: &git::Oid) -> bool {
        match *self {}
    }

    pub(super) fn refuse_behind(&self, _: &Plan) -> Result<(), CommandError> {
        match *self {}
    }

    pub(super) fn refuse_without_rights(&self, _: &Plan, _: &FixAndPushArgs) -> Result<(), CommandError> {
        match *self {}
    }

    pub(super) fn trace(&self, _: &Tracer, _: &Plan) {
        match *self {}
    }

    pub(super) fn release(
        &self,
        _: &Ui,
        _: &Plan,
        _: &git::Oid,
        _: &FixAndPushArgs,
        _: &Tracer,
    ) -> Result<Exit, CommandError> {
        match *self {}
    }
}
