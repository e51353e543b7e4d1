//! What is a number whatever series exist.

use super::expr::{Expr, ExprKind, Operator};

/// The value of a scalar expression of literals. Unbound templating is none.
pub(super) fn constant(expr: &Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Number(value) => Some(*value),
        ExprKind::Paren(inner) => constant(inner),
        ExprKind::Negation(inner) => constant(inner).map(|value| -value),
        ExprKind::Binary(binary) => arithmetic(binary.op, constant(&binary.left)?, constant(&binary.right)?),
        ExprKind::Call(call) if call.function == "pi" => Some(std::f64::consts::PI),
        ExprKind::Call(call) if call.function == "scalar" => constant_vector(call.args.first()?),
        _ => None,
    }
}

/// The value of an instant vector that is always one element: `vector(0)`, `vector(1) - 1`.
pub(super) fn constant_vector(expr: &Expr) -> Option<f64> {
    one_element(expr, false)
}

/// The value of an instant vector that is one element whenever it answers: also `absent(x)`, `absent(x) * 0`.
pub(super) fn answered_value(expr: &Expr) -> Option<f64> {
    one_element(expr, true)
}

fn one_element(expr: &Expr, absent: bool) -> Option<f64> {
    match &expr.kind {
        ExprKind::Paren(inner) => one_element(inner, absent),
        ExprKind::Negation(inner) => one_element(inner, absent).map(|value| -value),
        ExprKind::Call(call) if call.function == "vector" => constant(call.args.first()?),
        ExprKind::Call(call) if absent && call.function.starts_with("absent") => Some(1.0),
        ExprKind::Binary(binary) => {
            let side = |side: &Expr| one_element(side, absent).or_else(|| constant(side));
            arithmetic(binary.op, side(&binary.left)?, side(&binary.right)?)
        }
        _ => None,
    }
}

fn arithmetic(op: Operator, left: f64, right: f64) -> Option<f64> {
    Some(match op {
        Operator::Add => left + right,
        Operator::Sub => left - right,
        Operator::Mul => left * right,
        Operator::Div => left / right,
        Operator::Mod => left % right,
        Operator::Pow => left.powf(right),
        _ => return None,
    })
}
