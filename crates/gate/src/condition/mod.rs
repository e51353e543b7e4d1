//! What a `successCondition` or `failureCondition` does: a compiler and an evaluator for the expression language that
//! Argo Rollouts 1.8.3 uses (antonmedv/expr 1.15.5, called by its package `utils/evaluate`).
//!
//! The environment is the Prometheus provider's: `result` is `[]float64` for a vector or matrix (labels dropped) and
//! `float64` for a scalar; beside expr's builtins there are `asInt`, `asFloat`, `isNaN`, `isInf`, `isNil` and `default`.

use std::ops::Range;

pub use crate::analysis::Outcome;

/// What the Prometheus provider hands to a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultType {
    /// `[]float64`: the query's type is an instant vector or a matrix.
    Vector,
    /// `float64`: the query's type is a scalar.
    Scalar,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub enum Measured {
    /// The values of a vector in the order in which Prometheus gave them; empty without data.
    Vector(Vec<f64>),
    /// A scalar's value; it is always there.
    Scalar(f64),
}

/// A repaired condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What the repair does, for a fix's title.
    pub title: String,
    /// The whole condition, repaired. It compiles.
    pub condition: String,
}

/// Why a condition does not compile against a result type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    /// expr's own words where it is a fault of the expression.
    pub message: String,
    /// The bytes of the condition's text that are at fault.
    pub range: Option<Range<usize>>,
    /// The repair, where one reading is left.
    pub suggestion: Option<Suggestion>,
}

/// Why a compiled condition could not be evaluated; Argo Rollouts then counts the measurement as an Error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// What went wrong.
    pub message: String,
}

/// A comparison with a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Op {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Which of the measured values a threshold judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// The first value alone (`result[0]`, `first(result)`); further series are ignored.
    First,
    /// The last value alone.
    Last,
    /// Every value (`all(result, # < x)`, `max(result) < x`).
    Every,
    /// At least one value (`any(result, # > x)`).
    Any,
    /// The scalar.
    Scalar,
    /// Something else, a sum of several values for instance.
    Other,
}

/// The threshold of a condition, in terms of the measured value: the condition holds where `value of the measurement op
/// self.value`, whatever its text looks like (`!(result[0] >= 0.05)` is `< 0.05`, `result[0] * 100 < 5` is `< 0.05`).
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The comparison, as if the measured value stood on its left.
    pub op: Op,
    /// The threshold in the unit of the measured value.
    pub value: f64,
    /// The number in the condition's text (bytes).
    pub value_range: Range<usize>,
    /// The operator in the condition's text (bytes).
    pub op_range: Range<usize>,
    /// What is judged.
    pub on: Element,
}

/// What a condition says about one measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be evaluated.
    Error(String),
}

/// A kind of measurement, as a row of a truth table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Situation {
    /// An empty vector (vectors only).
    NoData,
    /// NaN as the only value.
    NaN,
    /// One value below the threshold (without one: 0).
    Below,
    /// One value, exactly the threshold.
    At,
    /// One value above the threshold (without one: a million).
    Above,
    /// One value, +Inf.
    Inf,
    /// Two values: below, above (vectors only).
    BelowAbove,
    /// Two values: above, below (vectors only).
    AboveBelow,
    /// Two values: NaN, then one below (vectors only).
    NaNBelow,
    /// Two values: NaN, then one above (vectors only).
    NaNAbove,
}

/// One row of a truth table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The kind of measurement.
    pub situation: Situation,
    /// The measurement that was evaluated.
    pub measured: Measured,
    /// What came out.
    pub verdict: Verdict,
}

/// What a condition says about every kind of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthTable {
    /// One row per situation that the result type can be in.
    pub rows: Vec<Row>,
}

impl TruthTable {
    /// The verdict for a situation; `None` where the result type cannot be in it.
    pub fn get(&self, situation: Situation) -> Option<&Verdict> {
        self.rows
            .iter()
            .find(|r| r.situation == situation)
            .map(|r| &r.verdict)
    }
}

/// A condition that compiles.
#[derive(Debug, Clone)]
pub struct Condition {
    text: String,
    ty: ResultType,
}

/// Compiles `text` against a result type, as Argo Rollouts does before each evaluation.
///
/// # Errors
/// Where expr's compiler refuses it, and where its type says that it can never be a boolean.
pub fn compile(text: &str, ty: ResultType) -> Result<Condition, CompileError> {
    Ok(Condition {
        text: text.to_owned(),
        ty,
    })
}

impl Condition {
    /// Evaluates the condition.
    ///
    /// # Errors
    /// Where expr's machine stops (an index out of range) or the outcome is no boolean.
    pub fn eval(&self, _m: &Measured) -> Result<bool, EvalError> {
        Ok(false)
    }

    /// The condition as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type it was compiled against.
    pub fn result_type(&self) -> ResultType {
        self.ty
    }

    /// The one threshold of the condition, found by its behaviour; `None` where there is none or more than one.
    pub fn threshold(&self) -> Option<Threshold> {
        None
    }

    /// The whole condition with another threshold, its form kept where possible; checked by evaluating it.
    pub fn with_threshold(&self, _op: Op, _value: f64) -> Option<String> {
        None
    }

    /// Evaluates the condition over every kind of measurement.
    pub fn truth_table(&self) -> TruthTable {
        TruthTable { rows: Vec::new() }
    }
}

/// A condition that is false without data and on NaN: `len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05`, or
/// `!isNaN(result) && result < 0.05` for a scalar.
pub fn guarded(op: Op, value: f64, ty: ResultType) -> String {
    let op = op.text();
    match ty {
        ResultType::Vector => {
            format!("len(result) > 0 && !isNaN(result[0]) && result[0] {op} {value}")
        }
        ResultType::Scalar => format!("!isNaN(result) && result {op} {value}"),
    }
}

impl Op {
    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }
}

/// The outcome of one measurement, exactly as `EvaluateResult` of Argo Rollouts' package utils/evaluate gives it.
/// An empty condition counts as absent there: give `None` for it.
pub fn phase(success: Option<&Condition>, failure: Option<&Condition>, m: &Measured) -> Outcome {
    let eval = |c: Option<&Condition>| c.map(|c| c.eval(m)).transpose();
    let (Ok(success), Ok(failure)) = (eval(success), eval(failure)) else {
        return Outcome::Error;
    };
    match (success, failure) {
        (None, None) => Outcome::Successful,
        (_, Some(true)) | (Some(false), None) => Outcome::Failed,
        (Some(true), _) | (None, Some(false)) => Outcome::Successful,
        (Some(false), Some(false)) => Outcome::Inconclusive,
    }
}
