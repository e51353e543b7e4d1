//! A health check for a collector whose probes ask for one that it does not run.

use super::edit::{Ops, define, put};
use super::view::views;
use crate::draft::fix;
use crate::finding::{Fix, Safety};
use catalogue::Class;
use contract::Contract;
use model::{Probe, type_of};
use yaml::{Op, Value};

/// The extension's port, and nothing else's.
const PORT: u16 = 13133;

/// Runs the extension where the probe asks for it; `None` where the probe may mean something else.
pub(crate) fn health_check(contract: &Contract<'_>, workload: usize, port: u16, probe: &Probe) -> Option<Fix> {
    let view = views(contract).find(|v| v.collector.workload == Some(workload))?;
    let checks = |id: &str| type_of(id).starts_with("health");
    let has = view.config.of_class(Class::Extension).any(|c| checks(&c.id))
        || view.config.extensions.iter().any(|e| checks(&e.value));
    if port != PORT || probe.via != "httpGet" || has || !view.whole() || !view.known() {
        return None;
    }
    let mut entries = vec![("endpoint", Value::from(format!("0.0.0.0:{PORT}")))];
    entries.extend(probe.path.as_ref().filter(|p| p.value != "/").map(|p| ("path", Value::from(p.value.as_str()))));
    let mut ops: Ops = define(&view, Class::Extension, "health_check", Value::map(entries));
    let service = view.root.key("service");
    let listed = service.key("extensions");
    match view.node(&listed).filter(|n| n.items().next().is_some()) {
        Some(_) => ops.push((listed.file, Op::Append { route: listed.route, value: "health_check".into() })),
        None => ops.extend(put(&view, &service, &["extensions"], Value::seq(["health_check"]))),
    }
    Some(fix("Run the extension `health_check` that the probes ask", Safety::Safe, ops))
}
