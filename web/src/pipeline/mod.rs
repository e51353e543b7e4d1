//! The pipeline's page: the collectors as a graph and as a list, with what the check says where it belongs.

mod compare;
mod derive;
mod draw;
mod graph;
mod layout;
mod link;
mod list;
mod pins;
mod view;

use crate::findings::Finding;
use contract::Contract;
use model::{Context, Repository};
use rules::Report;

pub(crate) use link::Link;
pub(crate) use view::Shown;

/// What a snapshot keeps for the page.
pub(crate) struct Pipelines {
    pub(crate) graph: graph::Graph,
    pub(crate) lists: list::Lists,
    pub(crate) told: Vec<pins::Told>,
}

/// Derived from the same facts as the rules' findings.
pub(crate) fn pipelines(
    repository: &Repository,
    context: &Context,
    report: &Report,
    findings: &[Finding],
) -> Pipelines {
    let contract = Contract::derive(repository, context);
    let mut graph = derive::graph(&contract);
    let told = pins::pin(&contract, report, findings, &mut graph);
    Pipelines { graph, lists: list::lists(&contract, &derive::keys(repository)), told }
}
