//! What a `successCondition` or `failureCondition` does: a compiler and an evaluator for the expression language that
//! Argo Rollouts 1.8.3 uses (antonmedv/expr 1.15.5, called by its package `utils/evaluate`).
//!
//! The environment is the Prometheus provider's: `result` is `[]float64` for a vector or matrix (labels dropped) and
//! `float64` for a scalar; beside expr's builtins there are `asInt`, `asFloat`, `isNaN`, `isInf`, `isNil` and `default`.
//!
//! Lexer, grammar, type checker, optimiser and evaluator follow expr's packages one by one, because each of them decides
//! something: what parses, what compiles, and that `result[0] < 1 && false` is false where `result[0]` alone is an error.
//! `tests/conditions.rs` holds them to the real evaluator. A float that does not fit an integer converts as on amd64.

mod ast;
mod builtins;
mod check;
mod error;
mod eval;
mod functions;
mod lexer;
mod optimise;
mod parser;
mod probe;
mod shown;
mod suggest;
mod table;
mod threshold;
mod types;
mod value;

pub use crate::analysis::Outcome;
pub use error::{CompileError, EvalError, Refusal, Suggestion};
pub use shown::short;
pub use table::{Row, Situation, TruthTable, Verdict};
pub use threshold::{Element, Threshold, bound, bound_of};

use ast::Node;
use types::Type;
use value::Value;

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

impl Measured {
    /// One value of this type.
    pub fn one(ty: ResultType, value: f64) -> Measured {
        match ty {
            ResultType::Vector => Measured::Vector(vec![value]),
            ResultType::Scalar => Measured::Scalar(value),
        }
    }
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

impl Op {
    /// All of them.
    pub const ALL: [Op; 4] = [Op::Lt, Op::Le, Op::Gt, Op::Ge];

    /// The operator as it is written.
    pub fn text(self) -> &'static str {
        match self {
            Op::Lt => "<",
            Op::Le => "<=",
            Op::Gt => ">",
            Op::Ge => ">=",
        }
    }

    /// Whether it bounds from above.
    pub fn is_upper_bound(self) -> bool {
        matches!(self, Op::Lt | Op::Le)
    }

    /// Whether `value op threshold` holds; false for NaN.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Op::Lt => value < threshold,
            Op::Le => value <= threshold,
            Op::Gt => value > threshold,
            Op::Ge => value >= threshold,
        }
    }
}

/// A condition that compiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    text: String,
    ty: ResultType,
    /// As it was written and checked.
    tree: Node,
    /// As expr runs it, after its optimiser.
    program: Node,
}

/// Compiles `text` against a result type, as Argo Rollouts does before each evaluation.
///
/// # Errors
/// Where expr's compiler refuses it, where its type says that it can never be a boolean, and where it uses something
/// that is not modelled; [`CompileError::kind`] tells them apart.
pub fn compile(text: &str, ty: ResultType) -> Result<Condition, CompileError> {
    compile_plainly(text, ty).map_err(|mut error| {
        error.suggestion = suggest::suggest(text, ty, &error);
        error
    })
}

fn compile_plainly(text: &str, ty: ResultType) -> Result<Condition, CompileError> {
    let mut tree = parser::parse(text)?;
    let of = check::check(&mut tree, ty)?;
    let whole = 0..text.len();
    if !matches!(of, Type::Bool | Type::Any) {
        return Err(CompileError::never_bool(format!("expected bool, but got {of}"), whole));
    }
    let mut program = tree.clone();
    optimise::optimise(&mut program)?;
    // Only ranges make loops that long, and whether one is reached may depend on there being data.
    let trials = [Measured::Vector(Vec::new()), Measured::one(ty, 0.0), Measured::one(ty, 1.0)];
    if trials.iter().any(|m| eval::eval(&program, m).is_err_and(|message| message == eval::TOO_LONG)) {
        return Err(CompileError::unmodelled(eval::TOO_LONG, whole));
    }
    Ok(Condition { text: text.to_owned(), ty, tree, program })
}

impl Condition {
    /// Evaluates the condition. A measurement of the other type than the one compiled against is evaluated all the same.
    ///
    /// # Errors
    /// Where expr's machine stops (an index out of range) or the outcome is no boolean.
    pub fn eval(&self, m: &Measured) -> Result<bool, EvalError> {
        match eval::eval(&self.program, m) {
            Ok(Value::Bool(value)) => Ok(value),
            Ok(other) => Err(EvalError { message: format!("expected bool, but got {}", other.go_type()) }),
            Err(message) => Err(EvalError { message }),
        }
    }

    /// The condition as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The type it was compiled against.
    pub fn result_type(&self) -> ResultType {
        self.ty
    }
}

/// A condition that is false without data and on NaN: `len(result) > 0 && !isNaN(result[0]) && result[0] < 0.05`, or
/// `!isNaN(result) && result < 0.05` for a scalar.
pub fn guarded(op: Op, value: f64, ty: ResultType) -> String {
    let op = op.text();
    match ty {
        ResultType::Vector => format!("len(result) > 0 && !isNaN(result[0]) && result[0] {op} {value}"),
        ResultType::Scalar => format!("!isNaN(result) && result {op} {value}"),
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

#[cfg(test)]
mod tests;
