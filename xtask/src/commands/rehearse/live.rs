//! Progress of a rehearsal: on a terminal a line a metric that is rewritten, elsewhere a line a measurement.

use crate::ui::{Lines, Ui};
use rehearsal::{Event, Fault, Metric, Progress, show};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// Shows what happens.
pub(crate) struct Watch<'u> {
    ui: &'u Ui,
    verbose: bool,
    /// Names of canaries with their metrics.
    canaries: Vec<(String, Vec<Metric>)>,
    lines: Lines,
    began: RefCell<Instant>,
    /// Measurements so far, for a metric's line.
    seen: RefCell<Vec<Vec<String>>>,
}

impl<'u> Watch<'u> {
    pub(crate) fn new(ui: &'u Ui, verbose: bool, canaries: &[(Fault, Vec<Metric>)]) -> Watch<'u> {
        let canaries: Vec<(String, Vec<Metric>)> = canaries.iter().map(|(f, m)| (f.name(), m.clone())).collect();
        let metrics = canaries.iter().map(|(_, m)| m.len()).sum();
        // More lines than a screen has would only scroll by.
        let lines = ui.lines(if canaries.len() == 1 { metrics } else { canaries.len() });
        let seen = vec![Vec::new(); metrics];
        Watch { ui, verbose, canaries, lines, began: RefCell::new(Instant::now()), seen: RefCell::new(seen) }
    }

    pub(crate) fn tell(&self, progress: Progress<'_>) {
        match progress {
            Progress::Starting { programs } => self.lines.say(&format!("starting {programs} programs")),
            Progress::Ready { took, addresses, processes } => {
                self.began.replace(Instant::now());
                let length = self.length();
                self.lines.say(&format!(
                    "all of them are ready after {:.1} s; the analysis takes {} s",
                    took.as_secs_f32(),
                    length.as_secs()
                ));
                if self.verbose {
                    self.ui.status(&show::addresses(addresses));
                    let all: Vec<String> = processes.iter().map(|(name, id)| format!("{name} {id}")).collect();
                    self.ui.status(&format!("processes: {}", all.join(", ")));
                }
            }
            Progress::Told(line) => self.lines.say(&line),
            Progress::Measured { canary, event } => self.measured(canary, &event),
        }
    }

    fn length(&self) -> Duration {
        self.canaries.iter().flat_map(|(_, m)| m.iter().filter_map(Metric::duration)).max().unwrap_or_default()
    }

    fn measured(&self, canary: usize, event: &Event<'_>) {
        let Event::Measured { metric, measurement, status } = event;
        let Some((name, metrics)) = self.canaries.get(canary) else { return };
        let Some(what) = metrics.get(*metric) else { return };
        let before: usize = self.canaries.iter().take(canary).map(|(_, m)| m.len()).sum();
        let mut seen = self.seen.borrow_mut();
        let Some(values) = seen.get_mut(before + metric) else { return };
        values.push(show::value(measurement));
        let left = what.duration().unwrap_or_default().saturating_sub(measurement.due);
        let left =
            if status.is_completed() { show::status(*status).to_owned() } else { format!("{} s left", left.as_secs()) };
        let bound = show::bound(what);
        if self.canaries.len() == 1 {
            let plain = format!("{}: {} ({bound}), {left}", what.name, show::measured(measurement));
            self.lines.set(*metric, &format!("{}  {} ({bound})  {left}", what.name, values.join(" ")), &plain);
        } else {
            let row: Vec<String> = metrics
                .iter()
                .enumerate()
                .map(|(i, m)| {
                    format!(
                        "{} {}",
                        m.kind.as_str(),
                        seen.get(before + i).and_then(|v| v.last()).map_or("…", String::as_str)
                    )
                })
                .collect();
            let plain = format!("{name}: {}: {} ({bound}), {left}", what.name, show::measured(measurement));
            self.lines.set(canary, &format!("{name:16} {}", row.join("  ")), &plain);
        }
    }

    pub(crate) fn done(&self) {
        self.lines.done();
    }
}
