//! The optimiser of expr 1.15.5 (its package optimizer), as far as it changes what comes out: `x && false` is false even
//! where `x` cannot be evaluated, `len(filter(…))` stops nowhere, `x in [1, 2]` looks up by type.

use super::CompileError;
use super::ast::{Binary, Kind, Node, Unary};
use super::functions::Builtin;
use super::types::Type;

/// Rewrites a checked tree. Fails like expr on a constant `% 0`.
pub(super) fn optimise(node: &mut Node) -> Result<(), CompileError> {
    each(node, &mut |n| {
        in_array(n);
        Ok(false)
    })?;
    // Folding one node can make its parent foldable; expr gives up after a thousand rounds as well.
    for _ in 0..1000 {
        if !each(node, &mut fold)? {
            break;
        }
    }
    for rewrite in [in_range, filter_map, filter_len] {
        each(node, &mut |n| {
            rewrite(n);
            Ok(false)
        })?;
    }
    each(node, &mut |n| refuse_filter_last(n).map(|()| false))?;
    each(node, &mut |n| {
        filter_first(n);
        Ok(false)
    })?;
    Ok(())
}

/// Calls `f` on every node, children first; true where any call changed something.
fn each(node: &mut Node, f: &mut dyn FnMut(&mut Node) -> Result<bool, CompileError>) -> Result<bool, CompileError> {
    let mut changed = false;
    let mut failed = None;
    node.for_children_mut(&mut |child| match each(child, f) {
        Ok(c) => changed |= c,
        Err(error) => failed = failed.take().or(Some(error)),
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(f(node)? | changed),
    }
}

/// Puts a new kind in place; a patched node has no type, as in expr.
fn patch(node: &mut Node, kind: Kind, ty: Type) {
    node.kind = kind;
    node.ty = ty;
}

fn take(node: &mut Node) -> Node {
    let at = node.at.clone();
    let span = node.span.clone();
    std::mem::replace(node, Node::new(Kind::Nil, at, span))
}

fn in_array(node: &mut Node) {
    let Kind::Binary(Binary::In, left, right) = &mut node.kind else {
        return;
    };
    let Kind::Array(items) = &right.kind else {
        return;
    };
    if items.is_empty() {
        return;
    }
    let ints: Option<Vec<i64>> =
        items.iter().map(|item| if let Kind::Int(value) = item.kind { Some(value) } else { None }).collect();
    let strings: Option<Vec<String>> =
        items.iter().map(|item| if let Kind::Str(value) = &item.kind { Some(value.clone()) } else { None }).collect();
    let kind = match (ints, strings) {
        (Some(ints), _) if left.ty == Type::Int => Kind::InInts(Box::new(take(left)), ints),
        (_, Some(strings)) => Kind::InStrings(Box::new(take(left)), strings),
        _ => return,
    };
    patch(node, kind, Type::Nil);
}

fn in_range(node: &mut Node) {
    let Kind::Binary(Binary::In, left, right) = &node.kind else {
        return;
    };
    let Kind::Binary(Binary::Range, from, to) = &right.kind else {
        return;
    };
    if left.ty != Type::Int || !matches!((&from.kind, &to.kind), (Kind::Int(_), Kind::Int(_))) {
        return;
    }
    let compare = |op, end: &Node| {
        let kind = Kind::Binary(op, left.clone(), Box::new(end.clone()));
        Box::new(Node::new(kind, node.at.clone(), node.span.clone()))
    };
    let kind = Kind::Binary(Binary::And, compare(Binary::Ge, from), compare(Binary::Le, to));
    patch(node, kind, Type::Nil);
}

/// One round of constant folding.
fn fold(node: &mut Node) -> Result<bool, CompileError> {
    let folded = match &mut node.kind {
        Kind::Unary(op, operand) => match (*op, &operand.kind) {
            (Unary::Minus, Kind::Int(value)) => Some((Kind::Int(value.wrapping_neg()), Type::Int)),
            (Unary::Minus, Kind::Float(value)) => Some((Kind::Float(-value), Type::Float)),
            (Unary::Plus, Kind::Int(value)) => Some((Kind::Int(*value), Type::Int)),
            (Unary::Plus, Kind::Float(value)) => Some((Kind::Float(*value), Type::Float)),
            (Unary::Not, Kind::Bool(value)) => Some((Kind::Bool(!value), Type::Nil)),
            _ => None,
        },
        Kind::Binary(op @ (Binary::And | Binary::Or), left, right) => {
            // The operand that decides nothing goes; the one that decides everything stays alone.
            let neutral = *op == Binary::And;
            match (&left.kind, &right.kind) {
                (Kind::Bool(value), _) if *value == neutral => {
                    *node = take(right);
                    return Ok(true);
                }
                (_, Kind::Bool(value)) if *value == neutral => {
                    *node = take(left);
                    return Ok(true);
                }
                (Kind::Bool(_), _) | (_, Kind::Bool(_)) => Some((Kind::Bool(!neutral), Type::Nil)),
                _ => None,
            }
        }
        Kind::Binary(Binary::Eq, left, right) => match (&left.kind, &right.kind) {
            (Kind::Int(a), Kind::Int(b)) => Some((Kind::Bool(a == b), Type::Nil)),
            (Kind::Str(a), Kind::Str(b)) => Some((Kind::Bool(a == b), Type::Nil)),
            (Kind::Bool(a), Kind::Bool(b)) => Some((Kind::Bool(a == b), Type::Nil)),
            _ => None,
        },
        Kind::Binary(Binary::Mod, left, right) => match (&left.kind, &right.kind) {
            (Kind::Int(_), Kind::Int(0)) => {
                return Err(CompileError::types("integer divide by zero".to_owned(), node.span.clone()));
            }
            (Kind::Int(a), Kind::Int(b)) => Some((Kind::Int(a.wrapping_rem(*b)), Type::Nil)),
            _ => None,
        },
        Kind::Binary(op, left, right) => fold_arithmetic(*op, &left.kind, &right.kind),
        Kind::Builtin { function: Builtin::Filter, args, .. } => return Ok(merge_filters(args)),
        _ => None,
    };
    let changed = folded.is_some();
    if let Some((kind, ty)) = folded {
        patch(node, kind, ty);
    }
    Ok(changed)
}

fn fold_arithmetic(op: Binary, left: &Kind, right: &Kind) -> Option<(Kind, Type)> {
    let int = |value| Some((Kind::Int(value), Type::Int));
    let float = |value| Some((Kind::Float(value), Type::Float));
    let as_float = |kind: &Kind| match kind {
        Kind::Int(value) => Some(*value as f64),
        Kind::Float(value) => Some(*value),
        _ => None,
    };
    match (op, left, right) {
        (Binary::Add, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_add(*b)),
        (Binary::Sub, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_sub(*b)),
        (Binary::Mul, Kind::Int(a), Kind::Int(b)) => return int(a.wrapping_mul(*b)),
        (Binary::Add, Kind::Str(a), Kind::Str(b)) => {
            return Some((Kind::Str(format!("{a}{b}")), Type::Nil));
        }
        _ => {}
    }
    let (a, b) = (as_float(left)?, as_float(right)?);
    match op {
        Binary::Add => float(a + b),
        Binary::Sub => float(a - b),
        Binary::Mul => float(a * b),
        Binary::Div => float(a / b),
        Binary::Pow => float(a.powf(b)),
        _ => None,
    }
}

/// `filter(filter(a, p), q)` is `filter(a, p && q)`.
fn merge_filters(args: &mut [Node]) -> bool {
    let [inner, outer] = args else {
        return false;
    };
    let Kind::Builtin { function: Builtin::Filter, args: inner_args, .. } = &mut inner.kind else {
        return false;
    };
    let [array, predicate] = inner_args.as_mut_slice() else {
        return false;
    };
    let (array, predicate) = (take(array), take(predicate));
    let (at, span) = (outer.at.clone(), outer.span.clone());
    let kind = Kind::Binary(Binary::And, Box::new(predicate), Box::new(take(outer)));
    *outer = Node::new(kind, at, span);
    *inner = array;
    true
}

/// The arguments of a `filter` with its two arguments, and what is made of its elements.
fn filter_of(node: &mut Node) -> Option<(Vec<Node>, Option<Box<Node>>)> {
    match &mut node.kind {
        Kind::Builtin { function: Builtin::Filter, args, map, .. } if args.len() == 2 => {
            Some((std::mem::take(args), map.take()))
        }
        _ => None,
    }
}

fn is_plain_filter(node: &Node) -> bool {
    matches!(&node.kind, Kind::Builtin { function: Builtin::Filter, map: None, .. })
}

fn filter_map(node: &mut Node) {
    let Kind::Builtin { function: Builtin::Map, args, .. } = &mut node.kind else {
        return;
    };
    let [filter, closure] = args.as_mut_slice() else {
        return;
    };
    if !is_plain_filter(filter) {
        return;
    }
    let Kind::Closure(body) = &mut closure.kind else {
        return;
    };
    let map = Some(Box::new(take(body)));
    if let Some((args, _)) = filter_of(filter) {
        let kind = Kind::Builtin { function: Builtin::Filter, args, throws: false, map };
        patch(node, kind, Type::Nil);
    }
}

fn filter_len(node: &mut Node) {
    let Kind::Builtin { function: Builtin::Len, args, .. } = &mut node.kind else {
        return;
    };
    // What `map` would have made of the elements is never looked at.
    if let Some((args, _)) = args.first_mut().and_then(filter_of) {
        let kind = Kind::Builtin { function: Builtin::Count, args, throws: false, map: None };
        patch(node, kind, Type::Nil);
    }
}

/// `filter(…)[-1]` and `last(filter(…))` become expr's `findLast`, which is not modelled.
fn refuse_filter_last(node: &Node) -> Result<(), CompileError> {
    let filter = match &node.kind {
        Kind::Member { node, property, optional: false } if property.kind == Kind::Int(-1) => Some(node.as_ref()),
        Kind::Builtin { function: Builtin::Last, args, .. } => args.first(),
        _ => None,
    };
    match filter.map(|node| &node.kind) {
        Some(Kind::Builtin { function: Builtin::Filter, .. }) => {
            Err(CompileError::unmodelled("the last of a filter is not modelled", node.span.clone()))
        }
        _ => Ok(()),
    }
}

/// `filter(…)[0]` and `first(filter(…))` stop at the first element that fits.
fn filter_first(node: &mut Node) {
    let (filter, throws) = match &mut node.kind {
        Kind::Member { node, property, optional: false } if property.kind == Kind::Int(0) => (filter_of(node), true),
        Kind::Builtin { function: Builtin::First, args, .. } => (args.first_mut().and_then(filter_of), false),
        _ => return,
    };
    if let Some((args, map)) = filter {
        let kind = Kind::Builtin { function: Builtin::Find, args, throws, map };
        patch(node, kind, Type::Nil);
    }
}
