//! What git says of the collectors, against what runs in the cluster.

use super::derive;
use super::pins::{DiffLine, diff_lines};
use crate::html::shown;
use crate::live::{Config, State};
use contract::Contract;
use delivery::{Controller, Name, Workload};
use model::{Collector, Source};

/// What git says of a collector.
pub(crate) struct Declared {
    /// As the page calls it.
    name: String,
    kind: String,
    workload: Option<Name>,
    image: Option<String>,
    /// The annotation of the pods that changes with their configuration, and its value.
    hash: Option<(String, String)>,
    /// The ConfigMap and its key, with the key's text.
    map: Option<(Name, String)>,
    text: String,
}

/// A collector's comparison.
pub(crate) struct Compared {
    pub(crate) name: String,
    pub(crate) rows: Vec<Row>,
}

/// One thing that git and the cluster each say something about.
pub(crate) struct Row {
    pub(crate) what: &'static str,
    pub(crate) git: String,
    pub(crate) runs: String,
    pub(crate) verdict: Verdict,
    /// From what git says to what runs.
    pub(crate) diff: Vec<DiffLine>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Same,
    Differs,
    Unknown,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Differs => "differs",
            Verdict::Unknown => "not known",
        }
    }

    pub(crate) fn tone(self) -> &'static str {
        match self {
            Verdict::Same => "good",
            Verdict::Differs => "bad",
            Verdict::Unknown => "",
        }
    }
}

/// Of every collector of the folder.
pub(crate) fn declared(contract: &Contract<'_>) -> Vec<Declared> {
    let repository = contract.repository;
    let names = derive::keys(repository);
    repository.collectors.iter().zip(names).map(|(collector, name)| one(contract, collector, name)).collect()
}

fn one(contract: &Contract<'_>, collector: &Collector, name: String) -> Declared {
    let repository = contract.repository;
    let namespace = collector.namespace.as_deref().unwrap_or("default");
    let workload = collector.workload.and_then(|index| repository.workloads.get(index));
    let hashes = workload.iter().flat_map(|workload| &workload.annotations).filter(|(key, _)| is_hash(key));
    let text = collector.config.at.as_ref().and_then(|place| repository.node(place)).and_then(|node| node.as_str());
    let map = match &collector.source {
        Source::ConfigMap { object, key } => {
            repository.object(*object).map(|object| (Name::new(namespace, &object.name), key.clone()))
        }
        Source::File | Source::Operator { .. } => None,
    };
    Declared {
        name,
        kind: workload.map(|workload| workload.kind.clone()).unwrap_or_default(),
        workload: workload.map(|w| Name::new(w.namespace.as_deref().unwrap_or(namespace), &w.name)),
        image: collector.image.as_ref().map(|image| image.value.clone()),
        hash: hashes.map(|(key, value)| (key.clone(), value.value.clone())).next(),
        map: map.filter(|_| text.is_some()),
        text: text.unwrap_or_default().to_owned(),
    }
}

fn is_hash(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["hash", "checksum", "sha"].iter().any(|word| key.contains(word))
}

impl Declared {
    /// The ConfigMap that the cluster is asked for.
    pub(crate) fn map(&self) -> Option<&Name> {
        self.map.as_ref().map(|(name, _)| name)
    }

    /// Against what runs now.
    pub(crate) fn compare(&self, state: &State) -> Compared {
        let mut rows = Vec::new();
        rows.extend(self.config(state));
        match (&self.workload, self.kind.as_str()) {
            (Some(name), "DaemonSet") => self.pods(state, name, &mut rows),
            (Some(name), kind) => {
                let runs = "this console watches DaemonSets only".to_owned();
                rows.push(row("Pods", format!("{} {}", shown(kind), shown(&name.to_string())), runs, Verdict::Unknown));
            }
            (None, _) => {}
        }
        Compared { name: shown(&self.name), rows }
    }

    fn config(&self, state: &State) -> Option<Row> {
        let (name, key) = self.map.as_ref()?;
        let git = format!("ConfigMap {}, key {}", shown(&name.to_string()), shown(key));
        let unknown = |runs: String| Some(row("Configuration", git.clone(), runs, Verdict::Unknown));
        let differs = |runs: &str| Some(row("Configuration", git.clone(), runs.to_owned(), Verdict::Differs));
        match state.configs.get(name) {
            None => unknown("not read yet".to_owned()),
            Some(Config::Lost(message)) => unknown(shown(message)),
            Some(Config::Seen(None)) => differs("there is no such ConfigMap"),
            Some(Config::Seen(Some(data))) => match data.get(key) {
                None => differs("the ConfigMap has no such key"),
                Some(text) if meaning(text) == meaning(&self.text) => {
                    let words = if *text == self.text { "the same text" } else { "the same but for comments and form" };
                    Some(row("Configuration", git, words.to_owned(), Verdict::Same))
                }
                Some(text) => {
                    let diff = diff_lines(key, &self.text, text);
                    Some(Row { diff, ..row("Configuration", git, "another content".to_owned(), Verdict::Differs) })
                }
            },
        }
    }

    fn pods(&self, state: &State, name: &Name, rows: &mut Vec<Row>) {
        let git = format!("{} {}", self.kind, shown(&name.to_string()));
        let workload = Workload { kind: Controller::DaemonSet, name: name.clone() };
        let Some(found) = state.view.collectors.get(&workload).and_then(|seen| seen.object.as_ref()) else {
            let (runs, verdict) = match state.has_read("DaemonSets") {
                true => ("there is none", Verdict::Differs),
                false => ("not read yet", Verdict::Unknown),
            };
            rows.push(row("Pods", git, runs.to_owned(), verdict));
            return;
        };
        if let Some(image) = &self.image {
            let same = if found.images.contains(image) { Verdict::Same } else { Verdict::Differs };
            rows.push(row("Image", shown(image), shown(&found.images.join(", ")), same));
        }
        if let Some((key, value)) = &self.hash {
            let runs = found.annotations.get(key);
            let same = if runs == Some(value) { Verdict::Same } else { Verdict::Differs };
            let runs = runs.map_or("none".to_owned(), |runs| shown(runs));
            rows.push(row("Configuration's hash", format!("{} {}", shown(key), shown(value)), runs, same));
        }
        let settled = found.observed >= found.generation && found.updated >= found.desired;
        let all = settled && found.available >= found.desired;
        let mut runs = format!("{} of {} available", found.available, found.desired);
        if found.observed < found.generation {
            runs.push_str(", the newest template is not rolled out yet");
        } else {
            runs.push_str(&format!(", {} of the present template", found.updated));
        }
        rows.push(row("Pods", git, runs, if all { Verdict::Same } else { Verdict::Differs }));
    }
}

fn row(what: &'static str, git: String, runs: String, verdict: Verdict) -> Row {
    Row { what, git, runs, verdict, diff: Vec::new() }
}

/// A configuration without its comments and form, as the config hash takes it; a text that is no YAML stands for itself.
fn meaning(text: &str) -> String {
    let stream = yaml::parse(text);
    let whole = stream.faults().is_empty();
    match stream.documents().next().filter(|_| whole) {
        Some(document) => document.to_value().canonical(),
        None => text.to_owned(),
    }
}
