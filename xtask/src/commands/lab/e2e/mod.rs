//! `lab e2e`: whole releases in the running lab, good ones and bad ones, written down.

mod canary;
mod client;
mod eyes;
mod fault;
mod hand;
mod harm;
mod outcome;
mod push;
mod record;
mod release;
mod stage;
mod tool;

use super::reset::start;
use crate::args::E2eArgs;
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::ui::Ui;
use record::{Record, Row};
use stage::Stage;

/// Runs `lab e2e`.
pub(super) fn e2e(ui: &Ui, args: &E2eArgs) -> Result<Exit, CommandError> {
    let broken = start(args.from.as_deref())?;
    let healthy = canary::healthy(&args.path)?;
    let asked = Asked::of(args)?;
    let stage = Stage::new()?;
    let output = args.output.clone();
    let written = || format!("write {}", output.as_deref().unwrap_or("the record".as_ref()).display());
    let mut record = Record::begin(output.clone(), &asked.command(args), &ui.program).doing(written())?;
    let (total, mut done, mut good) = (asked.total(), 0, 0);
    let mut keep = |record: &mut Record, row: Row| -> Result<(), CommandError> {
        done += 1;
        good += usize::from(row.problems.is_empty());
        ui.line(&format!("{done} of {total}: {}", row.told()))?;
        record.add(&row).doing(written())
    };
    for _ in 0..asked.releases {
        keep(&mut record, release::run(ui, &stage, &broken)?.into())?;
    }
    for _ in 0..asked.by_hand {
        keep(&mut record, hand::run(ui, &stage, &broken)?.into())?;
    }
    for _ in 0..asked.canaries {
        for bad in &asked.bads {
            keep(&mut record, canary::run(ui, &stage, &healthy, bad)?.into())?;
        }
    }
    for fault in &asked.faults {
        keep(&mut record, fault::run(ui, &stage, &broken, fault)?)?;
    }
    if asked.pushes > 0 {
        let mut pushes = push::Pushes::begin(ui, &stage, &healthy)?;
        for _ in 0..asked.pushes {
            keep(&mut record, pushes.one(ui)?)?;
        }
        let medians = pushes.medians();
        ui.line(&medians)?;
        record.note(&medians).doing(written())?;
    }
    ui.line(&format!("{good} of {total} went as they must"))?;
    Ok(if good == total { Exit::Done } else { Exit::Faults })
}

/// What is run, and how often.
struct Asked {
    releases: usize,
    by_hand: usize,
    canaries: usize,
    bads: Vec<&'static canary::Bad>,
    faults: Vec<&'static fault::Fault>,
    pushes: usize,
}

impl Asked {
    fn of(args: &E2eArgs) -> Result<Asked, CommandError> {
        let nothing = args.releases.is_none()
            && args.canaries.is_none()
            && args.by_hand == 0
            && args.pushes == 0
            && args.fault.is_empty();
        let unsaid = usize::from(nothing);
        Ok(Asked {
            releases: args.releases.unwrap_or(if args.only.is_empty() { unsaid } else { 0 }),
            by_hand: args.by_hand,
            canaries: args.canaries.unwrap_or(unsaid),
            bads: named("canary", &args.only, &canary::BAD, |bad| bad.name)?,
            faults: if args.fault.is_empty() {
                Vec::new()
            } else {
                let some = args.fault.iter().filter(|name| *name != "all").cloned().collect::<Vec<_>>();
                named("fault", if some.len() < args.fault.len() { &[] } else { &some }, &fault::FAULTS, |it| it.name)?
            },
            pushes: args.pushes,
        })
    }

    fn total(&self) -> usize {
        self.releases + self.by_hand + self.canaries * self.bads.len() + self.faults.len() + self.pushes
    }

    /// As it can be repeated.
    fn command(&self, args: &E2eArgs) -> String {
        let mut text = "lab e2e".to_owned();
        let counts = [("releases", self.releases), ("by-hand", self.by_hand), ("canaries", self.canaries)];
        for (option, count) in counts.into_iter().chain([("pushes", self.pushes)]) {
            if count > 0 {
                text.push_str(&format!(" --{option} {count}"));
            }
        }
        let lists = [("only", &args.only), ("fault", &args.fault)];
        for (option, name) in lists.iter().flat_map(|(option, names)| names.iter().map(move |name| (option, name))) {
            text.push_str(&format!(" --{option} {name}"));
        }
        if let Some(from) = &args.from {
            text.push_str(&format!(" --from {}", from.display()));
        }
        text
    }
}

/// Those with these names, in their own order; all where none is named.
fn named<T>(
    what: &str,
    names: &[String],
    all: &'static [T],
    name: impl Fn(&T) -> &'static str,
) -> Result<Vec<&'static T>, CommandError> {
    if let Some(unknown) = names.iter().find(|asked| all.iter().all(|one| name(one) != **asked)) {
        let known = all.iter().map(&name).collect::<Vec<_>>().join(", ");
        return Err(CommandError::user(format!("there is no {what} {unknown}")).hint(format!("there are {known}")));
    }
    Ok(all.iter().filter(|one| names.is_empty() || names.iter().any(|asked| asked == name(one))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command, LabCommand};
    use clap::Parser;

    fn asked(words: &[&str]) -> Result<Asked, CommandError> {
        match Cli::try_parse_from(["hyperspace", "lab", "e2e"].iter().chain(words)).expect("arguments").command {
            Command::Lab(lab) => match lab.command {
                LabCommand::E2e(args) => Asked::of(&args),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_asked_for_is_run_and_nothing_else() {
        let counts = |words: &[&str]| {
            let it = asked(words).unwrap_or_else(|error| panic!("{error}"));
            [it.releases, it.by_hand, it.canaries * it.bads.len(), it.faults.len(), it.pushes]
        };
        let all = fault::FAULTS.len();
        assert_eq!(counts(&[]), [1, 0, 4, 0, 0]);
        assert_eq!(counts(&["--only", "slow"]), [0, 0, 1, 0, 0]);
        assert_eq!(counts(&["--releases", "3", "--by-hand", "2"]), [3, 2, 0, 0, 0]);
        assert_eq!(counts(&["--fault", "all"]), [0, 0, 0, all, 0]);
        assert_eq!(counts(&["--fault", "clock", "--pushes", "9"]), [0, 0, 0, 1, 9]);
        let hint = |words: &[&str]| asked(words).map(drop).expect_err("an unknown name").hint.unwrap_or_default();
        assert!(hint(&["--only", "lazy"]).contains("silent") && hint(&["--fault", "fire"]).contains("prometheus"));
    }
}
