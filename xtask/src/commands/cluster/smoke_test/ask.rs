//! Asks the cluster, Prometheus and Jaeger for what the checks look at.

use super::super::trail::search_since;
use super::super::which::said;
use super::here::Here;
use crate::args::EndpointArgs;
use crate::error::CommandError;
use cluster::Cluster;
use contract::{Contract, Hashes};
use delivery::{Name, Release, RolloutTarget, View};
use smoke::{Facts, PodCount, Seen, Series, Span, Trace, TraceWanted, Wanted};
use telemetry::{Jaeger, Prometheus, QueryError};

/// How far back a trace may lie where no run says since when.
const BACK: i64 = 3_600_000_000;
/// Newer ones are the same.
const TRACES: usize = 20;

pub(super) struct Ask<'a> {
    cluster: &'a Cluster,
    prometheus: Prometheus,
    jaeger: Jaeger,
}

impl<'a> Ask<'a> {
    pub(super) fn new(cluster: &'a Cluster, endpoints: &EndpointArgs) -> Result<Ask<'a>, CommandError> {
        let (prometheus, jaeger) = endpoints.open()?;
        Ok(Ask { cluster, prometheus, jaeger })
    }

    pub(super) async fn everything(&self, here: &Here, contract: &Contract<'_>) -> Result<Facts, CommandError> {
        let (mut names, mut undeployed) = (Vec::new(), Vec::new());
        for (index, rollout) in smoke::asked(contract) {
            match here.deployed(rollout) {
                Some(name) => names.push((index, name.clone())),
                None => undeployed.push(rollout.name.clone()),
            }
        }
        let target = |(_, name): &(usize, Name)| RolloutTarget { name: name.clone(), ..RolloutTarget::default() };
        let release = Release {
            applications: here.applications.clone(),
            rollouts: names.iter().map(target).collect(),
            ..Release::default()
        };
        let view = self.cluster.look(&release).await.map_err(said)?;
        let mut releases = Vec::new();
        for (index, name) in names {
            releases.push(self.rollout(contract, index, name, &view).await);
        }
        Ok(Facts {
            git: here.git.clone(),
            applications: here.applications.clone(),
            elsewhere: here.elsewhere.clone(),
            view,
            releases,
            undeployed,
        })
    }

    async fn rollout(&self, contract: &Contract<'_>, index: usize, name: Name, view: &View) -> Seen {
        let rollout = view.rollout(&name);
        let (hash, stable) = rollout.map(|r| (r.hash.clone(), r.stable.clone())).unwrap_or_default();
        let wanted = Wanted::of(contract, index, name, &Hashes { canary: &hash, stable: &stable });
        let selector = format!("rollouts-pod-template-hash={hash}");
        let pods = if hash.is_empty() {
            Err("the rollout is not there, or has no hash yet".to_owned())
        } else {
            self.cluster.pods(&wanted.rollout.namespace, &selector).await.map_err(|error| error.to_string())
        };
        let mut series = Vec::new();
        for one in wanted.series.iter().flatten() {
            series.push(self.counts(one).await.map_err(|error| error.to_string()));
        }
        let since = view.rollout(&wanted.rollout).and_then(|rollout| {
            let runs = view.runs_of(&wanted.rollout, rollout);
            runs.first().and_then(|(_, run)| run.created.parse::<jiff::Timestamp>().ok())
        });
        let traces = match &wanted.trace {
            Ok(trace) => self.traces(trace, since).await.map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        let mut measured = Vec::new();
        for gate in &wanted.gates {
            measured.push(match gate {
                Ok(gate) => match self.prometheus.query(&gate.query).await {
                    Ok(answer) => answer.measured().ok_or_else(|| "Prometheus answers with no number".to_owned()),
                    Err(error) => Err(error.to_string()),
                },
                Err(why) => Err(why.to_string()),
            });
        }
        Seen { wanted, pods, series, traces, measured }
    }

    async fn counts(&self, series: &Series) -> Result<Vec<PodCount>, QueryError> {
        let samples = self.prometheus.samples(&series.query).await?;
        let pod = |sample: &telemetry::Sample| series.pod.as_ref().and_then(|label| sample.labels.get(label).cloned());
        Ok(samples.iter().map(|s| PodCount { pod: pod(s).unwrap_or_default(), count: s.value }).collect())
    }

    async fn traces(&self, wanted: &TraceWanted, since: Option<jiff::Timestamp>) -> Result<Vec<Trace>, QueryError> {
        let now = jiff::Timestamp::now().as_microsecond();
        let search = search_since(wanted, since.map_or(now - BACK, jiff::Timestamp::as_microsecond), TRACES);
        let span = |span: telemetry::Span| {
            let resource = |name: &Option<String>| name.as_ref().and_then(|name| span.process.get(name).cloned());
            Span {
                hash: resource(&wanted.hash),
                pod: resource(&wanted.pod),
                service: span.service.clone(),
                operation: span.operation.clone(),
            }
        };
        let found = self.jaeger.traces(&search).await?;
        Ok(found
            .into_iter()
            .map(|trace| Trace { id: trace.id, spans: trace.spans.into_iter().map(span).collect() })
            .collect())
    }
}
