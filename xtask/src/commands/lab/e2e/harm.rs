//! What breaks during a release, and how it is mended.

use super::fault::{Fault, Variables, When};
use super::stage::Stage;
use super::tool::Tool;
use crate::error::{CommandError, Doing};
use lab::cluster::Disturbance;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where it breaks.
pub(super) struct Scene<'a> {
    pub(super) stage: &'a Stage,
    pub(super) fork: PathBuf,
    /// A folder of its own.
    pub(super) scratch: &'a Path,
    /// The command under test, once it runs.
    pub(super) tool: Option<u32>,
    /// Others that run beside it.
    pub(super) others: Vec<Tool>,
}

type Done = Result<(), CommandError>;

const MINUTE: Duration = Duration::from_secs(60);

/// The first measurement comes 90 s after the analysis has begun, the fifth and last one 40 s later.
const MEASURED: Duration = Duration::from_secs(80);

/// Every one of them. What has no `lasts` lasts to the end of the run.
pub(super) const FAULTS: [Fault; 9] = [
    Fault {
        name: "apiserver",
        when: When::Pushed,
        lasts: None,
        does: |scene| scene.stage.disturb(Disturbance::ApiserverRestarted),
        ..NONE
    },
    Fault {
        name: "watches",
        when: When::Analysis(Duration::from_secs(10)),
        does: |scene| scene.stage.disturb(Disturbance::WatchesOutdated),
        ..NONE
    },
    Fault {
        name: "prometheus",
        when: When::Analysis(Duration::ZERO),
        lasts: Some(MINUTE),
        does: |scene| scene.stage.scale("prometheus", "prometheus-server", 0),
        undoes: |scene| scene.stage.scale("prometheus", "prometheus-server", 1),
        ..NONE
    },
    Fault {
        name: "prometheus-measuring",
        when: When::Analysis(MEASURED),
        lasts: Some(MINUTE),
        does: |scene| scene.stage.scale("prometheus", "prometheus-server", 0),
        undoes: |scene| scene.stage.scale("prometheus", "prometheus-server", 1),
        ..NONE
    },
    Fault {
        name: "argocd-server",
        when: When::Before,
        does: |scene| scene.stage.scale("argocd", "argocd-server", 0),
        undoes: |scene| scene.stage.scale("argocd", "argocd-server", 1),
        ..NONE
    },
    Fault {
        name: "refused",
        when: When::Before,
        does: |scene| scene.stage.refuse_pushes(true),
        undoes: |scene| scene.stage.refuse_pushes(false),
        ..NONE
    },
    Fault { name: "second", when: When::Started, does: second, ..NONE },
    Fault { name: "second-later", when: When::Pushed, does: second, ..NONE },
    Fault {
        name: "clock",
        when: When::Analysis(Duration::from_secs(5)),
        lasts: Some(Duration::from_secs(40)),
        around: own_clock,
        does: |scene| set_clock(scene, "+3600"),
        undoes: |scene| set_clock(scene, "-3600"),
    },
];

const NONE: Fault = Fault {
    name: "",
    when: When::Before,
    lasts: None,
    around: |_| Ok(Vec::new()),
    does: |_| Ok(()),
    undoes: |_| Ok(()),
};

/// Another `fix-and-push` in the same clone.
fn second(scene: &mut Scene<'_>) -> Done {
    let log = scene.scratch.join("second");
    scene.others.push(Tool::start(&scene.fork, log, &["fix-and-push"], &[])?);
    Ok(())
}

fn clock(scene: &Scene<'_>) -> PathBuf {
    scene.scratch.join("clock")
}

/// A clock for the command under test alone: the machine's own is everybody's.
fn own_clock(scene: &Scene<'_>) -> Result<Variables, CommandError> {
    let folders = fs::read_dir("/usr/lib").doing("look for libfaketime")?.flatten();
    let all = folders.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    let Some(library) = all.into_iter().find(|path| path.is_file()) else {
        return Err(CommandError::user("this machine lacks libfaketime, which gives a command a clock of its own")
            .hint("apt-get install -y --no-install-recommends libfaketime"));
    };
    fs::write(clock(scene), "+0\n").doing("write a clock")?;
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Ok(vec![
        set("LD_PRELOAD", &library.display().to_string()),
        set("FAKETIME_TIMESTAMP_FILE", &clock(scene).display().to_string()),
        set("FAKETIME_CACHE_DURATION", "1"),
        // A clock that is set leaves alone what counts from the boot.
        set("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
    ])
}

fn set_clock(scene: &mut Scene<'_>, by: &str) -> Done {
    let maps = scene.tool.map(|id| fs::read_to_string(format!("/proc/{id}/maps")).unwrap_or_default());
    if !maps.unwrap_or_default().contains("libfaketime") {
        return Err(CommandError::internal("the command under test has no clock of its own"));
    }
    fs::write(clock(scene), format!("{by}\n")).doing("set a clock")
}
