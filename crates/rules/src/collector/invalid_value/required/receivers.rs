//! Receivers.

use super::Asked;
use model::Source;
use yaml::Node;

impl<'a> Asked<'a> {
    pub(super) fn otlp_receiver(&mut self) {
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

    pub(super) fn prometheus_receiver(&mut self) {
        if self.get(&["config"]).is_some_and(|n| !n.is_mapping()) {
            return;
        }
        // The operator puts the target allocator in.
        let operated = matches!(self.view.collector.source, Source::Operator { .. });
        let allocator = operated || self.get(&["target_allocator"]).is_some();
        let config = ["scrape_configs", "scrape_config_files"]
            .iter()
            .any(|k| self.get(&["config", k]).is_some_and(|n| !n.is_empty() || n.as_str().is_some()));
        if !allocator && !config && !self.hidden(&["config"]) && !self.hidden(&["config", "scrape_configs"]) {
            self.say(&["config"], "there is nothing to scrape", "no Prometheus scrape_configs or target_allocator set");
        }
        let jobs =
            self.get(&["config", "scrape_configs"]).map(|n| n.items().collect::<Vec<Node<'a>>>()).unwrap_or_default();
        let mut seen: Vec<&str> = Vec::new();
        for job in jobs.into_iter().filter(|j| j.is_mapping() || j.is_null()) {
            let discoveries = job.entries().filter(|(key, _)| key.ends_with("_configs"));
            if discoveries.flat_map(|(_, list)| list.items()).any(|item| item.is_null()) {
                self.entry(job, &[], "an entry of a discovery is empty", "empty or null section");
            }
            let name = job.get("job_name").and_then(|n| n.as_str()).unwrap_or_default();
            if !name.is_empty() && !seen.contains(&name) {
                seen.push(name);
                continue;
            }
            let why = match name {
                "" => "a scrape configuration has no `job_name`".to_owned(),
                name => format!("two scrape configurations are named `{name}`"),
            };
            self.entry(job, &["job_name"], &why, "failed to unmarshal yaml to prometheus config object");
        }
    }
}
