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
mod rates;
mod running;
mod view;

use crate::findings::Finding;
use contract::Contract;
use rules::Report;

pub(crate) use kept::Layouts;
pub(crate) use link::Link;
pub(crate) use rates::Rates;
pub(crate) use running::{Compared, Declared};
pub(crate) use view::Shown;

/// What a snapshot keeps for the page.
pub(crate) struct Pipelines {
    pub(crate) graph: graph::Graph,
    pub(crate) lists: list::Lists,
    pub(crate) told: Vec<pins::Told>,
    pub(crate) declared: Vec<Declared>,
    pub(crate) meters: Vec<rates::Meter>,
}

impl Pipelines {
    /// Arranges the graph now rather than for its first reader; with room for rates, too, where there may be some.
    pub(crate) fn arrange(&self, layouts: &Layouts, rates: bool) {
        draw::arranged(&self.graph, layouts);
        if rates {
            draw::arranged(&self.metered(), layouts);
        }
    }

    /// The graph with room for rates.
    fn metered(&self) -> graph::Graph {
        let mut graph = self.graph.clone();
        for meter in &self.meters {
            for index in &meter.edges {
                if let Some(edge) = graph.edges.get_mut(*index) {
                    edge.unit = Some(meter.unit);
                }
            }
        }
        graph
    }
}

/// Derived from the same facts as the rules' findings.
pub(crate) fn pipelines(contract: &Contract<'_>, report: &Report, findings: &[Finding]) -> Pipelines {
    let mut graph = derive::graph(contract);
    let told = pins::pin(contract, report, findings, &mut graph);
    let meters = rates::meters(contract, &graph);
    let lists = list::lists(contract, &derive::keys(contract.repository));
    Pipelines { graph, lists, told, declared: running::declared(contract), meters }
}
