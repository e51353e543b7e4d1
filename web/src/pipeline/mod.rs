//! The pipeline's page: the collectors as a graph and as a list, with what the check says where it belongs.

mod compare;
mod derive;
mod draw;
mod graph;
mod kept;
mod layout;
mod link;
mod list;
mod pins;
mod running;
mod view;

use crate::findings::Finding;
use contract::Contract;
use rules::Report;

pub(crate) use kept::Layouts;
pub(crate) use link::Link;
pub(crate) use running::{Compared, Declared};
pub(crate) use view::Shown;

/// What a snapshot keeps for the page.
pub(crate) struct Pipelines {
    pub(crate) graph: graph::Graph,
    pub(crate) lists: list::Lists,
    pub(crate) told: Vec<pins::Told>,
    pub(crate) declared: Vec<Declared>,
}

/// Derived from the same facts as the rules' findings.
pub(crate) fn pipelines(contract: &Contract<'_>, report: &Report, findings: &[Finding]) -> Pipelines {
    let mut graph = derive::graph(contract);
    let told = pins::pin(contract, report, findings, &mut graph);
    let lists = list::lists(contract, &derive::keys(contract.repository));
    Pipelines { graph, lists, told, declared: running::declared(contract) }
}
