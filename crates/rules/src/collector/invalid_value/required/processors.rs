//! Processors.

use super::Asked;
use crate::collector::edit::put;
use crate::collector::view::is_variable;
use crate::draft::fix;
use crate::finding::Safety;
use yaml::Node;

impl<'a> Asked<'a> {
    pub(super) fn memory_limiter(&mut self) {
        if !self.hidden(&["check_interval"])
            && self.seconds(&["check_interval"]).is_none_or(|s| s <= 0.0)
            && !self.unreadable(&["check_interval"])
        {
            self.say(
                &["check_interval"],
                "`check_interval` must be greater than zero",
                "'check_interval' must be greater than zero",
            );
            // Its documentation recommends one value; a zero that somebody wrote meant something.
            if self.get(&["check_interval"]).is_none() && self.node.is_some_and(|n| n.is_mapping()) {
                let ops = put(self.view, &self.component.at, &["check_interval"], "1s".into());
                if let Some(draft) = self.found.last_mut() {
                    draft.finding.fix = Some(fix("Check every second, as recommended", Safety::Safe, ops));
                }
            }
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
            return;
        }
        for (limit, spike) in limits {
            let (most, peak) = (self.number(&[limit]).unwrap_or(0.0), self.number(&[spike]).unwrap_or(0.0));
            if most > 0.0 && peak >= most {
                let why = format!("`{spike}` ({peak}) must be smaller than `{limit}` ({most})");
                self.say(&[spike], &why, &format!("'{spike}' must be smaller than '{limit}'"));
            }
        }
    }

    pub(super) fn batch(&mut self) {
        let size = self.number(&["send_batch_size"]);
        let most = self.number(&["send_batch_max_size"]).unwrap_or(0.0);
        if most > 0.0 && !self.hidden(&["send_batch_size"]) && most < size.unwrap_or(8192.0) {
            let why = format!("`send_batch_max_size` ({most}) is below `send_batch_size` ({})", size.unwrap_or(8192.0));
            self.say(&["send_batch_max_size"], &why, "send_batch_max_size must be greater or equal to send_batch_size");
        }
        self.not_negative(&["timeout"], "timeout must be greater or equal to 0");
    }

    /// A list of changes to attributes, as both processors have it (contrib's internal/coreinternal/attraction).
    pub(super) fn actions(&mut self, list: &str) {
        if self.hidden(&[list]) {
            return;
        }
        let node = self.get(&[list]);
        if node.is_none_or(|n| n.is_sequence() && n.is_empty()) {
            let says = format!("missing required field \\\"{list}\\\"");
            return self.say(&[list], &format!("`{list}` is missing or empty"), &says);
        }
        for action in node.into_iter().flat_map(|n| n.items()).filter(|a| a.is_mapping() || a.is_null()) {
            if let Some(why) = refused(action) {
                self.entry(action, &["key", "action", "value"], &why, "error creating AttrProc");
            }
        }
    }
}

/// Why one change is none.
fn refused(action: Node<'_>) -> Option<String> {
    let text = |key: &str| action.get(key).and_then(|n| n.as_str()).unwrap_or_default();
    let has = |key: &str| action.get(key).is_some_and(|n| !n.is_null());
    let (word, key) = (text("action").to_ascii_lowercase(), text("key"));
    if is_variable(&word) || is_variable(key) {
        return None;
    }
    let writes = matches!(word.as_str(), "insert" | "update" | "upsert");
    let by_pattern = matches!(word.as_str(), "delete" | "hash") && has("pattern");
    if key.is_empty() && !by_pattern {
        return Some("an action has no `key`".to_owned());
    }
    if !writes && !matches!(word.as_str(), "delete" | "hash" | "extract" | "convert") {
        return Some(format!("`{word}` is no action"));
    }
    let sourced = has("value") || has("from_attribute") || has("from_context");
    let incomplete =
        writes && !sourced || word == "extract" && !has("pattern") || word == "convert" && !has("converted_type");
    incomplete.then(|| format!("action `{word}` of `{key}` lacks what it needs"))
}
