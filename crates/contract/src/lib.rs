//! Joins the typed views: who listens where, which series exist, and what a gate reads under a scenario. No IO.

mod bound;
mod cards;
pub mod chain;
pub mod endpoint;
mod footprint;
pub mod gates;
mod intake;
mod links;
pub mod listen;
mod naming;
mod pods;
mod resolve;
mod series;
mod simulate;
mod spans;

pub use bound::{BoundGate, Hashes, Unmeasurable};
pub use cards::{Card, CardSeries, cards};
pub use chain::{Dial, Scrape, Sender, collector_behind, differs, selects};
pub use intake::Intake;
pub use links::Links;
pub use listen::{Listener, Speaks};
pub use naming::{Naming, Shape};
pub use pods::Versions;
pub use resolve::{Caller, Missing, Target, World};
pub use series::{Domain, Families, Family, Kind, Origin, namespace, sanitize, target_labels};
pub use simulate::{
    CANARY_HASH, Composition, Judged, Load, PHASES, Run, STABLE_HASH, Scenario, Simulated, probe_rate, value_matches,
};
pub use spans::{CONNECTOR, Dimension, Measures, SpanMetric, SpanMetrics};

use model::{Context, Mission, Repository, Rollout, Workload, WorkloadDescription};
use std::sync::OnceLock;

/// Everything that follows from the repository and the policy, derived once.
pub struct Contract<'r> {
    /// The typed views.
    pub repository: &'r Repository,
    /// Policy and facts from outside.
    pub context: &'r Context,
    /// Which pods stand behind which Service.
    pub links: Links,
    /// Listeners of each collector, by its index.
    pub listeners: Vec<Vec<Listener>>,
    /// Annotated pods.
    pub scrapes: Vec<Scrape>,
    /// Workloads that send OTLP.
    pub senders: Vec<Sender>,
    /// Span metrics connectors with their way to Prometheus.
    pub span_metrics: Vec<SpanMetrics>,
    /// Series by name.
    pub families: Vec<Family>,
    /// Every gate of every run.
    pub gates: Vec<gates::Gate>,
    known: series::Names,
    described: OnceLock<bool>,
    sending: OnceLock<Vec<usize>>,
    bypassed: OnceLock<bool>,
    memos: Vec<simulate::Memo>,
    fresh: Vec<OnceLock<Option<Vec<Run>>>>,
}

impl<'r> Contract<'r> {
    /// Derives the contract.
    pub fn derive(repository: &'r Repository, context: &'r Context) -> Contract<'r> {
        let listeners = repository.collectors.iter().map(|c| listen::listeners(repository, c)).collect();
        let links = Links::derive(repository);
        let senders = chain::senders(World { repository, context, links: &links });
        let mut contract = Contract {
            repository,
            context,
            links,
            listeners,
            scrapes: chain::scrapes(repository),
            senders,
            span_metrics: Vec::new(),
            families: Vec::new(),
            gates: Vec::new(),
            known: series::Names::default(),
            described: OnceLock::new(),
            sending: OnceLock::new(),
            bypassed: OnceLock::new(),
            memos: Vec::new(),
            fresh: Vec::new(),
        };
        contract.span_metrics = series::all_span_metrics(&contract);
        contract.families = series::families(&contract);
        contract.known = series::Names::of(&contract.families);
        contract.gates = gates::gates(&contract);
        contract.memos = contract.gates.iter().map(|_| simulate::Memo::default()).collect();
        contract.fresh = contract.gates.iter().map(|_| OnceLock::new()).collect();
        contract
    }

    /// What addresses are resolved against.
    pub fn world(&self) -> World<'_> {
        World { repository: self.repository, context: self.context, links: &self.links }
    }

    /// The listeners of a collector, by its index.
    pub fn listeners_of(&self, collector: usize) -> &[Listener] {
        self.listeners.get(collector).map(Vec::as_slice).unwrap_or_default()
    }

    /// The policy's description of a workload, by the image of any of its containers.
    pub fn description_of(&self, workload: &Workload) -> Option<&'r WorkloadDescription> {
        let context = self.context;
        workload.containers.iter().filter_map(|c| c.image.as_ref()).find_map(|i| context.policy.description(&i.value))
    }

    /// What the policy asks of a rollout.
    pub fn mission(&self, rollout: &Rollout) -> Option<&'r Mission> {
        let context = self.context;
        let workload = self.repository.workloads.get(rollout.workload?)?;
        workload.containers.iter().filter_map(|c| c.image.as_ref()).find_map(|i| context.policy.mission(&i.value))
    }
}
