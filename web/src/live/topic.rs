//! Which page a reader looks at.

use super::hub::Frame;
use super::{Cluster, Live, State};
use crate::analysis::AnalysisPage;
use crate::folder::{FindingsPage, PipelinePage};
use crate::pipeline::Link;
use crate::release::ReleasePage;
use crate::release::overview::RolloutsPage;
use crate::serve::Shared;
use crate::traces::{self, Filter, TracesPage};
use crate::upstream::Question;
use askama::Template as _;
use delivery::Name;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::collections::HashMap;
use std::sync::Arc;

/// A live page's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// All rollouts, a page of them.
    Rollouts(usize),
    /// One rollout's release.
    Release(Name),
    /// Its gates, in the run of that name or the one that matters most.
    Analysis(Name, Option<String>),
    /// Its traces.
    Traces(Name, Box<Filter>),
    /// What the check says of the folder.
    Findings,
    /// The folder's collectors; no commit.
    Pipeline(Link),
}

/// What a name may have and an address may not.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text as a part of an address.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// A rollout's address.
pub(crate) fn address(name: &Name) -> String {
    format!("/rollouts/{}/{}", encode(&name.namespace), encode(&name.name))
}

impl Topic {
    pub(crate) fn rollouts(query: &HashMap<String, String>) -> Topic {
        Topic::Rollouts(query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1).max(1))
    }

    pub(crate) fn analysis(name: Name, query: &HashMap<String, String>) -> Topic {
        Topic::Analysis(name, query.get("run").filter(|run| !run.is_empty()).cloned())
    }

    /// What the page asks others than the cluster, as far as that is known.
    pub(crate) fn questions(&self, shared: &Shared, state: &State) -> Vec<Question> {
        match self {
            Topic::Rollouts(_) | Topic::Release(_) => Vec::new(),
            Topic::Analysis(name, run) => crate::analysis::questions(shared, state, name, run.as_deref()),
            Topic::Traces(name, filter) => traces::questions(shared, state, name, filter),
            Topic::Findings => vec![Question::Folder],
            Topic::Pipeline(_) => crate::folder::questions(shared),
        }
    }

    /// Whether it is drawn again every few seconds, to ask again.
    pub(crate) fn asks(&self) -> bool {
        !matches!(self, Topic::Rollouts(_) | Topic::Release(_))
    }

    /// Where its page is.
    pub(crate) fn address(&self) -> String {
        match self {
            Topic::Rollouts(1) => "/rollouts".to_owned(),
            Topic::Rollouts(page) => format!("/rollouts?page={page}"),
            Topic::Release(name) => address(name),
            Topic::Analysis(name, None) => format!("{}/analysis", address(name)),
            Topic::Analysis(name, Some(run)) => crate::analysis::address(name, run),
            Topic::Traces(name, filter) => filter.address(name),
            Topic::Findings => "/findings".to_owned(),
            Topic::Pipeline(link) => format!("/pipeline{}", link.query()),
        }
    }

    /// The event stream of a page that shows a frame.
    fn stream(&self, id: &str) -> String {
        let address = self.address();
        let more = if address.contains('?') { '&' } else { '?' };
        format!("/events{address}{more}after={id}")
    }

    /// What wakes its readers; none for a page of a cluster that is not there.
    pub(crate) fn live<'a>(&self, shared: &'a Shared) -> Option<&'a Arc<Live>> {
        let folder = matches!(self, Topic::Findings | Topic::Pipeline(_));
        (folder || matches!(shared.cluster, Cluster::Live(_))).then_some(&shared.live)
    }

    /// Whether there is such a page.
    pub(crate) fn exists(&self, state: &State) -> bool {
        match self {
            Topic::Rollouts(_) | Topic::Findings | Topic::Pipeline(_) => true,
            Topic::Release(name) | Topic::Analysis(name, _) | Topic::Traces(name, _) => {
                state.view.rollout(name).is_some() || !state.has_read("rollouts")
            }
        }
    }

    /// The part of the page that is sent whenever it changed.
    pub(crate) fn fragment(&self, shared: &Shared, live: &Live, state: &State) -> Result<String, askama::Error> {
        match self {
            Topic::Rollouts(page) => RolloutsPage::of(shared, live, state, *page).as_live().render(),
            Topic::Release(name) => ReleasePage::of(shared, live, state, name).as_live().render(),
            Topic::Analysis(name, run) => {
                AnalysisPage::of(shared, live, state, name, run.as_deref()).as_live().render()
            }
            Topic::Traces(name, filter) => TracesPage::of(shared, live, state, name, filter).as_live().render(),
            Topic::Findings => FindingsPage::of(shared).as_live().render(),
            Topic::Pipeline(link) => PipelinePage::of(shared, state, link).as_live().render(),
        }
    }

    /// The whole page.
    pub(crate) fn page(
        &self,
        shared: &Shared,
        live: &Live,
        state: &State,
        shown: &Frame,
    ) -> Result<String, askama::Error> {
        let stream = Some(Stream { address: self.stream(&shown.id), since: crate::time::moment(shown.since) });
        match self {
            Topic::Rollouts(page) => RolloutsPage::of(shared, live, state, *page).with(stream).render(),
            Topic::Release(name) => ReleasePage::of(shared, live, state, name).with(stream).render(),
            Topic::Analysis(name, run) => {
                AnalysisPage::of(shared, live, state, name, run.as_deref()).with(stream).render()
            }
            Topic::Traces(name, filter) => TracesPage::of(shared, live, state, name, filter).with(stream).render(),
            Topic::Findings => FindingsPage::of(shared).with(stream).render(),
            Topic::Pipeline(link) => PipelinePage::of(shared, state, link).with(stream).render(),
        }
    }
}

/// How a page goes on.
pub(crate) struct Stream {
    pub(crate) address: String,
    /// Since when it is as it is.
    pub(crate) since: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_part_of_an_address_structure() {
        let topic = Topic::Analysis(Name::new("a/b", "c?d"), Some("e&after=f".to_owned()));
        assert_eq!(topic.stream("1"), "/events/rollouts/a%2Fb/c%3Fd/analysis?run=e%26after%3Df&after=1");
    }
}
