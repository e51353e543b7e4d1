//! What a component's own validation asks for. Read from the components' `Validate` (v0.145.0) and held to the real collector by a
//! test; a component that is not listed here is not judged.

use super::fatal;
use super::listen::dial_port;
use crate::collector::catalog::exists;
use crate::collector::stray::strays;
use crate::collector::view::{View, is_variable, role};
use crate::draft::{Draft, Drafts};
use catalogue::Class;
use contract::CONNECTOR;
use model::duration::go_duration;
use model::{Component, Place};
use yaml::Node;

pub(super) fn check(view: &View<'_>, drafts: &mut Drafts) {
    for component in view.config.components.iter().filter(|c| exists(view.collector, c.class, &c.kind)) {
        let node = view.node(&component.at);
        // Filled in from outside as a whole, or no mapping at all: nothing to ask for.
        if node.is_some_and(|n| n.as_str().is_some() || n.is_sequence()) {
            continue;
        }
        let asked = Asked { view, component, node, found: Vec::new() };
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
            (Class::Exporter, "debug") if self.text(&["verbosity"]).is_some_and(|v| v.eq_ignore_ascii_case("none")) => {
                self.say(
                    &["verbosity"],
                    "verbosity `none` is not supported",
                    "verbosity level \"None\" is not supported",
                );
            }
            (Class::Processor | Class::Extension, "memory_limiter") => self.memory_limiter(),
            (Class::Processor, "batch") => self.batch(),
            (Class::Processor, "attributes") => self.needs_list("actions"),
            (Class::Processor, "resource") => self.needs_list("attributes"),
            (Class::Extension, "health_check") => {
                if self.text(&["endpoint"]) == Some("") {
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
        // A key that slipped away may be the one that is missed.
        draft = draft.echo("collector/unknown-key", Some(&self.component.at));
        for stray in strays(self.view).iter().filter(|s| s.owner == self.component.at) {
            draft = draft.echo("collector/unknown-key", Some(&stray.at));
        }
        self.found.push(draft);
    }

    fn needs(&mut self, key: &str, says: &str) {
        if self.get(&[key]).is_none_or(|n| n.as_str() == Some("")) {
            self.say(&[key], &format!("`{key}` is missing"), says);
        }
    }

    fn needs_list(&mut self, key: &str) {
        if self.hidden(&[key]) {
            return;
        }
        if self.get(&[key]).is_none_or(|n| n.is_sequence() && n.is_empty()) {
            self.say(&[key], &format!("`{key}` is missing or empty"), &format!("missing required field \"{key}\""));
        }
    }

    fn otlp_receiver(&mut self) {
        let protocols = self.get(&["protocols"]);
        if self.hidden(&["protocols"]) || protocols.is_some_and(|p| !p.is_mapping() || !p.is_empty()) {
            return;
        }
        self.say(
            &["protocols"],
            "no protocol is named",
            "must specify at least one protocol when using the OTLP receiver",
        );
    }

    fn prometheus_receiver(&mut self) {
        let allocator = self.get(&["target_allocator"]).is_some();
        let config = ["scrape_configs", "scrape_config_files"]
            .iter()
            .any(|k| self.get(&["config", k]).is_some_and(|n| !n.is_empty() || n.as_str().is_some()));
        if !allocator && !config && !self.hidden(&["config"]) && !self.hidden(&["config", "scrape_configs"]) {
            self.say(&["config"], "there is nothing to scrape", "no Prometheus scrape_configs or target_allocator set");
        }
    }

    fn otlp_exporter(&mut self) {
        let Some(text) = self.text(&["endpoint"]).filter(|t| !t.is_empty()) else {
            return self.say(&["endpoint"], "`endpoint` is missing", "requires a non-empty \"endpoint\"");
        };
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let judged =
            matches!(scheme, None | Some("http" | "https")) && !is_variable(text) && !text.starts_with("unix:");
        if judged && !dial_port(text) {
            self.say(
                &["endpoint"],
                &format!("`{text}` has no port, or none that is a number"),
                "missing port in address",
            );
        }
    }

    fn otlphttp_exporter(&mut self) {
        let keys = ["endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint", "profiles_endpoint"];
        if keys.iter().all(|k| self.text(&[k]).is_none_or(str::is_empty)) {
            self.say(&["endpoint"], "`endpoint` is missing", "at least one endpoint must be specified");
        }
    }

    fn memory_limiter(&mut self) {
        if !self.hidden(&["check_interval"])
            && self.seconds(&["check_interval"]).is_none_or(|s| s <= 0.0)
            && !self.unreadable(&["check_interval"])
        {
            self.say(
                &["check_interval"],
                "`check_interval` must be greater than zero",
                "'check_interval' must be greater than zero",
            );
            return;
        }
        let limits = [("limit_mib", "spike_limit_mib"), ("limit_percentage", "spike_limit_percentage")];
        if limits.iter().any(|(a, b)| self.hidden(&[a]) || self.hidden(&[b]) || self.unreadable(&[a])) {
            return;
        }
        let set = |key: &str| self.number(&[key]).unwrap_or(0.0);
        if set("limit_mib") <= 0.0 && set("limit_percentage") <= 0.0 {
            return self.say(&[], "it has no limit", "'limit_mib' or 'limit_percentage' must be greater than zero");
        }
        if set("limit_percentage") > 100.0 || set("spike_limit_percentage") > 100.0 {
            self.say(&["limit_percentage"], "a percentage is above 100", "'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than or equal to hundred");
        }
        for (limit, spike) in limits {
            let (most, peak) = (self.number(&[limit]).unwrap_or(0.0), self.number(&[spike]).unwrap_or(0.0));
            if most > 0.0 && peak >= most {
                let why = format!("`{spike}` ({peak}) must be smaller than `{limit}` ({most})");
                self.say(&[spike], &why, &format!("'{spike}' must be smaller than '{limit}'"));
            }
        }
    }

    /// A value of the wrong type, which is a finding of its own.
    fn unreadable(&self, keys: &[&str]) -> bool {
        self.get(keys).is_some_and(|n| n.as_f64().is_none() && n.as_str().is_none_or(|t| go_duration(t).is_none()))
    }

    fn batch(&mut self) {
        let size = self.number(&["send_batch_size"]);
        let most = self.number(&["send_batch_max_size"]).unwrap_or(0.0);
        if most > 0.0 && !self.hidden(&["send_batch_size"]) && most < size.unwrap_or(8192.0) {
            let why = format!("`send_batch_max_size` ({most}) is below `send_batch_size` ({})", size.unwrap_or(8192.0));
            self.say(&["send_batch_max_size"], &why, "send_batch_max_size must be greater or equal to send_batch_size");
        }
        self.not_negative(&["timeout"], "timeout must be greater or equal to 0");
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

    fn exporter_helper(&mut self) {
        let on = |key: &str| self.get(&[key, "enabled"]).and_then(|n| n.as_bool()) != Some(false);
        let (queue, retry) = (on("sending_queue"), on("retry_on_failure"));
        self.not_negative(&["timeout"], "'timeout' must be non-negative");
        for key in ["queue_size", "num_consumers"].into_iter().filter(|_| queue) {
            if self.number(&["sending_queue", key]).is_some_and(|n| n <= 0.0) {
                self.say(
                    &["sending_queue", key],
                    &format!("`{key}` must be positive"),
                    &format!("sending_queue: `{key}` must be positive"),
                );
            }
        }
        if !retry {
            return;
        }
        for key in ["initial_interval", "max_interval", "max_elapsed_time", "multiplier", "randomization_factor"] {
            self.not_negative(&["retry_on_failure", key], &format!("retry_on_failure: '{key}' must be non-negative"));
        }
        if self.number(&["retry_on_failure", "randomization_factor"]).is_some_and(|n| n > 1.0) {
            self.say(
                &["retry_on_failure", "randomization_factor"],
                "`randomization_factor` is above 1",
                "'randomization_factor' must be within [0, 1]",
            );
        }
    }

    fn span_metrics(&mut self) {
        for key in ["metrics_flush_interval", "metrics_expiration"] {
            let value = self.seconds(&[key]);
            // An expiration of zero means never; a flush interval of zero makes the collector panic.
            if value.is_some_and(|v| v < 0.0 || v == 0.0 && key == "metrics_flush_interval") {
                self.say(
                    &[key],
                    &format!("`{key}` must be positive"),
                    &format!("invalid {key}: the duration should be positive"),
                );
            }
        }
        if self.get(&["histogram", "explicit"]).is_some() && self.get(&["histogram", "exponential"]).is_some() {
            self.say(
                &["histogram"],
                "`explicit` and `exponential` exclude each other",
                "use either `explicit` or `exponential` buckets histogram",
            );
        }
        if let Some(unit) = self.text(&["histogram", "unit"]).filter(|u| !matches!(*u, "s" | "ms") && !is_variable(u)) {
            self.say(
                &["histogram", "unit"],
                &format!("unit `{unit}` is neither `ms` nor `s`"),
                &format!("unknown Unit \\\"{unit}\\\""),
            );
        }
        let mut seen: Vec<&str> = vec!["service.name", "span.name", "span.kind", "status.code"];
        let names = self
            .get(&["dimensions"])
            .map(|n| n.items().filter_map(|d| d.get("name")).collect::<Vec<_>>())
            .unwrap_or_default();
        for node in names {
            let Some(name) = node.as_str() else { continue };
            if seen.contains(&name) {
                let at = Place::of(self.component.at.file, node);
                let message = format!("connector `{}`: dimension `{name}` is there already", self.component.id);
                self.found.push(fatal(
                    &at,
                    message,
                    &format!("failed validating dimensions: duplicate dimension name {name}"),
                ));
            }
            seen.push(name);
        }
        let events = self.get(&["events", "enabled"]).and_then(|n| n.as_bool()) == Some(true);
        if events && self.get(&["events", "dimensions"]).is_none_or(|n| n.is_empty()) {
            self.say(&["events"], "`events` needs dimensions", "no dimensions configured for events");
        }
    }
}
