//! `collector/no-receiver`: no receiver configured.

use super::edit::{define_all, otlp_receiver, refer};
use super::lost::echo_lost;
use super::shapes::shape;
use super::slip::slips;
use super::view::{View, listed, views};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::{Fix, Safety, Severity};
use crate::registry::{Rule, SAFE};
use catalogue::Class;
use contract::Contract;

pub(crate) const RULE: Rule = Rule {
    name: "collector/no-receiver",
    severity: Severity::Error,
    summary: "no receiver configured",
    fix: Some("define what the pipelines name, on the address and port that senders use"),
    safety: SAFE,
    page: include_str!("../../pages/collector/no-receiver.md"),
    check,
};

fn check(contract: &Contract<'_>, drafts: &mut Drafts) {
    for view in views(contract).filter(View::lacks_receivers) {
        let wanted = wanted(&view);
        let message = match wanted.as_slice() {
            [] => "no receiver is configured".to_owned(),
            ids => format!("no receiver is configured, though the pipelines take from {}", listed(ids)),
        };
        let at = view.root.key("receivers");
        let consequence = "the collector exits at start: \"no receiver configuration specified in config\"";
        let mut draft = Draft::new(RULE.name, RULE.severity, &at, message, consequence).fix(mend(&view, &wanted));
        for slip in slips(&view).iter().filter(|s| s.components.iter().any(|(class, _)| *class == Class::Receiver)) {
            draft = draft.echo_at("collector/unknown-key", &slip.at);
        }
        draft = echo_lost(&view, draft, &["receivers"]);
        let ids: Vec<&str> = wanted.iter().map(String::as_str).collect();
        draft = echo_lost(&view, draft, &ids);
        if view.has_duplicates() {
            draft = draft.echo("yaml/duplicate-key", None);
        }
        drafts.push(draft);
    }
}

/// The IDs that pipelines take from and nothing defines, in order.
fn wanted(view: &View<'_>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for reference in view.undefined().filter(|r| r.side == Class::Receiver) {
        // One that stands on the other side too is meant to be a connector.
        let connector = view.undefined().any(|r| r.side == Class::Exporter && r.text.value == reference.text.value);
        if !connector && !ids.contains(&reference.text.value) {
            ids.push(reference.text.value.clone());
        }
    }
    ids
}

fn mend(view: &View<'_>, wanted: &[String]) -> Option<Fix> {
    if wanted.is_empty() {
        // Nothing names one: OTLP for the pipelines that take from nobody.
        let deaf: Vec<_> = view.config.pipelines.iter().filter(|p| p.receivers.is_empty()).collect();
        if deaf.is_empty() {
            return None;
        }
        let mut ops = define_all(view, Class::Receiver, vec![("otlp".to_owned(), otlp_receiver(view))]);
        ops.extend(deaf.into_iter().flat_map(|p| refer(view, p, Class::Receiver, "otlp")));
        return Some(fix("Define an OTLP receiver for the pipelines", Safety::Safe, ops));
    }
    let shaped = wanted.iter().map(|id| Some((id.clone(), shape(view, Class::Receiver, id, None)?)));
    let components: Vec<_> = shaped.collect::<Option<_>>()?;
    let title = format!("Define {} on the ports that senders use", listed(wanted));
    Some(fix(title, Safety::Safe, define_all(view, Class::Receiver, components)))
}
