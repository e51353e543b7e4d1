//! Gates as they are measured: with real hashes in them.

use crate::gates::{Gate, GateKind, Side, substitute};
use crate::{CANARY_HASH, Contract, STABLE_HASH};
use gate::analysis::{Limits, Outcome};
use gate::condition::{self, Measured, ResultType, Threshold};
use model::Provider;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What tells the versions apart.
#[derive(Clone, Copy, Debug)]
pub struct Hashes<'h> {
    /// The canary's.
    pub canary: &'h str,
    /// The stable version's.
    pub stable: &'h str,
}

/// Why a gate cannot be measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmeasurable {
    /// The metric.
    pub metric: String,
    /// What is in the way.
    pub why: String,
}

impl fmt::Display for Unmeasurable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "metric {} {}", self.metric, self.why)
    }
}

/// A condition, or why it is none: Argo Rollouts counts every measurement as an error then.
type Condition = Result<condition::Condition, String>;

/// A gate to measure.
#[derive(Clone, Debug)]
pub struct BoundGate {
    /// Its name.
    pub name: String,
    /// What it judges.
    pub kind: GateKind,
    /// How its measurements count.
    pub limits: Limits,
    /// The query with its arguments in it.
    pub query: String,
    /// `successCondition`.
    pub success: Option<Condition>,
    /// `failureCondition`.
    pub failure: Option<Condition>,
    /// The bound that a measurement must keep.
    pub threshold: Option<Threshold>,
    /// The longest window that the query looks back.
    pub window: Option<Duration>,
    /// Its counting, where its conditions compile.
    pub counted: Option<gate::analysis::Gate>,
}

impl BoundGate {
    /// Binds it; `given` has values for arguments that the rollout gives none for, or others.
    ///
    /// # Errors
    /// Where Prometheus cannot be asked for it.
    pub fn of(
        contract: &Contract<'_>,
        gate: &Gate,
        hashes: &Hashes<'_>,
        given: &BTreeMap<String, String>,
    ) -> Result<BoundGate, Unmeasurable> {
        let Some(metric) = gate.metric(contract) else {
            return Err(Unmeasurable { metric: String::new(), why: "is not there".to_owned() });
        };
        let stop = |why: String| Unmeasurable { metric: metric.name.clone(), why };
        let query = match &metric.provider {
            Provider::Prometheus { range: true, .. } => {
                return Err(stop("is a range query, which is not asked here".into()));
            }
            Provider::Prometheus { query: Some(query), .. } => &query.value,
            Provider::Prometheus { .. } | Provider::Missing => return Err(stop("has no query".into())),
            Provider::Other(kind) => return Err(stop(format!("asks `{kind}`, and only Prometheus is asked here"))),
        };
        let hash = |value: String| match value.as_str() {
            CANARY_HASH | "@canary" => hashes.canary.to_owned(),
            STABLE_HASH | "@stable" => hashes.stable.to_owned(),
            _ => value,
        };
        let lookup = |name: &str| given.get(name).cloned().or_else(|| gate.args.get(name).cloned().flatten()).map(hash);
        let unset = || {
            let names = gate.args.iter().filter(|(name, value)| value.is_none() && !given.contains_key(*name));
            names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let missing = || stop(format!("has arguments without a value: {}", unset()));
        let query = substitute(query, &lookup).ok_or_else(missing)?;
        let ty = gate.result_type.unwrap_or(ResultType::Vector);
        let side = |side: &Option<Side>| -> Result<Option<Condition>, Unmeasurable> {
            let Some(side) = side else { return Ok(None) };
            let text = substitute(&side.text.value, &lookup).ok_or_else(missing)?;
            Ok(Some(condition::compile(&text, ty).map_err(|error| error.to_string())))
        };
        let selectors = gate.query().map(|query| query.selectors()).unwrap_or_default();
        Ok(BoundGate {
            name: metric.name.clone(),
            kind: gate.kind,
            limits: gate.limits.clone(),
            query,
            success: side(&gate.success)?,
            failure: side(&gate.failure)?,
            threshold: gate.bound_op(),
            window: selectors.iter().filter_map(|selector| selector.range).max(),
            counted: gate.counted(),
        })
    }

    /// What a measurement counts as, and why where that is an error.
    #[must_use]
    pub fn judge(&self, measured: &Measured) -> (Outcome, Option<String>) {
        let mut sides = Vec::new();
        for side in [&self.success, &self.failure] {
            match side {
                Some(Err(error)) => return (Outcome::Error, Some(error.clone())),
                Some(Ok(condition)) => {
                    if let Err(error) = condition.eval(measured) {
                        return (Outcome::Error, Some(error.message));
                    }
                    sides.push(Some(condition));
                }
                None => sides.push(None),
            }
        }
        let outcome = condition::phase(sides.first().copied().flatten(), sides.get(1).copied().flatten(), measured);
        (outcome, None)
    }

    /// The bound that a measurement must keep, in words.
    #[must_use]
    pub fn wants(&self) -> String {
        match &self.threshold {
            Some(threshold) => format!("{} {}", threshold.op.text(), condition::short(threshold.value)),
            None => "no bound".to_owned(),
        }
    }

    /// How long it is measured on a healthy canary; `None` where it never ends by itself.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        gate::analysis::duration(&self.limits)
    }
}
