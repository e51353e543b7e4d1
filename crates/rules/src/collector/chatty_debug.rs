//! `collector/chatty-debug`: `debug` at detailed verbosity beside real exporters.

use super::view::{View, listed, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::Class;
use contract::Contract;
use model::{Component, Place, type_of};
use yaml::Op;

pub(crate) const RULE: Rule = Rule {
    name: "collector/chatty-debug",
    severity: Severity::Warning,
    summary: "`debug` at detailed verbosity beside real exporters",
    fix: Some("`basic`"),
    safety: SAFE,
    page: include_str!("../../pages/collector/chatty-debug.md"),
    check,
};

/// Exporters that only print.
fn prints(id: &str) -> bool {
    matches!(type_of(id), "debug" | "logging" | "nop")
}

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract) {
        for exporter in view.config.of_class(Class::Exporter).filter(|c| matches!(c.kind.as_str(), "debug" | "logging"))
        {
            let (Some((at, level)), beside) = (chatty(&view, exporter), beside(&view, exporter)) else { continue };
            if beside.is_empty() {
                continue;
            }
            let message =
                format!("exporter `{}` prints everything (`{level}`) beside {}", exporter.id, listed(&beside));
            let consequence = "every span, metric and log record is written to the collector's log in full: under load that costs more than the export itself";
            let value = if level == "debug" { "info" } else { "basic" };
            let op = Op::Set { route: at.route.clone(), value: value.into() };
            let mend = fix(format!("Print summaries only (`{value}`)"), Safety::Safe, [(at.file, op)]);
            drafts.push(Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend));
        }
    }
}

/// Where the exporter is told to print everything, and the word: `verbosity: detailed`, or the older `loglevel: debug`.
fn chatty<'a>(view: &View<'a>, exporter: &Component) -> Option<(Place, &'a str)> {
    let node = view.node(&exporter.at)?;
    let detailed = node.get("verbosity").filter(|n| n.as_str().is_some_and(|v| v.eq_ignore_ascii_case("detailed")));
    let old = || node.get("loglevel").filter(|n| exporter.kind == "logging" && n.as_str() == Some("debug"));
    let found = detailed.or_else(old)?;
    Some((Place::of(exporter.at.file, found), found.as_str()?))
}

/// Real exporters in the pipelines that use it.
fn beside<'a>(view: &View<'a>, exporter: &'a Component) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    for user in view.users(exporter) {
        let real = user.pipeline.exporters.iter().map(|e| e.value.as_str());
        let real = real.filter(|id| !prints(id) && view.config.component(Class::Exporter, id).is_some());
        found.extend(real.filter(|id| !found.contains(id)).collect::<Vec<_>>());
    }
    found
}
