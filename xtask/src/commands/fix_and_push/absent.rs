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

/// Never there.
pub(super) enum Followed {}

/// Hands over where a cluster may have to do with it; only the other build can tell whether a lab is the one pushed to.
pub(super) fn join(ui: &Ui, _: &git::Repository, args: &FixAndPushArgs) -> Result<Joined, CommandError> {
    match destination(args, &Surroundings::here(true)) {
        Destination::Without(why) => Ok(Joined::Without(why)),
        Destination::Cluster(_) if args.dry_run => {
            ui.status("a cluster is configured; this build does not look at it, a run without --dry-run builds the part that does");
            Ok(Joined::Without("this is a dry run"))
        }
        Destination::Cluster(_) => hand_over(ui).map(Joined::Elsewhere),
    }
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
