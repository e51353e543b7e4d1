//! What signals the parts of a pipeline take, and pipelines whose name says another signal than all of their parts.

use super::catalog::{joins, signals};
use super::view::{Reference, SIDES, View, with_type, word};
use catalogue::{Class, Signal};
use contract::Target;
use model::{Component, Pipeline, image_name, signal};

const ALL: [Signal; 3] = [Signal::Traces, Signal::Metrics, Signal::Logs];

/// Signals that a reference can stand for; `None` where that can't be told, or any.
pub(crate) fn opinion(view: &View<'_>, reference: Reference<'_>) -> Option<Vec<Signal>> {
    let component = view.config.resolve(reference.side, &reference.text.value)?;
    if component.class == Class::Connector {
        let pairs = joins(view.collector, &component.kind)?;
        let side = |(from, to): &(Signal, Signal)| if reference.side == Class::Exporter { *from } else { *to };
        return Some(pairs.iter().map(side).collect());
    }
    let known = signals(view.collector, component.class, &component.kind);
    match backend_signals(view, component) {
        Some(taken) => {
            Some(known.map_or_else(|| taken.clone(), |k| k.into_iter().filter(|s| taken.contains(s)).collect()))
        }
        None => known,
    }
}

/// Signals that the backend behind an exporter takes; `None` for any, or where that can't be told.
pub(crate) fn backend_signals(view: &View<'_>, exporter: &Component) -> Option<Vec<Signal>> {
    if exporter.class != Class::Exporter {
        return None;
    }
    let (_, target) = view.backend(exporter)?;
    let named = match target {
        Target::Elsewhere { signals, .. } => signals.iter().filter_map(|s| signal(s)).collect(),
        Target::Service(index, _) => of_images(view, index),
        _ => Vec::new(),
    };
    (!named.is_empty()).then_some(named)
}

/// Backends that take one signal alone, by image. Jaeger and Zipkin: traces; Tempo: traces; Loki: logs; Prometheus: metrics (each
/// project's own documentation of its OTLP endpoint).
const BACKENDS: &[(&str, Signal)] = &[
    ("jaegertracing/all-in-one", Signal::Traces),
    ("jaegertracing/jaeger", Signal::Traces),
    ("jaegertracing/jaeger-collector", Signal::Traces),
    ("openzipkin/zipkin", Signal::Traces),
    ("grafana/tempo", Signal::Traces),
    ("grafana/loki", Signal::Logs),
    ("prom/prometheus", Signal::Metrics),
];

fn of_images(view: &View<'_>, service: usize) -> Vec<Signal> {
    let repository = view.contract.repository;
    let pods = view.contract.links.pods(service).iter().filter_map(|w| repository.workloads.get(*w));
    let images = pods.flat_map(|w| &w.containers).filter(|c| !c.init).filter_map(|c| c.image.as_ref());
    let names: Vec<&str> = images.map(|i| image_name(&i.value)).collect();
    let taken = |name: &&str| BACKENDS.iter().find(|(image, _)| model::same_image(image, name)).map(|(_, s)| *s);
    // Another container in the pod may be the one that takes the rest.
    match names.as_slice() {
        [only] => taken(only).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether the backend behind an exporter refuses a signal.
pub(crate) fn refuses(view: &View<'_>, exporter: &Component, signal: Signal) -> bool {
    backend_signals(view, exporter).is_some_and(|taken| !taken.contains(&signal))
}

/// The ID that a pipeline should have: two or more of its parts can't carry the signal in its name, and all of them can carry
/// the same other one.
pub(crate) fn misnamed(view: &View<'_>, pipeline: &Pipeline) -> Option<String> {
    let named = pipeline.signal.filter(|s| ALL.contains(s))?;
    let references = SIDES
        .into_iter()
        .flat_map(|side| pipeline.side(side).iter().map(move |text| Reference { pipeline, side, text }));
    let opinions: Vec<Vec<Signal>> = references.filter_map(|r| opinion(view, r)).collect();
    if opinions.iter().filter(|o| !o.contains(&named)).count() < 2 {
        return None;
    }
    let mut meant = ALL.into_iter().filter(|s| opinions.iter().all(|o| o.contains(s)));
    let only = meant.next()?;
    meant.next().is_none().then(|| with_type(&pipeline.id, word(only)))
}
