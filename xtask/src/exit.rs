//! Exit codes: part of the contract with scripts and CI.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Did what it was asked; a check found no errors.
    Done = 0,
    /// Errors are left, or a gate failed.
    Faults = 1,
    /// Could not run: bad arguments, unreadable input, a repository in the wrong state.
    CouldNotRun = 2,
    /// The remote refused the push.
    Rejected = 3,
    /// Waited too long.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "only the cluster's commands wait"))]
    TimedOut = 4,
}

impl Exit {
    /// What a check of this report means for the exit code: warnings and echoes do not count.
    pub(crate) fn of(report: &rules::Report) -> Exit {
        if report.errors() > 0 { Exit::Faults } else { Exit::Done }
    }
}

impl Exit {
    /// What another run of this program ended with.
    #[cfg_attr(feature = "cluster", allow(dead_code, reason = "this build does all itself"))]
    pub(crate) fn from_code(code: i32) -> Option<Exit> {
        let all = [Exit::Done, Exit::Faults, Exit::CouldNotRun, Exit::Rejected, Exit::TimedOut];
        all.into_iter().find(|exit| *exit as i32 == code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
