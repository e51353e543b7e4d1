//! How long a canary still takes, by what its steps say.

use crate::observed::{Requires, Rollout, Run, Step};
use crate::{Name, View};
use std::collections::BTreeMap;
use std::time::Duration;

/// The time that lies ahead of a canary. Pods that start and what the controllers need come on top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// The present step.
    pub at: usize,
    /// How long it takes in all.
    pub step: Duration,
    /// When it began, as Kubernetes writes times, where that is said.
    pub since: Option<String>,
    /// How long the steps after it take.
    pub ahead: Duration,
}

/// The pace of a rollout; `None` where it is through its steps or aborted, or where one of them takes as long as somebody likes.
/// `analyses` says how long those take of which there is no run yet.
pub fn pace(name: &Name, rollout: &Rollout, view: &View, analyses: &BTreeMap<usize, Duration>) -> Option<Pace> {
    let at = rollout.step.filter(|at| !rollout.abort && *at < rollout.steps.len())?;
    let runs = view.runs_of(name, rollout);
    let run = |step: usize| runs.iter().rev().find(|(_, run)| run.step == Some(step)).map(|(_, run)| *run);
    let takes = |(index, step): (usize, &Step)| match step {
        Step::Pause(time) => duration(time.as_deref()?),
        Step::Analysis => run(index).map_or_else(|| analyses.get(&index).copied(), analysis),
        Step::Weight(_) | Step::Other(_) => Some(Duration::ZERO),
    };
    let mut times = rollout.steps.iter().enumerate().skip(at).map(takes);
    let step = times.next()??;
    let since = match &rollout.steps[at] {
        Step::Pause(_) => rollout.paused_since.clone(),
        Step::Analysis => run(at).map(|run| run.started.clone().unwrap_or_else(|| run.created.clone())),
        _ => None,
    };
    Some(Pace { at, step, since, ahead: times.sum::<Option<Duration>>()? })
}

/// How long a run takes that nothing ends early.
fn analysis(run: &Run) -> Option<Duration> {
    let metric = |requires: &Requires, of: u32| {
        let time = |text: &Option<String>| text.as_deref().map_or(Some(Duration::ZERO), duration);
        Some(time(&requires.initial_delay)? + time(&requires.interval)? * of.saturating_sub(1))
    };
    let times = run.metrics.iter().map(|it| metric(&it.requires, it.of?));
    times.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Go's notation, as far as manifests use it: `1h2m3.5s`, `500ms`, and seconds alone.
fn duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(u64::from(seconds)));
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let number: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?;
        let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        seconds += number
            * match rest.get(..end)? {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = rest.get(end..)?;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::{Metric, Observed};

    #[test]
    fn durations_as_manifests_write_them() {
        for (text, ms) in
            [("30s", 30_000), ("1m30s", 90_000), ("45", 45_000), ("1h", 3_600_000), ("500ms", 500), ("1.5m", 90_000)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(ms)), "{text}");
        }
        assert!(["x", "5 parsecs", "1d", "-1s", "s"].iter().all(|text| duration(text).is_none()));
    }

    #[test]
    fn what_lies_ahead_is_what_the_steps_say() {
        let name = Name::new("a", "b");
        let steps = vec![
            Step::Weight(50),
            Step::Pause(Some("10s".to_owned())),
            Step::Analysis,
            Step::Pause(Some("5".to_owned())),
        ];
        let mut rollout =
            Rollout { steps, step: Some(1), uid: "u".to_owned(), hash: "h".to_owned(), ..Rollout::default() };
        rollout.paused_since = Some("t".to_owned());
        let mut view = View::default();
        assert_eq!(pace(&name, &rollout, &view, &BTreeMap::new()), None, "nobody said how long the analysis takes");
        let told = BTreeMap::from([(2, Duration::from_secs(100))]);
        let secs = Duration::from_secs;
        let wanted = Pace { at: 1, step: secs(10), since: Some("t".to_owned()), ahead: secs(105) };
        assert_eq!(pace(&name, &rollout, &view, &told), Some(wanted));

        let requires =
            Requires { interval: Some("20s".to_owned()), initial_delay: Some("30s".to_owned()), ..Requires::default() };
        let metric = Metric { of: Some(5), requires, ..Metric::default() };
        let run = Run {
            owner: "u".to_owned(),
            hash: "h".to_owned(),
            step: Some(2),
            created: "c".to_owned(),
            metrics: vec![metric],
            ..Run::default()
        };
        view.runs.insert(Name::new("a", "r"), Observed { version: 1, object: Some(run) });
        rollout.step = Some(2);
        let wanted = Pace { at: 2, step: secs(110), since: Some("c".to_owned()), ahead: secs(5) };
        assert_eq!(pace(&name, &rollout, &view, &told), Some(wanted), "the run says it better");
        rollout.step = Some(4);
        assert_eq!(pace(&name, &rollout, &view, &told), None);
        rollout.step = Some(3);
        rollout.steps.push(Step::Pause(None));
        assert_eq!(pace(&name, &rollout, &view, &told), None, "a person decides");
    }
}
