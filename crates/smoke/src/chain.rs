//! Whether the telemetry chain delivers while a release is on its way: each change is told once.

use delivery::{Name, Release, View};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// What of the chain stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "link")]
pub enum Link {
    /// Prometheus' target of a collector's pods.
    Target {
        /// The collector.
        collector: String,
        /// Why it is not up; `None` where it is.
        down: Option<String>,
    },
    /// Spans of the canary's pods have been counted.
    Spans {
        /// The canary's hash.
        hash: String,
    },
    /// A series of the canary's is there.
    Series {
        /// Its name.
        metric: String,
        /// The canary's hash.
        hash: String,
    },
    /// A trace of the canary is in Jaeger.
    Trace {
        /// The canary's hash.
        hash: String,
    },
    /// Somebody does not answer.
    Silent {
        /// In words.
        why: String,
    },
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Link::Target { collector, down: None } => write!(f, "collector target up ({collector})"),
            Link::Target { collector, down: Some(why) } => write!(f, "collector target down ({collector}): {why}"),
            Link::Spans { hash } => write!(f, "spans of canary {hash} arrive"),
            Link::Series { metric, hash } => write!(f, "series {metric} of {hash} present"),
            Link::Trace { hash } => write!(f, "a trace of canary {hash} is in Jaeger"),
            Link::Silent { why } => f.write_str(why),
        }
    }
}

/// What was told already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    told: BTreeSet<Link>,
}

impl Chain {
    /// What is new since the last time, in the chain's order. Something that went away and comes back is new again.
    pub fn news(&mut self, now: impl IntoIterator<Item = Link>) -> Vec<Link> {
        let now: BTreeSet<Link> = now.into_iter().collect();
        let news = now.difference(&self.told).cloned().collect();
        self.told = now;
        news
    }
}

/// The rollouts that have a canary on its way, each with the canary's hash.
pub fn canaries(release: &Release, view: &View) -> Vec<(Name, String)> {
    let under_way = release.rollouts.iter().filter_map(|target| {
        let rollout = view.rollout(&target.name)?;
        let new = !rollout.hash.is_empty() && rollout.hash != rollout.stable && !rollout.abort;
        new.then(|| (target.name.clone(), rollout.hash.clone()))
    });
    under_way.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Observed, Rollout, RolloutTarget};

    #[test]
    fn a_canary_is_what_is_not_stable_yet() {
        let name = Name::new("hotrod", "hotrod");
        let target = RolloutTarget { name: name.clone(), ..RolloutTarget::default() };
        let release = Release { rollouts: vec![target], ..Release::default() };
        let of = |hash: &str, stable: &str, abort: bool| {
            let rollout = Rollout { hash: hash.to_owned(), stable: stable.to_owned(), abort, ..Rollout::default() };
            let mut view = View::default();
            view.rollouts.insert(name.clone(), Observed { version: 1, object: Some(rollout) });
            canaries(&release, &view)
        };
        assert_eq!(of("b", "a", false), [(name.clone(), "b".to_owned())]);
        assert!(of("a", "a", false).is_empty() && of("b", "a", true).is_empty() && of("", "a", false).is_empty());
        assert!(canaries(&release, &View::default()).is_empty());
    }

    #[test]
    fn each_change_is_told_once() {
        let target = |down: Option<&str>| Link::Target { collector: "c".to_owned(), down: down.map(str::to_owned) };
        let spans = Link::Spans { hash: "abc".to_owned() };
        let words = |links: Vec<Link>| links.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut chain = Chain::default();
        assert_eq!(words(chain.news([target(Some("refused"))])), ["collector target down (c): refused"]);
        assert_eq!(words(chain.news([target(Some("refused"))])), [""; 0]);
        assert_eq!(
            words(chain.news([spans.clone(), target(None)])),
            ["collector target up (c)", "spans of canary abc arrive"]
        );
        assert_eq!(words(chain.news([spans.clone(), target(None)])), [""; 0]);
        assert_eq!(words(chain.news([])), [""; 0]);
        assert_eq!(words(chain.news([spans])), ["spans of canary abc arrive"]);
    }
}
