//! Exporters.

use super::Asked;
use crate::collector::invalid_value::listen::dial_port;
use crate::collector::schema::recent;
use crate::collector::view::is_variable;

impl Asked<'_> {
    pub(super) fn otlp_exporter(&mut self) {
        // A value of another kind is a finding of its own.
        if self.get(&["endpoint"]).is_some_and(|n| n.as_str().is_none()) {
            return;
        }
        let Some(text) = self.text(&["endpoint"]).filter(|t| !t.is_empty()) else {
            return self.say(&["endpoint"], "`endpoint` is missing", "requires a non-empty \"endpoint\"");
        };
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        let judged =
            matches!(scheme, None | Some("http" | "https")) && !is_variable(text) && !text.starts_with("unix:");
        if judged && recent(self.view) && !dial_port(text) {
            self.say(
                &["endpoint"],
                &format!("`{text}` has no port, or none that is a number"),
                "missing port in address",
            );
        }
    }

    pub(super) fn otlphttp_exporter(&mut self) {
        let keys = ["endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint", "profiles_endpoint"];
        if keys.iter().any(|k| self.get(&[k]).is_some_and(|n| n.as_str().is_none())) {
            return;
        }
        if keys.iter().all(|k| self.text(&[k]).is_none_or(str::is_empty)) {
            self.say(&["endpoint"], "`endpoint` is missing", "at least one endpoint must be specified");
        }
    }

    pub(super) fn exporter_helper(&mut self) {
        let on = |key: &str| self.get(&[key, "enabled"]).and_then(|n| n.as_bool()) != Some(false);
        let (queue, retry) = (on("sending_queue"), on("retry_on_failure"));
        self.not_negative(&["timeout"], "'timeout' must be non-negative");
        for key in ["queue_size", "num_consumers"].into_iter().filter(|_| queue) {
            let path = ["sending_queue", key];
            if self.number(&path).is_some_and(|n| n <= 0.0) || self.zeroed(&path) {
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
}
