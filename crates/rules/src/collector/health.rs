//! A health check for a collector whose probes ask for one that it does not run.

use super::edit::{Ops, define, put};
use super::lost::echo_service;
use super::view::{View, views};
use crate::draft::{Draft, fix};
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
    let defined = view.config.of_class(Class::Extension).find(|c| checks(&c.id));
    let listed = view.config.extensions.iter().any(|e| checks(&e.value));
    if probe.via != "httpGet" || listed || !view.whole() || !view.known() {
        return None;
    }
    if let Some(defined) = defined {
        let title = format!("List `{}` in `service.extensions`", defined.id);
        return Some(fix(title, Safety::Safe, list(&view, &defined.id)));
    }
    if port != PORT {
        return None;
    }
    let mut entries = vec![("endpoint", Value::from(format!("0.0.0.0:{PORT}")))];
    entries.extend(probe.path.as_ref().filter(|p| p.value != "/").map(|p| ("path", Value::from(p.value.as_str()))));
    let mut ops: Ops = define(&view, Class::Extension, "health_check", Value::map(entries));
    ops.extend(list(&view, "health_check"));
    Some(fix("Run the extension `health_check` that the probes ask", Safety::Safe, ops))
}

/// Makes a draft about an extension that nothing lists an echo of what took the list away.
pub(crate) fn unlisted(contract: &Contract<'_>, workload: usize, draft: Draft) -> Draft {
    match views(contract).find(|v| v.collector.workload == Some(workload)) {
        Some(view) => echo_service(&view, draft),
        None => draft,
    }
}

/// Whether a workload's collector has a configuration that can't be read as a whole.
pub(crate) fn torn(contract: &Contract<'_>, workload: usize) -> bool {
    contract.links.collector(workload).is_some_and(|index| views(contract).all(|v| v.index != index))
}

/// Lists an extension.
fn list(view: &View<'_>, id: &str) -> Ops {
    let service = view.root.key("service");
    let listed = service.key("extensions");
    match view.node(&listed).filter(|n| n.items().next().is_some()) {
        Some(_) => vec![(listed.file, Op::Append { route: listed.route, value: id.into() })],
        None => put(view, &service, &["extensions"], Value::seq([id])),
    }
}
