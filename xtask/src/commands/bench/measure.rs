//! Wall time of whole processes.

use crate::error::{CommandError, Doing};
use std::fmt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How often a running process is asked for its memory.
const POLL: Duration = Duration::from_millis(5);

/// Runs of one command.
#[derive(Default)]
pub(crate) struct Timing {
    /// Seconds, sorted.
    seconds: Vec<f64>,
    /// The most memory that a run held, where the system tells.
    pub(crate) peak_mib: Option<f64>,
}

impl Timing {
    /// The median, in seconds.
    pub(crate) fn median(&self) -> f64 {
        self.seconds.get(self.seconds.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = self.seconds.first().copied().unwrap_or(f64::NAN);
        write!(f, "{} median, {} least", short(self.median()), short(least))
    }
}

fn short(seconds: f64) -> String {
    if seconds < 1.0 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

/// Runs all commands in turn, `runs` times after one run each that warms the caches. What they print and how they exit
/// does not matter.
pub(crate) fn alternate(commands: &mut [Command], runs: usize) -> Result<Vec<Timing>, CommandError> {
    let mut timings: Vec<Timing> = commands.iter().map(|_| Timing::default()).collect();
    for run in 0..=runs {
        for (command, timing) in commands.iter_mut().zip(&mut timings) {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let start = Instant::now();
            let what = command.get_program().to_string_lossy().into_owned();
            let mut child = command.spawn().doing(format!("run {what}"))?;
            if run == 0 {
                // Asking costs time, so the run that does not count is asked.
                timing.peak_mib = watch(&mut child);
            }
            child.wait().doing(format!("wait for {what}"))?;
            if run > 0 {
                timing.seconds.push(start.elapsed().as_secs_f64());
            }
        }
    }
    for timing in &mut timings {
        timing.seconds.sort_by(f64::total_cmp);
    }
    Ok(timings)
}

/// The most memory that the process was seen to have held when it ended (Linux: VmHWM in /proc/PID/status).
fn watch(child: &mut Child) -> Option<f64> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while let Ok(None) = child.try_wait() {
        let now = std::fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok()
        });
        peak = now.or(peak);
        std::thread::sleep(POLL);
    }
    peak.map(|kib| kib / 1024.0)
}
