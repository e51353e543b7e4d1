//! The hints: stage by stage in the order in which the release depends on them, from a nudge to nearly the answer.

use rules::{Report, Reported};

/// Faults that are one piece of work.
pub(crate) struct Stage {
    /// Stable name, for the memory of what was told.
    pub(crate) name: &'static str,
    /// What it is about.
    pub(crate) title: &'static str,
    /// The rules that see it.
    pub(crate) rules: &'static [&'static str],
    /// From vague to concrete, Markdown.
    pub(crate) steps: [&'static str; 3],
}

/// All stages, in the order of work.
pub(crate) const STAGES: &[Stage] = &[
    Stage {
        name: "antennas",
        title: "Nobody listens",
        rules: &[
            "collector/no-receiver",
            "collector/undefined-component",
            "collector/loopback-receiver",
            "collector/invalid-value",
            "wiring/port-mismatch",
        ],
        steps: [
            "A pipeline begins where something is received. Read the collector's configuration from the top and look for \
             a part that was begun and never finished.",
            "The `traces` pipeline takes its spans from a component named `otlp`. Which ports do the Service and the \
             DaemonSet announce, and which one does HotROD send to? Mind the address: since 0.104 a receiver without one \
             listens on localhost, where no other pod reaches it.",
            "Give `receivers` an `otlp` with both `protocols`: `grpc` with `endpoint: 0.0.0.0:4317` and `http` with \
             `endpoint: 0.0.0.0:4318`.",
        ],
    },
    Stage {
        name: "panel",
        title: "The panel stays dark",
        rules: &[
            "collector/half-wired-connector",
            "collector/metrics-not-exposed",
            "collector/unused-component",
            "collector/signal-refused-by-backend",
        ],
        steps: [
            "Spans go into the connector that counts them. Follow the numbers from there: who takes them on?",
            "A connector is the exporter of one pipeline and the receiver of another. Prometheus scrapes the port in the \
             pod's annotations; which exporter listens there?",
            "Add an exporter `prometheus` with `endpoint: 0.0.0.0:8889`, and a pipeline `metrics` that receives from \
             `spanmetrics` and exports to `prometheus`. Not to `otlp`: Jaeger takes traces only.",
        ],
    },
    Stage {
        name: "version",
        title: "The wrong ship",
        rules: &["release/wrong-image"],
        steps: [
            "What is to be released is not what would be.",
            "Look at the tag of HotROD's image, and at what the story asks for.",
            "The Rollout's image is `jaegertracing/example-hotrod:1.76.0`.",
        ],
    },
    Stage {
        name: "voices",
        title: "The gates listen to the wrong voices",
        rules: &[
            "gate/series-never-exists",
            "gate/label-never-exists",
            "gate/diluted-by-internal-traffic",
            "gate/counts-spans-not-requests",
            "gate/probe-traffic-counted",
            "gate/not-scoped-to-canary",
            "gate/arbitrary-series",
        ],
        steps: [
            "One ride makes a dozen internal requests and dozens of spans. When one in five rides fails, what does a \
             ratio over all of them show?",
            "Riders touch two entry points of the `frontend`: `/` and `/dispatch`. Its server spans are what they feel. \
             Prometheus' own visits to `/metrics` are requests too, but no riders.",
            "Read `traces_span_metrics_calls_total` and `traces_span_metrics_duration_milliseconds_bucket` with \
             `service_name=\"frontend\", span_kind=\"SPAN_KIND_SERVER\", span_name=~\"/|/dispatch\"` beside the namespace and \
             the canary's hash. Failed ones carry `status_code=\"STATUS_CODE_ERROR\"`.",
        ],
    },
    Stage {
        name: "missing",
        title: "A gate that is not there",
        rules: &["gate/missing", "gate/threshold-deviates"],
        steps: [
            "What would the gates say of a canary that nobody rides?",
            "The house asks for three: errors, latency, and traffic of at least 0.05 requests a second.",
            "Add a metric to the template: the sum of the `rate` over two minutes of the entry points' calls, and a \
             condition that wants at least 0.05.",
        ],
    },
    Stage {
        name: "silence",
        title: "What silence means",
        rules: &[
            "gate/errors-on-no-data",
            "gate/passes-on-nan",
            "gate/vacuous",
            "gate/tolerates-mostly-failed",
            "gate/condition-type",
        ],
        steps: [
            "No data is an answer too. Which one do the gates give, and how many bad samples do they forgive?",
            "`result[0]` of an empty result is an error, not a failure, and 0/0 is NaN. A run of three samples that \
             forgives two passes on a single good one.",
            "Write `len(result) > 0 && !isNaN(result[0]) && result[0] < …`, count the failed ones as `… or vector(0)` so \
             that a canary without failures reads 0, and forgive one sample at most.",
        ],
    },
    Stage {
        name: "time",
        title: "Too early",
        rules: &["collector/flush-slower-than-gate", "gate/samples-before-data", "gate/window-too-short"],
        steps: [
            "When does the first number reach Prometheus, and when does a gate first look?",
            "The connector hands out its numbers once a minute unless told otherwise, and a rate needs two of them.",
            "Set `metrics_flush_interval: 10s` in the `spanmetrics` connector.",
        ],
    },
    Stage {
        name: "housekeeping",
        title: "Loose bolts",
        rules: &["collector/chatty-debug", "collector/memory-limit", "collector/stale-after-change"],
        steps: [
            "It would fly. For how long? Think of the log, of memory, and of the next change to the configuration.",
            "`detailed` prints every span; nothing keeps the collector below its container's limit; and a changed \
             ConfigMap restarts no pod.",
            "`verbosity: basic`; a `memory_limiter` first in each pipeline and GOMEMLIMIT at 80 % of the container's limit; \
             and an annotation on the pod template that changes with the configuration: `fix` keeps one for you.",
        ],
    },
    Stage {
        name: "address",
        title: "No return address",
        rules: &["gitops/placeholder-url", "gitops/tracks-other-branch", "gitops/path-not-deployed"],
        steps: [
            "Argo CD fetches what it deploys. From where?",
            "The ApplicationSet names its repository twice, and neither is an address.",
            "Put the URL of your own copy in place of `__REPO_URL__`. With a remote in git, `fix` does it.",
        ],
    },
];

/// The first stage with something left to do, with its number from 1.
pub(crate) fn first(report: &Report) -> Option<(usize, &'static Stage)> {
    (1..).zip(STAGES).find(|(_, stage)| findings(stage, report).next().is_some())
}

/// The roots that belong to a stage.
pub(crate) fn findings<'r>(stage: &Stage, report: &'r Report) -> impl Iterator<Item = &'r Reported> {
    report.findings.iter().filter(|f| f.finding.caused_by.is_none() && stage.rules.contains(&f.finding.rule))
}

#[cfg(test)]
mod tests {
    use super::STAGES;
    use crate::scenario;
    use model::{Context, Repository, SourceFile};
    use std::collections::HashSet;

    #[test]
    fn every_rule_belongs_to_one_stage_and_exists() {
        let mut seen = HashSet::new();
        for rule in STAGES.iter().flat_map(|stage| stage.rules) {
            assert!(seen.insert(rule), "{rule} is in two stages");
        }
    }

    #[test]
    fn every_fault_of_the_scenario_has_a_hint() {
        let files: Vec<SourceFile> = scenario::FILES
            .iter()
            .map(|(path, text)| SourceFile { path: (*path).to_owned(), content: Ok((*text).into()) })
            .collect();
        let context = Context::default();
        let report = rules::check(&Repository::read(&files, &context), &context);
        let roots = report.findings.iter().filter(|f| f.finding.caused_by.is_none());
        for rule in roots.map(|f| f.finding.rule) {
            assert!(STAGES.iter().any(|stage| stage.rules.contains(&rule)), "{rule} has no hint");
        }
    }
}
