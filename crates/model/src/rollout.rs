//! Argo Rollouts: strategy, steps and the analyses they run.

use crate::analysis::TemplateRef;
use crate::place::{Place, Text};
use yaml::Node;

/// A Rollout.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// Index into [`crate::Repository::objects`].
    pub object: usize,
    /// Its name.
    pub name: String,
    /// Its namespace, where that can be told.
    pub namespace: Option<String>,
    /// `spec`.
    pub spec: Place,
    /// Index into [`crate::Repository::workloads`] of its pod template (by `workloadRef` perhaps another object's).
    pub workload: Option<usize>,
    /// `spec.workloadRef.name`.
    pub workload_ref: Option<(String, String)>,
    /// `canary` or `blueGreen`; `None` where the strategy is missing.
    pub strategy: Option<&'static str>,
    /// The strategy's mapping.
    pub strategy_at: Place,
    /// Canary steps in order.
    pub steps: Vec<Step>,
    /// Analyses outside the steps: background, pre- and post-promotion.
    pub analyses: Vec<Analysis>,
    /// Names of the Services that it points at its versions' pods.
    pub services: Vec<String>,
}

/// One canary step.
#[derive(Clone, Debug)]
pub struct Step {
    /// The step's mapping.
    pub at: Place,
    /// What it does.
    pub kind: StepKind,
}

/// What a canary step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `setWeight`, in percent.
    SetWeight(i64),
    /// `pause`; seconds, `None` for one that waits for a person.
    Pause(Option<f64>),
    /// `analysis`.
    Analysis(Analysis),
    /// `experiment` and others.
    Other,
}

/// An analysis that a rollout runs.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// `step`, `background`, `prePromotion` or `postPromotion`.
    pub when: &'static str,
    /// The analysis' mapping.
    pub at: Place,
    /// Templates by name.
    pub templates: Vec<TemplateRef>,
    /// Arguments given.
    pub args: Vec<RolloutArg>,
    /// `dryRun` given by the rollout.
    pub dry_run: Vec<Text>,
    /// `startingStep` of a background analysis.
    pub starting_step: Option<i64>,
}

/// An argument given by the rollout.
#[derive(Clone, Debug)]
pub struct RolloutArg {
    /// Its name.
    pub name: String,
    /// The entry.
    pub at: Place,
    /// Its value.
    pub value: ArgValue,
}

/// Where an argument's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgValue {
    /// A literal.
    Literal(String),
    /// `podTemplateHashValue: Latest`: the canary's hash.
    CanaryHash,
    /// `podTemplateHashValue: Stable`.
    StableHash,
    /// `fieldRef.fieldPath` of the Rollout.
    Field(String),
    /// Something else (a secret…).
    Unknown,
    /// Named, but without a value.
    Nothing,
}

impl Rollout {
    /// Whether it may be the cluster's rollout of that namespace and name; without a namespace it may be in any.
    pub fn may_be(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace.as_deref().is_none_or(|own| own == namespace)
    }

    pub(crate) fn read(object: usize, file: usize, name: &str, root: Node<'_>) -> Option<Rollout> {
        let spec = root.get("spec")?;
        let strategy = spec.get("strategy");
        let (kind, body) = ["canary", "blueGreen"]
            .into_iter()
            .find_map(|kind| Some((Some(kind), strategy?.get(kind)?)))
            .map_or((None, None), |(kind, body)| (kind, Some(body)));
        let strategy_at = body.map_or_else(|| Place::of(file, spec).key("strategy"), |b| Place::of(file, b));
        let steps = body
            .and_then(|b| b.get("steps"))
            .map(|list| list.items().map(|s| Step::read(file, s)).collect())
            .unwrap_or_default();
        let outside = [
            ("analysis", "background"),
            ("prePromotionAnalysis", "prePromotion"),
            ("postPromotionAnalysis", "postPromotion"),
        ];
        let analyses =
            outside.into_iter().filter_map(|(key, when)| Some(Analysis::read(file, when, body?.get(key)?))).collect();
        let reference = spec.get("workloadRef");
        let moved: [&[&str]; 6] = [
            &["stableService"],
            &["canaryService"],
            &["activeService"],
            &["previewService"],
            &["pingPong", "pingService"],
            &["pingPong", "pongService"],
        ];
        let services = moved.into_iter().filter_map(|keys| body?.at(keys)?.as_str().map(str::to_owned)).collect();
        Some(Rollout {
            object,
            name: name.to_owned(),
            namespace: None,
            spec: Place::of(file, spec),
            workload: None,
            workload_ref: reference
                .and_then(|r| Some((r.get("kind")?.as_str()?.to_owned(), r.get("name")?.as_str()?.to_owned()))),
            strategy: kind,
            strategy_at,
            steps,
            analyses,
            services,
        })
    }

    /// Every analysis, those of the steps with the step's index.
    pub fn runs(&self) -> impl Iterator<Item = (&Analysis, Option<usize>)> {
        let steps = self.steps.iter().enumerate().filter_map(|(i, s)| match &s.kind {
            StepKind::Analysis(analysis) => Some((analysis, Some(i))),
            _ => None,
        });
        steps.chain(self.analyses.iter().map(|a| (a, None)))
    }
}

impl Step {
    fn read(file: usize, node: Node<'_>) -> Step {
        let kind = if let Some(weight) = node.get("setWeight").and_then(|n| n.as_i64()) {
            StepKind::SetWeight(weight)
        } else if let Some(analysis) = node.get("analysis") {
            StepKind::Analysis(Analysis::read(file, "step", analysis))
        } else if let Some(pause) = node.get("pause") {
            let duration = pause.get("duration").and_then(|n| n.as_str());
            StepKind::Pause(duration.and_then(|d| d.parse().ok().or_else(|| crate::duration::go_duration(d))))
        } else {
            StepKind::Other
        };
        Step { at: Place::of(file, node), kind }
    }
}

impl Analysis {
    fn read(file: usize, when: &'static str, node: Node<'_>) -> Analysis {
        let list = |key: &str| -> Vec<Node<'_>> { node.get(key).map(|n| n.items().collect()).unwrap_or_default() };
        Analysis {
            when,
            at: Place::of(file, node),
            templates: list("templates").into_iter().filter_map(|n| TemplateRef::read(file, n)).collect(),
            args: list("args").into_iter().filter_map(|n| RolloutArg::read(file, n)).collect(),
            dry_run: list("dryRun").into_iter().filter_map(|n| Text::at(file, n, &["metricName"])).collect(),
            starting_step: node.get("startingStep").and_then(|n| n.as_i64()),
        }
    }
}

impl RolloutArg {
    fn read(file: usize, node: Node<'_>) -> Option<RolloutArg> {
        let from = node.get("valueFrom");
        let value = if let Some(value) = node.get("value").and_then(|v| v.as_str()) {
            ArgValue::Literal(value.to_owned())
        } else if let Some(hash) = from.and_then(|f| f.get("podTemplateHashValue")).and_then(|h| h.as_str()) {
            if hash == "Latest" { ArgValue::CanaryHash } else { ArgValue::StableHash }
        } else if let Some(path) = from.and_then(|f| f.at(&["fieldRef", "fieldPath"])).and_then(|p| p.as_str()) {
            ArgValue::Field(path.to_owned())
        } else if from.is_some() {
            ArgValue::Unknown
        } else {
            ArgValue::Nothing
        };
        Some(RolloutArg { name: node.get("name")?.as_str()?.to_owned(), at: Place::of(file, node), value })
    }
}
