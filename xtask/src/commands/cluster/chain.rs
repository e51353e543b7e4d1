//! What goes on beside a followed release: whether its telemetry chain delivers, announced as that changes; and what there is
//! to gates that failed in the end.

use super::evidence::{About, Evidence, evidence, wanted};
use super::trail::{Trail, Window, search_since};
use crate::args::{EndpointArgs, Target};
use crate::error::CommandError;
use crate::input::Input;
use contract::Contract;
use delivery::{Name, Stop, Verdict, View};
use model::{Context, Repository};
use smoke::{CollectorPods, Link};
use std::convert::Infallible;
use std::path::Path;
use std::time::Duration;
use telemetry::{Jaeger, Prometheus};
use tokio::sync::watch;
use tokio::time::sleep;

/// Between two looks: a scrape takes longer.
const PERIOD: Duration = Duration::from_secs(2);

/// The release's repository, and who tells of its telemetry.
pub(crate) struct Telemetry {
    endpoints: EndpointArgs,
    prometheus: Prometheus,
    jaeger: Jaeger,
    repository: Repository,
    context: Context,
}

impl Telemetry {
    /// Asks nobody yet.
    pub(crate) fn of(
        endpoints: &EndpointArgs,
        repository: Repository,
        context: Context,
    ) -> Result<Telemetry, CommandError> {
        let (prometheus, jaeger) = endpoints.open()?;
        Ok(Telemetry { endpoints: endpoints.clone(), prometheus, jaeger, repository, context })
    }

    /// Of a folder; `None` where it holds nothing that is released by gates.
    pub(crate) fn here(endpoints: &EndpointArgs, folder: &Path) -> Result<Option<Telemetry>, CommandError> {
        let Ok(input) = Input::load(&Target { path: folder.to_path_buf(), policy: None }) else { return Ok(None) };
        let repository = Repository::read(&input.files, &input.context);
        let gated = repository.rollouts.iter().any(|rollout| rollout.runs().next().is_some());
        if gated { Telemetry::of(endpoints, repository, input.context).map(Some) } else { Ok(None) }
    }

    /// Tells every change of the chain for whatever canaries there are, until it is dropped.
    pub(crate) async fn announce(
        &self,
        canaries: watch::Receiver<Vec<(Name, String)>>,
        tell: impl Fn(&Link),
    ) -> Infallible {
        let contract = Contract::derive(&self.repository, &self.context);
        let collectors = CollectorPods::of(&contract);
        let since = jiff::Timestamp::now().as_microsecond();
        let mut told = smoke::Chain::default();
        loop {
            let now = canaries.borrow().clone();
            let mut links = self.targets(&collectors).await;
            if !links.iter().any(|link| matches!(link, Link::Silent { .. })) {
                for (name, hash) in &now {
                    links.extend(self.canary(&contract, name, hash, since).await);
                }
            }
            told.news(links).iter().for_each(&tell);
            sleep(PERIOD).await;
        }
    }

    async fn targets(&self, collectors: &[CollectorPods]) -> Vec<Link> {
        let targets = match self.prometheus.targets().await {
            Ok(targets) => targets,
            Err(error) => return vec![Link::Silent { why: error.to_string() }],
        };
        let state = |collector: &CollectorPods| {
            let mut ours = targets.iter().filter(|target| collector.covers(&target.labels)).peekable();
            let down = if ours.peek().is_none() {
                Some("Prometheus has no such target".to_owned())
            } else {
                ours.find(|target| target.health != "up").map(|target| match target.last_error.as_str() {
                    "" => format!("it is {}", target.health),
                    error => error.to_owned(),
                })
            };
            Link::Target { collector: collector.name.clone(), down }
        };
        collectors.iter().map(state).collect()
    }

    async fn canary(&self, contract: &Contract<'_>, name: &Name, hash: &str, since: i64) -> Vec<Link> {
        let Some((_, wanted)) = wanted(contract, name, hash) else { return Vec::new() };
        let mut links = Vec::new();
        for series in wanted.series.iter().flatten() {
            match self.prometheus.samples(&series.query).await {
                Ok(samples) if samples.iter().any(|sample| sample.value > 0.0) => {
                    links.push(Link::Spans { hash: hash.to_owned() });
                    links.push(Link::Series { metric: series.metric.clone(), hash: hash.to_owned() });
                }
                Ok(_) => {}
                Err(error) => links.push(Link::Silent { why: error.to_string() }),
            }
        }
        if let Ok(trace) = &wanted.trace {
            match self.jaeger.traces(&search_since(trace, since, 1)).await {
                Ok(traces) if !traces.is_empty() => links.push(Link::Trace { hash: hash.to_owned() }),
                Ok(_) => {}
                Err(error) => links.push(Link::Silent { why: error.to_string() }),
            }
        }
        links
    }

    /// What there is to the gates of a verdict; nothing for any other verdict.
    pub(crate) async fn evidence(&self, verdict: &Verdict, view: &View) -> Result<Vec<Evidence>, CommandError> {
        let Verdict::Stopped { what, why: Stop::GateFailed { run, gates, .. } } = verdict else {
            return Ok(Vec::new());
        };
        let Some(seen) = view.runs.get(run).and_then(|seen| seen.object.as_ref()) else { return Ok(Vec::new()) };
        let contract = Contract::derive(&self.repository, &self.context);
        let report = rules::check(&self.repository, &self.context);
        let trail = Trail::find(&self.endpoints).await?;
        let (wanted, window) = (wanted(&contract, what, &seen.hash), Window::of(seen, jiff::Timestamp::now()));
        let traces = match (wanted.as_ref().map(|(_, wanted)| &wanted.trace), &window) {
            (Some(Ok(trace)), Some(window)) => trail.traces(trace, window).await.map(|(search, _)| search),
            _ => None,
        };
        let about = About { trail: &trail, window, rollout: wanted.map(|(index, _)| index), traces };
        Ok(evidence(&about, &contract, &report, gates))
    }
}
