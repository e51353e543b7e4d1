//! Who answers what.

use super::question::{MOST_COMMITS, MOST_TRACES};
use super::{Question, Reply, TraceSearch, Upstream, ValueQuery, Who};
use crate::pipeline::Layouts;
use crate::serve::Source;
use crate::traces::Tree;
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use telemetry::{Found, Jaeger, Prometheus, QueryError};
use tokio::sync::Mutex;

/// Microseconds that are looked at again: the last traces were not whole yet.
const OVERLAP: i64 = 60_000_000;

pub(crate) struct Asker {
    pub(crate) upstream: Upstream,
    pub(crate) source: Arc<dyn Source>,
    /// The folder is never checked twice at once.
    pub(crate) turn: Arc<Mutex<()>>,
    pub(crate) layouts: Arc<Layouts>,
}

impl Asker {
    /// `before` is the last answer.
    pub(super) async fn ask(&self, question: &Question, before: Option<&Reply>) -> Result<Reply, String> {
        let said = |error: QueryError| error.to_string();
        match question {
            Question::Folder => {
                let _turn = self.turn.lock().await;
                let snapshot = self.source.load()?;
                // Before its first reader comes: a layout takes as long as a check, or longer.
                snapshot.pipelines.arrange(&self.layouts, self.upstream.prometheus.is_some());
                Ok(Reply::Folder(Arc::new(snapshot)))
            }
            Question::Commits => Ok(Reply::Commits(Arc::new(self.source.commits(MOST_COMMITS)))),
            Question::Traces(search) => {
                let before = match before {
                    Some(Reply::Traces(found)) => Some(found.as_ref()),
                    _ => None,
                };
                let found = traces(self.jaeger()?, search, before).await.map_err(said)?;
                Ok(Reply::Traces(Arc::new(found)))
            }
            Question::Trace(id) => {
                let trace = self.jaeger()?.trace(id).await.map_err(said)?;
                Ok(Reply::Trace(trace.map(|trace| Arc::new(Tree::of(&trace)))))
            }
            Question::Samples(query) => {
                let samples = self.prometheus()?.samples(query).await.map_err(said)?;
                Ok(Reply::Samples(Arc::new(samples)))
            }
            Question::Values(ValueQuery { query, from, to, step }) => {
                let to = to.unwrap_or_else(|| Timestamp::now().as_second()).max(*from);
                let lines =
                    self.prometheus()?.range(query, *from as f64, to as f64, *step as f64).await.map_err(said)?;
                Ok(Reply::Values(Arc::new(lines)))
            }
            Question::Pages(who) => Ok(Reply::Pages(self.has_pages(*who).await)),
        }
    }

    async fn has_pages(&self, who: Who) -> bool {
        let Upstream { jaeger, jaeger_pages, prometheus, prometheus_pages, pages_elsewhere } = &self.upstream;
        let (jaeger, prometheus) =
            if *pages_elsewhere { (jaeger, prometheus) } else { (jaeger_pages, prometheus_pages) };
        match (who, jaeger, prometheus) {
            (Who::Jaeger, Some(asked), _) => asked.has_ui().await,
            (Who::Prometheus, _, Some(asked)) => asked.has_ui().await,
            _ => false,
        }
    }

    fn prometheus(&self) -> Result<&Prometheus, String> {
        self.upstream.prometheus.as_ref().ok_or_else(|| "no Prometheus is set".to_owned())
    }

    fn jaeger(&self) -> Result<&Jaeger, String> {
        self.upstream.jaeger.as_ref().ok_or_else(|| "no Jaeger is set".to_owned())
    }
}

/// All traces the first time, later the newest ones.
async fn traces(jaeger: &Jaeger, search: &TraceSearch, before: Option<&Found>) -> Result<Found, QueryError> {
    let whole = search.search(Timestamp::now().as_microsecond());
    let newest = before.and_then(|found| found.digests.first()).map(|digest| digest.start);
    let Some((before, newest)) = before.zip(newest) else {
        return jaeger.digests(&whole, search.attribute.as_deref()).await;
    };
    let mut asked = whole.clone();
    asked.start = asked.start.max(newest.saturating_sub(OVERLAP));
    let mut found = jaeger.digests(&asked, search.attribute.as_deref()).await?;
    let known: HashSet<String> = found.digests.iter().map(|digest| digest.id.clone()).collect();
    // It began anew, and has forgotten what it had.
    if before.digests.first().is_some_and(|digest| digest.start >= asked.start && !known.contains(&digest.id)) {
        return jaeger.digests(&whole, search.attribute.as_deref()).await;
    }
    let old = before.digests.iter().filter(|digest| digest.start >= whole.start && !known.contains(&digest.id));
    found.digests.extend(old.cloned());
    found.digests.sort_by(|one, other| other.start.cmp(&one.start).then_with(|| one.id.cmp(&other.id)));
    let many = found.digests.len();
    found.more = many > MOST_TRACES || (many == MOST_TRACES && (found.more || before.more));
    found.digests.truncate(MOST_TRACES);
    Ok(found)
}
