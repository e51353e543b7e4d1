//! Connectors.

use super::Asked;
use crate::collector::view::is_variable;

impl Asked<'_> {
    pub(super) fn span_metrics(&mut self) {
        for key in ["metrics_flush_interval", "metrics_expiration"] {
            let value = self.seconds(&[key]);
            // An expiration of zero means never; a flush interval of zero makes the collector panic.
            let flush = key == "metrics_flush_interval";
            if value.is_some_and(|v| v < 0.0 || v == 0.0 && flush) || flush && self.zeroed(&[key]) {
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
        // Read without regard to case.
        let unit = self.text(&["histogram", "unit"]);
        if let Some(unit) = unit.filter(|u| !["s", "ms"].iter().any(|k| u.eq_ignore_ascii_case(k)) && !is_variable(u)) {
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
                let says = format!("failed validating dimensions: duplicate dimension name {name}");
                self.entry(node, &[], &format!("dimension `{name}` is there already"), &says);
                self.drop_item(node);
            }
            seen.push(name);
        }
        let events = self.get(&["events", "enabled"]).and_then(|n| n.as_bool()) == Some(true);
        if events && self.get(&["events", "dimensions"]).is_none_or(|n| n.is_empty()) {
            self.say(&["events"], "`events` needs dimensions", "no dimensions configured for events");
        }
    }
}
