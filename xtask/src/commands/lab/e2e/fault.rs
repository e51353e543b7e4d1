//! Releases during which something breaks: the command recovers, or says what to do, and that is done.

use super::eyes;
pub(super) use super::harm::FAULTS;
use super::harm::Scene;
use super::outcome::seconds;
use super::record::{Row, Table};
use super::release::{Begun, LIMIT, Seen, certified};
use super::stage::Stage;
use super::tool::{Tool, last_words};
use crate::error::CommandError;
use crate::ui::Ui;
use delivery::View;
use lab::cluster::Start;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Variables of an environment.
pub(super) type Variables = Vec<(String, String)>;

/// Something that breaks.
pub(super) struct Fault {
    pub(super) name: &'static str,
    pub(super) when: When,
    /// How long it lasts; else to the end of the run.
    pub(super) lasts: Option<Duration>,
    /// Variables of the command under test.
    pub(super) around: fn(&Scene<'_>) -> Result<Variables, CommandError>,
    pub(super) does: fn(&mut Scene<'_>) -> Result<(), CommandError>,
    pub(super) undoes: fn(&mut Scene<'_>) -> Result<(), CommandError>,
}

/// The moment at which it breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// The command does not run yet.
    Before,
    /// It has just been started.
    Started,
    /// It has pushed.
    Pushed,
    /// So long after the canary's analysis has begun.
    Analysis(Duration),
}

/// What the command says to do, and after how long, by its words.
const ADVICE: [(&str, &[&str], Duration); 3] = [
    ("fix-and-push --retry`", &["fix-and-push", "--retry"], Duration::from_secs(60)),
    ("fix-and-push` tries again", &["fix-and-push"], Duration::ZERO),
    ("run again to go on", &["fix-and-push"], Duration::ZERO),
];

/// Workloads that a fault may have scaled.
const SCALED: [(&str, &str); 2] = [("prometheus", "prometheus-server"), ("argocd", "argocd-server")];

/// Runs a release, breaks what the fault breaks, and judges what the command made of it.
pub(super) fn run(ui: &Ui, stage: &Stage, broken: &Start, fault: &Fault) -> Result<Row, CommandError> {
    let begun = Begun::new(ui, stage, broken)?;
    let scratch = begun.scratch.path();
    let mut scene = Scene { stage, fork: begun.fork(), scratch, tool: None, others: Vec::new() };
    let bar = ui.progress();
    bar.step(&format!("fault {}: fix-and-push in a fresh clone", fault.name));
    let around = (fault.around)(&scene)?;
    let mut course = Course { fault, broke: None, mended: false, analysis: None };
    let began = Instant::now();
    let mut seen = Seen::default();
    course.go(&mut scene, When::Before, &seen, &begun.eyes.look())?;
    let mut tool = Tool::start(&scene.fork, scratch.join("log"), &["fix-and-push"], &around)?;
    scene.tool = Some(tool.id());
    let mut trouble = course.go(&mut scene, When::Started, &seen, &begun.eyes.look());
    let status = lab::poll(LIMIT, || {
        let view = begun.look(stage, &mut seen);
        if trouble.is_ok() {
            trouble = course.go(&mut scene, When::Pushed, &seen, &view);
        }
        // What could not be broken, or not be mended, is no fault of the command's.
        tool.ended().map(Some).or(trouble.is_err().then_some(None))
    });
    let status = status.flatten();
    let first = tool.said();
    let mended = course.mend(&mut scene);
    trouble?;
    mended?;
    SCALED.iter().try_for_each(|(namespace, name)| stage.settled(namespace, name))?;
    drop(tool);
    let mut problems = Vec::new();
    if course.broke.is_none() {
        problems.push("it did not come to the moment at which this breaks".to_owned());
    }
    let good = |status: Option<ExitStatus>| status.is_some_and(|status| status.success());
    let mut then = String::new();
    let mut last = (status, first.clone());
    if !good(status) {
        match ADVICE.iter().find(|(words, _, _)| first.contains(words)) {
            None => problems.push("it does not say what to do".to_owned()),
            Some((_, told, after)) => {
                std::thread::sleep(*after);
                bar.step(&format!("fault {}: {}", fault.name, told.join(" ")));
                let mut again = Tool::start(&scene.fork, scratch.join("again"), told, &[])?;
                let status = lab::poll(LIMIT, || {
                    begun.look(stage, &mut seen);
                    again.ended()
                });
                last = (status, again.said());
                then = format!("`{}`: {}, {}", told.join(" "), ended(status), words(&last.1).join("; "));
            }
        }
    }
    let mut said = words(&first);
    for other in &mut scene.others {
        let status = lab::poll(LIMIT, || other.ended());
        let log = other.said();
        if !good(status) && !log.contains("hint:") {
            problems.push(format!("the second one does not say what to do: {}", last_words(&log, 3)));
        }
        said.push(format!("the second one: {}, {}", ended(status), words(&log).join("; ")));
    }
    bar.done();
    let view = begun.look(stage, &mut seen);
    // Whoever says that it is done is right.
    if good(last.0) {
        problems.extend(begun.judge(&seen));
        if !certified(&scene.fork, &last.1) {
            problems.push("no certificate".to_owned());
        }
    } else {
        problems.push(format!("not done in the end: {}", last_words(&last.1, 3)));
    }
    let verdict = eyes::judged(&view).map(|(rollout, _)| rollout.phase.clone()).unwrap_or_default();
    let took = seconds(began.elapsed());
    let line = format!("fault {}: {}; {verdict} after {took} s", fault.name, ended(status));
    let cells = vec![fault.name.to_owned(), ended(status), said.join("; "), then, verdict, took];
    Ok(Row { table: Table::Faults, cells, line, problems })
}

/// How far the fault is.
struct Course<'a> {
    fault: &'a Fault,
    broke: Option<Instant>,
    mended: bool,
    /// Since when the canary's analysis is seen to run.
    analysis: Option<Instant>,
}

impl Course<'_> {
    /// Breaks it and mends it when it is time.
    fn go(&mut self, scene: &mut Scene<'_>, now: When, seen: &Seen, view: &View) -> Result<(), CommandError> {
        let running =
            |view: &View| eyes::judged(view).and_then(|(_, run)| run).is_some_and(|run| run.phase == "Running");
        if seen.applied.is_some() && self.analysis.is_none() && running(view) {
            self.analysis = Some(Instant::now());
        }
        let due = match self.fault.when {
            When::Before | When::Started => self.fault.when == now,
            When::Pushed => seen.commit.is_some(),
            When::Analysis(after) => self.analysis.is_some_and(|since| since.elapsed() >= after),
        };
        if self.broke.is_none() && due {
            self.broke = Some(Instant::now());
            (self.fault.does)(scene)?;
        }
        let over = self.broke.zip(self.fault.lasts).is_some_and(|(since, lasts)| since.elapsed() >= lasts);
        if over { self.mend(scene) } else { Ok(()) }
    }

    fn mend(&mut self, scene: &mut Scene<'_>) -> Result<(), CommandError> {
        if self.broke.is_none() || self.mended {
            return Ok(());
        }
        self.mended = true;
        (self.fault.undoes)(scene)
    }
}

fn ended(status: Option<ExitStatus>) -> String {
    match status.map(|status| (status.code(), status)) {
        None => format!("not after {} s", LIMIT.as_secs()),
        Some((Some(code), _)) => format!("exit {code}"),
        Some((None, status)) => status.to_string(),
    }
}

/// What it said of the fault, and its verdict: each line once.
fn words(log: &str) -> Vec<String> {
    let telling = [
        "trying again",
        "tries again",
        "--retry",
        "error:",
        "because:",
        "hint:",
        "done: ",
        "was stopped by",
        "refused",
    ];
    let mut found: Vec<String> = Vec::new();
    for line in log.lines().map(str::trim).filter(|line| telling.iter().any(|words| line.contains(words))) {
        if !found.iter().any(|there| there == line) {
            found.push(line.to_owned());
        }
    }
    // The first ones tell of the fault, the last one of the end.
    if found.len() > 5 {
        found.drain(4..found.len() - 1);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_said_once() {
        let log = "a\nx; trying again\nx; trying again\nb; trying again\n  done: promoted by r\nCertificate\n";
        assert_eq!(words(log), ["x; trying again", "b; trying again", "done: promoted by r"]);
        let many: String = (0..9).map(|number| format!("{number}; trying again\n")).collect();
        assert_eq!(words(&many).len(), 5);
        assert!(words(&many).last().is_some_and(|last| last.starts_with('8')));
    }

    #[test]
    fn every_fault_has_a_name_of_its_own() {
        let mut names: Vec<_> = FAULTS.iter().map(|fault| fault.name).collect();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() == FAULTS.len() && !names.contains(&"") && !names.contains(&"all"));
    }
}
