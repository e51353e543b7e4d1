//! AnalysisTemplates and their metrics.

use crate::duration::go_duration;
use crate::place::{Place, Text};
use yaml::Node;

/// An AnalysisTemplate or ClusterAnalysisTemplate.
#[derive(Clone, Debug)]
pub struct Template {
    /// Index into [`crate::Repository::objects`].
    pub object: usize,
    /// Its name.
    pub name: String,
    /// Its namespace; `None` for a cluster template or where it can't be told.
    pub namespace: Option<String>,
    /// ClusterAnalysisTemplate.
    pub cluster: bool,
    /// The object's `spec`.
    pub spec: Place,
    /// Declared arguments.
    pub args: Vec<TemplateArg>,
    /// `spec.metrics`.
    pub metrics: Vec<Metric>,
    /// Templates that this one pulls in (`spec.templates`).
    pub templates: Vec<TemplateRef>,
}

/// A declared argument.
#[derive(Clone, Debug)]
pub struct TemplateArg {
    /// Its name.
    pub name: String,
    /// The entry.
    pub at: Place,
    /// Its default.
    pub value: Option<String>,
    /// Whether a Secret fills it. A template's other `valueFrom` fill nothing: those are the rollout's (Argo Rollouts,
    /// analysis/analysis.go).
    pub filled: bool,
}

/// A reference from a rollout (or template) to a template.
#[derive(Clone, Debug)]
pub struct TemplateRef {
    /// The template's name.
    pub name: Text,
    /// `clusterScope: true`.
    pub cluster: bool,
}

/// One metric of a template. Durations in seconds.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name.
    pub name: String,
    /// The metric's mapping.
    pub at: Place,
    /// `initialDelay`, 0 by default.
    pub initial_delay: f64,
    /// `interval`.
    pub interval: Option<f64>,
    /// `count`, as written.
    pub count: Option<i64>,
    /// `failureLimit`.
    pub failure_limit: Option<i64>,
    /// `inconclusiveLimit`.
    pub inconclusive_limit: Option<i64>,
    /// `consecutiveErrorLimit`.
    pub consecutive_error_limit: Option<i64>,
    /// `consecutiveSuccessLimit` (from 1.8).
    pub consecutive_success_limit: Option<i64>,
    /// Whether `spec.dryRun` names it.
    pub dry_run: Option<Place>,
    /// `successCondition`.
    pub success: Option<Text>,
    /// `failureCondition`.
    pub failure: Option<Text>,
    /// Where the measurement comes from.
    pub provider: Provider,
}

/// A metric's provider.
#[derive(Clone, Debug)]
pub enum Provider {
    /// Prometheus.
    Prometheus {
        /// The server's address.
        address: Option<Text>,
        /// The query.
        query: Option<Text>,
        /// `rangeQuery`: the result is a matrix.
        range: bool,
        /// The provider's mapping.
        at: Place,
    },
    /// Something that this tool does not read, by its key (`web`, `job`, `datadog`…).
    Other(String),
    /// None at all.
    Missing,
}

impl Template {
    pub(crate) fn read(object: usize, file: usize, name: &str, cluster: bool, root: Node<'_>) -> Option<Template> {
        let spec = root.get("spec")?;
        let list = |key: &str| -> Vec<Node<'_>> { spec.get(key).map(|n| n.items().collect()).unwrap_or_default() };
        let dry: Vec<(String, Place)> = list("dryRun")
            .into_iter()
            .filter_map(|n| n.get("metricName"))
            .filter_map(|n| Some((n.as_str()?.to_owned(), Place::of(file, n))))
            .collect();
        let metrics = list("metrics").into_iter().map(|n| Metric::read(file, n, &dry)).collect();
        let args = list("args")
            .into_iter()
            .filter_map(|n| {
                Some(TemplateArg {
                    name: n.get("name")?.as_str()?.to_owned(),
                    at: Place::of(file, n),
                    value: n.get("value").and_then(|v| v.as_str()).map(str::to_owned),
                    filled: n.at(&["valueFrom", "secretKeyRef"]).is_some(),
                })
            })
            .collect();
        Some(Template {
            object,
            name: name.to_owned(),
            namespace: None,
            cluster,
            spec: Place::of(file, spec),
            args,
            metrics,
            templates: list("templates").into_iter().filter_map(|n| TemplateRef::read(file, n)).collect(),
        })
    }
}

impl TemplateRef {
    pub(crate) fn read(file: usize, node: Node<'_>) -> Option<TemplateRef> {
        Some(TemplateRef {
            name: Text::at(file, node, &["templateName"])?,
            cluster: node.get("clusterScope").and_then(|n| n.as_bool()).unwrap_or(false),
        })
    }
}

impl Metric {
    fn read(file: usize, node: Node<'_>, dry: &[(String, Place)]) -> Metric {
        let text = |key: &str| Text::at(file, node, &[key]);
        let int = |key: &str| node.get(key).and_then(|n| n.as_str()).and_then(|s| s.trim().parse().ok());
        // A bare number is refused for its type, which is a finding of its own; seconds were meant.
        let seconds = |key: &str| {
            let value = node.get(key)?;
            value.as_str().and_then(go_duration).or_else(|| value.as_f64())
        };
        let name = node.get("name").and_then(|n| n.as_str()).unwrap_or_default().to_owned();
        let dry_run = dry.iter().find(|(pattern, _)| dry_run_covers(pattern, &name)).map(|(_, at)| at.clone());
        Metric {
            at: Place::of(file, node),
            initial_delay: seconds("initialDelay").unwrap_or(0.0),
            interval: seconds("interval"),
            count: int("count"),
            failure_limit: int("failureLimit"),
            inconclusive_limit: int("inconclusiveLimit"),
            consecutive_error_limit: int("consecutiveErrorLimit"),
            consecutive_success_limit: int("consecutiveSuccessLimit"),
            dry_run,
            success: text("successCondition"),
            failure: text("failureCondition"),
            provider: Provider::read(file, node),
            name,
        }
    }
}

/// Whether a `dryRun[].metricName` covers a metric: an unanchored regular expression (Argo Rollouts,
/// utils/analysis/helpers.go: `GetDryRunMetrics`), of which anchors and `.*` suffice here.
pub fn dry_run_covers(pattern: &str, name: &str) -> bool {
    let (anchored, body) = pattern.strip_prefix('^').map_or((false, pattern), |rest| (true, rest));
    let (ended, body) = body.strip_suffix('$').map_or((false, body), |rest| (true, rest));
    let mut pieces = body.split(".*");
    let mut rest = name;
    if anchored {
        let Some(after) = rest.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
        rest = after;
    }
    let pieces: Vec<&str> = pieces.collect();
    for (index, piece) in pieces.iter().enumerate() {
        if ended && index + 1 == pieces.len() {
            return rest.ends_with(piece);
        }
        let Some(at) = rest.find(piece) else { return false };
        rest = rest.get(at + piece.len()..).unwrap_or_default();
    }
    !ended || rest.is_empty()
}

impl Provider {
    fn read(file: usize, metric: Node<'_>) -> Provider {
        let Some(provider) = metric.get("provider") else { return Provider::Missing };
        let Some(prometheus) = provider.get("prometheus") else {
            return provider.entries().next().map_or(Provider::Missing, |(key, _)| Provider::Other(key.to_owned()));
        };
        Provider::Prometheus {
            address: Text::at(file, prometheus, &["address"]),
            query: Text::at(file, prometheus, &["query"]),
            range: prometheus.get("rangeQuery").is_some_and(|n| !n.is_null()),
            at: Place::of(file, prometheus),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::dry_run_covers;

    #[test]
    fn a_dry_run_names_metrics_by_an_unanchored_pattern() {
        for (pattern, covers) in [
            ("latency", true),
            ("lat", true),
            ("p95", true),
            (".*", true),
            ("^latency-p95$", true),
            ("^latency", true),
            ("^lat.*95$", true),
            ("latency$", false),
            ("^p95", false),
            ("errors", false),
        ] {
            assert_eq!(dry_run_covers(pattern, "latency-p95"), covers, "{pattern}");
        }
    }
}
