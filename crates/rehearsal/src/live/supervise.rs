//! Watches the processes: what ends is started again, as the kubelet would, and said; what is meant to end does so by a
//! timetable.

use lab::stack::{Running, Stack, StackError};
use std::collections::BTreeMap;
use std::time::Duration;

/// Starts after unexpected ends, until a program is given up.
const CHANCES: u32 = 3;

/// Something meant to happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Kill(String),
    Start(String),
}

/// Has the running programs.
#[derive(Debug)]
pub(crate) struct Supervisor {
    // Dropped in this order: programs, then the group with what may be left of them.
    running: Vec<Running>,
    stack: Stack,
    /// Sorted by time, the next one last.
    timetable: Vec<(Duration, Act)>,
    /// Those that are meant to be down.
    down: Vec<String>,
    ends: BTreeMap<String, u32>,
}

impl Supervisor {
    pub(crate) fn new(running: Vec<Running>, stack: Stack) -> Supervisor {
        Supervisor { running, stack, timetable: Vec::new(), down: Vec::new(), ends: BTreeMap::new() }
    }

    /// Names and process ids.
    pub(crate) fn processes(&self) -> impl Iterator<Item = (&str, u32)> {
        self.running.iter().map(|r| (r.name(), r.id()))
    }

    pub(crate) fn plan(&mut self, mut timetable: Vec<(Duration, Act)>) {
        timetable.sort_by_key(|(due, _)| std::cmp::Reverse(*due));
        self.timetable = timetable;
    }

    /// Looks after everything at that time of the run; returns what there is to tell.
    ///
    /// # Errors
    /// A program's that keeps ending.
    pub(crate) fn look(&mut self, at: Duration) -> Result<Vec<String>, StackError> {
        let mut told = Vec::new();
        while self.timetable.last().is_some_and(|(due, _)| *due <= at) {
            let Some((_, act)) = self.timetable.pop() else { break };
            self.act(act)?;
        }
        for index in 0..self.running.len() {
            let Some(running) = self.running.get_mut(index) else { continue };
            let name = running.name().to_owned();
            if self.down.contains(&name) {
                continue;
            }
            let Err(error) = running.check() else { continue };
            let ends = self.ends.entry(name.clone()).or_default();
            *ends += 1;
            if *ends > CHANCES {
                return Err(error);
            }
            told.push(format!("{name} {} at {} s and is started again", error.why, at.as_secs()));
            let spec = running.spec().clone();
            let again = self.stack.start(spec)?;
            if let Some(slot) = self.running.get_mut(index) {
                *slot = again;
            }
        }
        Ok(told)
    }

    fn act(&mut self, act: Act) -> Result<(), StackError> {
        match act {
            Act::Kill(name) => {
                for running in self.running.iter_mut().filter(|r| r.name() == name) {
                    running.kill();
                }
                self.down.push(name);
            }
            Act::Start(name) => {
                if let Some(slot) = self.running.iter_mut().find(|r| r.name() == name) {
                    let spec = slot.spec().clone();
                    *slot = self.stack.start(spec)?;
                }
                self.down.retain(|down| *down != name);
            }
        }
        Ok(())
    }
}
