//! Whether the telemetry chain delivers while a canary is measured, announced as it changes.

use super::evidence::rollout;
use crate::args::EndpointArgs;
use crate::error::CommandError;
use contract::{Contract, Hashes};
use delivery::Name;
use model::{Context, Repository};
use smoke::{CollectorPods, Link, Wanted};
use std::time::Duration;
use telemetry::{Jaeger, Prometheus, Search};
use tokio::sync::watch;
use tokio::time::sleep;

/// Between two looks: a scrape takes longer.
const PERIOD: Duration = Duration::from_secs(2);

/// The chain of one repository's release.
pub(crate) struct Chain {
    prometheus: Prometheus,
    jaeger: Jaeger,
    repository: Repository,
    context: Context,
    collectors: Vec<CollectorPods>,
    /// When looking began: traces from before are no news.
    since: i64,
    told: smoke::Chain,
}

impl Chain {
    /// Asks nobody yet.
    pub(crate) fn new(
        endpoints: &EndpointArgs,
        repository: Repository,
        context: Context,
    ) -> Result<Chain, CommandError> {
        let (prometheus, jaeger) = endpoints.open()?;
        let collectors = CollectorPods::of(&Contract::derive(&repository, &context));
        let since = jiff::Timestamp::now().as_microsecond();
        Ok(Chain { prometheus, jaeger, repository, context, collectors, since, told: smoke::Chain::default() })
    }

    /// Tells every change of the chain of whatever canaries there are, until it is dropped. Runs beside the release.
    pub(crate) async fn announce(
        mut self,
        canaries: watch::Receiver<Vec<(Name, String)>>,
        mut tell: impl FnMut(&Link),
    ) -> std::convert::Infallible {
        loop {
            let now = canaries.borrow().clone();
            self.news(&now).await.iter().for_each(&mut tell);
            sleep(PERIOD).await;
        }
    }

    /// What has changed since the last time.
    pub(crate) async fn news(&mut self, canaries: &[(Name, String)]) -> Vec<Link> {
        let mut links = self.targets().await;
        if !links.iter().any(|link| matches!(link, Link::Silent { .. })) {
            for (name, hash) in canaries {
                links.extend(self.canary(name, hash).await);
            }
        }
        self.told.news(links)
    }

    async fn targets(&self) -> Vec<Link> {
        let targets = match self.prometheus.targets().await {
            Ok(targets) => targets,
            Err(error) => return vec![Link::Silent { why: error.to_string() }],
        };
        let state = |collector: &CollectorPods| {
            let ours: Vec<_> = targets.iter().filter(|target| collector.covers(&target.labels)).collect();
            let down = match ours.iter().find(|target| target.health != "up") {
                None if ours.is_empty() => Some("Prometheus has no such target".to_owned()),
                None => None,
                Some(target) if target.last_error.is_empty() => Some(format!("it is {}", target.health)),
                Some(target) => Some(target.last_error.clone()),
            };
            Link::Target { collector: collector.name.clone(), down }
        };
        self.collectors.iter().map(state).collect()
    }

    async fn canary(&self, name: &Name, hash: &str) -> Vec<Link> {
        let contract = Contract::derive(&self.repository, &self.context);
        let Some((index, trace)) = rollout(&contract, name, hash) else { return Vec::new() };
        let wanted = Wanted::of(&contract, index, name.clone(), &Hashes { canary: hash, stable: hash });
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
        if let Ok(trace) = trace {
            let search = Search {
                service: trace.service,
                tags: trace.attributes,
                start: self.since,
                end: jiff::Timestamp::now().as_microsecond() + 60_000_000,
                limit: 1,
            };
            match self.jaeger.traces(&search).await {
                Ok(traces) if !traces.is_empty() => links.push(Link::Trace { hash: hash.to_owned() }),
                Ok(_) => {}
                Err(error) => links.push(Link::Silent { why: error.to_string() }),
            }
        }
        links
    }
}
