//! The stable version's values beside a canary's: the gate's own query, as it was sent, with the other hash in it.

use super::{period, words};
use crate::html::shown;
use crate::live::State;
use crate::release::number;
use crate::time;
use crate::upstream::{Known, Reply, ValueQuery};
use delivery::{Metric, Name, Rollout, Run};

/// Values over a run's time at most.
const MOST: i64 = 120;

/// Whose values they are.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    pub(crate) hash: String,
    /// `stable, revision 6`.
    pub(crate) label: String,
}

/// The version that was stable when the run judged its canary, as far as the cluster still tells.
pub(crate) fn other(state: &State, name: &Name, rollout: &Rollout, run: &Run) -> Option<Other> {
    let sets = || state.view.sets_of(name, rollout).map(|(_, set)| set);
    if rollout.stable != run.hash && !rollout.stable.is_empty() {
        let set = sets().find(|set| set.hash == rollout.stable);
        let revision = set.and_then(|set| set.revision.as_deref()).unwrap_or("?");
        return Some(Other { hash: rollout.stable.clone(), label: shown(&format!("stable, revision {revision}")) });
    }
    // It was promoted: before it came the newest revision that no gate had stopped.
    let runs = state.view.every_run_of(name, rollout);
    let stopped = |hash: &str| {
        let last = runs.iter().rev().find(|(_, run)| run.hash == hash);
        last.is_some_and(|(_, run)| words::is_bad(&run.phase))
    };
    let own = number(run.revision.as_deref())?;
    let before =
        sets().filter(|set| number(set.revision.as_deref()).is_some_and(|number| number < own) && !stopped(&set.hash));
    let set = before.max_by_key(|set| number(set.revision.as_deref()))?;
    let revision = set.revision.as_deref().unwrap_or("?");
    Some(Other { hash: set.hash.clone(), label: shown(&format!("revision {revision}, before it")) })
}

/// The values to ask for; why there is nothing to compare with otherwise.
pub(crate) fn asked(metric: &Metric, run: &Run, other: &Other) -> Result<ValueQuery, &'static str> {
    let query = metric.query.as_deref().filter(|query| !query.trim().is_empty()).ok_or("it has no query")?;
    let query = replace(query, &run.hash, &other.hash)
        .ok_or("its query does not name the canary's pod hash, so it is the same for every version")?;
    let at = |text: Option<&str>| Some(time::parse(text?)?.as_second());
    let from = at(run.started.as_deref()).or_else(|| at(Some(&run.created))).ok_or("its begin is not known")?;
    let to = period::end(metric, run).map(|end| end.as_second());
    let interval = metric.requires.interval.as_deref().and_then(time::duration).map_or(10, |every| every.as_secs());
    let long = to.map_or(600, |to| to - from).max(1);
    let step = interval.clamp(1, 600).max(long / MOST);
    Ok(ValueQuery { query, from, to, step })
}

/// Every place where the hash stands by itself.
fn replace(query: &str, hash: &str, other: &str) -> Option<String> {
    if hash.is_empty() {
        return None;
    }
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let mut text = String::with_capacity(query.len());
    let mut end = 0;
    let mut found = false;
    for (at, _) in query.match_indices(hash) {
        let alone = !query[..at].ends_with(inside) && !query[at + hash.len()..].starts_with(inside);
        text.push_str(&query[end..at]);
        text.push_str(if alone { other } else { hash });
        found |= alone;
        end = at + hash.len();
    }
    text.push_str(&query[end..]);
    found.then_some(text)
}

/// What came: a value for each step, or none.
pub(crate) struct Beside {
    pub(crate) label: String,
    /// Seconds since 1970, and the value: none where there are no data, which NaN is not.
    pub(crate) values: Vec<(i64, Option<f64>)>,
    pub(crate) step: i64,
}

impl Beside {
    /// None before an answer. Or why it cannot be drawn.
    pub(crate) fn of(other: &Other, asked: &ValueQuery, known: &Known) -> Option<Result<Beside, String>> {
        let Some(Reply::Values(lines)) = &known.reply else { return None };
        let line = match lines.as_slice() {
            [] => &[][..],
            [line] => &line.values,
            several => return Some(Err(format!("its query gives {} series", several.len()))),
        };
        let now = known.at.map_or(asked.from, |at| at.as_second());
        let to = asked.to.unwrap_or(now);
        let mut came = line.iter().peekable();
        let mut values = Vec::new();
        let mut at = asked.from;
        while at <= to && (values.len() as i64) <= MOST * 6 {
            while came.next_if(|(when, _)| *when < at as f64 - 0.5).is_some() {}
            let value = came.next_if(|(when, _)| *when <= at as f64 + 0.5).map(|(_, value)| *value);
            values.push((at, value));
            at += asked.step;
        }
        Some(Ok(Beside { label: other.label.clone(), values, step: asked.step }))
    }

    /// The value nearest to a time, where one lies within a step.
    pub(crate) fn near(&self, at: i64) -> Option<Option<f64>> {
        let nearest = self.values.iter().min_by_key(|(when, _)| (when - at).abs())?;
        ((nearest.0 - at).abs() <= self.step).then_some(nearest.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::sync::Arc;
    use telemetry::Line;

    #[test]
    fn only_the_hash_itself_is_replaced() {
        let query = "rate(x{hash=\"abc\"}[2m]) / rate(x{pod=~\"hotrod-abc-.*\",abc_x=\"1abc\"}[2m])";
        let expected = "rate(x{hash=\"new\"}[2m]) / rate(x{pod=~\"hotrod-new-.*\",abc_x=\"1abc\"}[2m])";
        assert_eq!(replace(query, "abc", "new").as_deref(), Some(expected));
        assert_eq!(replace("sum(x)", "abc", "new"), None);
        assert_eq!(replace("sum(x)", "", "new"), None);
    }

    #[test]
    fn what_is_missing_and_what_is_nan_stay_apart() {
        let other = Other { hash: "s".to_owned(), label: "stable".to_owned() };
        let asked = ValueQuery { query: String::new(), from: 100, to: Some(140), step: 10 };
        let known =
            |lines| Known { reply: Some(Reply::Values(Arc::new(lines))), at: Timestamp::now().into(), trouble: None };
        let line = Line { labels: Default::default(), values: vec![(100.0, 1.0), (120.0, f64::NAN), (140.0, 2.0)] };
        let beside = Beside::of(&other, &asked, &known(vec![line.clone()])).and_then(Result::ok).expect("values");
        let kinds: Vec<_> = beside.values.iter().map(|(_, value)| value.map(f64::is_nan)).collect();
        assert_eq!(kinds, [Some(false), None, Some(true), None, Some(false)]);
        assert_eq!(beside.near(138), Some(Some(2.0)));
        assert_eq!(beside.near(500), None);
        assert!(Beside::of(&other, &asked, &known(vec![line.clone(), line])).is_some_and(|it| it.is_err()));
        assert_eq!(Beside::of(&other, &asked, &known(vec![])).and_then(Result::ok).expect("none").values.len(), 5);
        assert!(Beside::of(&other, &asked, &Known::default()).is_none());
    }
}
