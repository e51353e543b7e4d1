//! What a component's own validation asks for. Read from the components' `Validate` (v0.145.0) and held to the real collector by a
//! test; a component that is not listed here is not judged.

mod connectors;
mod exporters;
mod processors;
mod receivers;

use super::fatal;
use crate::collector::catalog::exists;
use crate::collector::lost::echo_lost;
use crate::collector::stray::strays;
use crate::collector::view::{View, is_variable, role};
use crate::draft::{Draft, Drafts, fix};
use crate::finding::Safety;
use catalogue::Class;
use contract::CONNECTOR;
use model::duration::go_duration;
use model::{Component, Place};
use yaml::{Node, Op};

pub(super) fn check(view: &View<'_>, drafts: &mut Drafts) {
    for component in view.config.components.iter().filter(|c| exists(view.collector, c.class, &c.kind)) {
        let node = view.node(&component.at);
        // Filled in from outside as a whole, or no mapping at all: nothing to ask for.
        if node.is_some_and(|n| n.as_str().is_some() || n.is_sequence()) {
            continue;
        }
        let asked = Asked { view, component, node, found: Vec::new() };
        // The target is below a key that is a path.
        if node.is_some_and(|n| n.entries().any(|(key, _)| key.contains("::"))) {
            continue;
        }
        for draft in asked.run() {
            drafts.push(draft);
        }
    }
}

struct Asked<'a> {
    view: &'a View<'a>,
    component: &'a Component,
    node: Option<Node<'a>>,
    found: Vec<Draft>,
}

impl<'a> Asked<'a> {
    fn run(mut self) -> Vec<Draft> {
        match (self.component.class, self.component.kind.as_str()) {
            (Class::Receiver, "otlp") => self.otlp_receiver(),
            (Class::Receiver, "prometheus") => self.prometheus_receiver(),
            (Class::Exporter, "otlp" | "otlp_grpc") => self.otlp_exporter(),
            (Class::Exporter, "otlphttp" | "otlp_http") => self.otlphttp_exporter(),
            (Class::Exporter, "prometheus") => {
                self.needs("endpoint", "expecting a non-blank address to run the Prometheus metrics handler")
            }
            (Class::Exporter, "file") => self.needs("path", "path must be non-empty"),
            (Class::Exporter, "debug") => {
                // A number is cut to a whole one, and that is a level: 0 basic, 1 normal, 2 detailed.
                let level = self.number(&["verbosity"]).map(f64::trunc);
                let unknown = level.is_some_and(|level| !(0.0..=2.0).contains(&level));
                if self.text(&["verbosity"]).is_some_and(|v| v.eq_ignore_ascii_case("none")) || unknown {
                    let word = self.text(&["verbosity"]).unwrap_or_default();
                    self.say(
                        &["verbosity"],
                        &format!("verbosity `{word}` is not supported"),
                        "verbosity level is not supported",
                    );
                }
            }
            (Class::Processor | Class::Extension, "memory_limiter") => self.memory_limiter(),
            (Class::Processor, "batch") => self.batch(),
            (Class::Processor, "attributes") => self.actions("actions"),
            (Class::Processor, "resource") => self.actions("attributes"),
            (Class::Extension, "health_check") => {
                if self.text(&["endpoint"]) == Some("") || self.zeroed(&["endpoint"]) {
                    self.say(&["endpoint"], "the address is empty", "http endpoint required");
                }
                if self.text(&["path"]).is_some_and(|p| !p.starts_with('/') && !is_variable(p)) {
                    self.say(&["path"], "the path must begin with a slash", "path must start with /");
                }
            }
            (Class::Connector, kind) if CONNECTOR.contains(&kind) => self.span_metrics(),
            _ => {}
        }
        if self.component.class == Class::Exporter {
            self.exporter_helper();
        }
        self.found
    }

    /// Whether the key is there without a value: that is zero, not the default.
    pub(super) fn zeroed(&self, keys: &[&str]) -> bool {
        self.node.and_then(|n| n.at(keys)).is_some_and(|n| n.is_null())
    }

    /// A finding about one entry of a list, which may miss one of the keys.
    fn entry(&mut self, entry: Node<'a>, keys: &[&str], why: &str, says: &str) {
        let at = Place::of(self.component.at.file, entry);
        let message = format!("{} `{}`: {why}", role(self.component.class), self.component.id);
        let draft = fatal(&at, message, says).echo("collector/unknown-key", Some(&at));
        // A value of the wrong type in it is a finding of its own.
        let draft = draft.echo("collector/invalid-value", Some(&at));
        self.found.push(echo_lost(self.view, draft, keys));
    }

    /// Mends the last finding by taking the item that `name` stands in out of its list; one that says more than its name
    /// may be the one that was meant.
    fn drop_item(&mut self, name: Node<'a>) {
        let item = Place::of(self.component.at.file, name).parent();
        let plain = self.view.node(&item).is_some_and(|n| n.entries().count() == 1);
        if let Some(draft) = self.found.last_mut().filter(|_| plain) {
            let remove = (item.file, Op::Remove { route: item.route });
            draft.finding.fix = Some(fix("Remove it: every series has it", Safety::Safe, [remove]));
        }
    }

    fn get(&self, keys: &[&str]) -> Option<Node<'a>> {
        self.node?.at(keys).filter(|n| !n.is_null())
    }

    fn text(&self, keys: &[&str]) -> Option<&'a str> {
        self.get(keys)?.as_str()
    }

    fn number(&self, keys: &[&str]) -> Option<f64> {
        self.get(keys)?.as_f64()
    }

    /// Seconds; a bare number counts nanoseconds.
    fn seconds(&self, keys: &[&str]) -> Option<f64> {
        let node = self.get(keys)?;
        node.as_f64().map(|n| n / 1e9).or_else(|| go_duration(node.as_str()?))
    }

    /// Whether something stands there that can't be judged.
    fn hidden(&self, keys: &[&str]) -> bool {
        self.get(keys).is_some_and(|n| n.as_str().is_some_and(is_variable))
    }

    fn place(&self, keys: &[&str]) -> Place {
        keys.iter().fold(self.component.at.clone(), |place, key| place.key(key))
    }

    fn say(&mut self, keys: &[&str], why: &str, says: &str) {
        let (class, id) = (role(self.component.class), &self.component.id);
        let message = format!("{class} `{id}`: {why}");
        let mut draft = fatal(&self.place(keys), message, &format!("{class}s::{id}: {says}"));
        // A key that slipped away, or is misspelled, may be the one that is missed; a wrong type has a finding of its own.
        draft = draft.echo("collector/unknown-key", Some(&self.component.at));
        draft = echo_lost(self.view, draft, keys);
        for stray in strays(self.view).iter().filter(|s| s.owner == self.component.at) {
            draft = draft.echo_at("collector/unknown-key", &stray.at);
        }
        self.found.push(draft);
    }

    fn needs(&mut self, key: &str, says: &str) {
        if self.get(&[key]).is_none_or(|n| n.as_str() == Some("")) {
            self.say(&[key], &format!("`{key}` is missing"), says);
        }
    }

    /// A value of the wrong type, which is a finding of its own.
    fn unreadable(&self, keys: &[&str]) -> bool {
        self.get(keys).is_some_and(|n| n.as_f64().is_none() && n.as_str().is_none_or(|t| go_duration(t).is_none()))
    }

    fn not_negative(&mut self, keys: &[&str], says: &str) {
        let value = if keys.last().is_some_and(|k| matches!(*k, "multiplier" | "randomization_factor")) {
            self.number(keys)
        } else {
            self.seconds(keys)
        };
        if value.is_some_and(|v| v < 0.0) {
            self.say(keys, &format!("`{}` is negative", keys.join(".")), says);
        }
    }
}
