//! Calls: the functions of the environment by signature, the builtins by their own rules.

use std::ops::Range;

use super::{Checked, Checker, refuse};
use crate::condition::CompileError;
use crate::condition::ast::{Binary, Kind, Node};
use crate::condition::functions::Builtin;
use crate::condition::types::Type;

impl Checker {
    pub(super) fn call(&mut self, callee: &mut Node, args: &mut [Node], span: Range<usize>) -> Checked {
        let ty = self.visit_type(callee)?;
        let name = match &callee.kind {
            Kind::Ident(name) => name.clone(),
            Kind::Member { property, .. } => match &property.kind {
                Kind::Str(name) => name.clone(),
                _ => "function".to_owned(),
            },
            _ => "function".to_owned(),
        };
        let declared = self.variables.iter().any(|(n, ..)| *n == name);
        match ty {
            Type::Nil => {
                let message = format!("{name} is nil; cannot call nil as function");
                Err(CompileError::types(message, span))
            }
            Type::BuiltinFunction | Type::EnvFunction(_) if declared => {
                Err(CompileError::unmodelled("a function in a variable is not modelled", span))
            }
            Type::EnvFunction(function) => {
                let (parameters, result) = function.signature();
                self.arguments(&name, parameters, args, &span)?;
                Ok((result, None))
            }
            // expr does not even look at the arguments here.
            Type::Any => Err(CompileError::unmodelled("a call of a value is not modelled", span)),
            other => Err(CompileError::types(format!("{other} is not callable"), span)),
        }
    }

    fn arguments(
        &mut self,
        name: &str,
        parameters: &[Type],
        args: &mut [Node],
        span: &Range<usize>,
    ) -> Result<(), CompileError> {
        if args.len() != parameters.len() {
            let how = if args.len() > parameters.len() { "too many" } else { "not enough" };
            let message = format!("{how} arguments to call {name}");
            return Err(CompileError::types(message, span.clone()));
        }
        for (arg, parameter) in args.iter_mut().zip(parameters) {
            let ty = self.visit_type(arg)?;
            if *parameter == Type::Float && ty.is_integer() {
                floats(arg);
            } else if ty != Type::Nil && ty != Type::Any && !ty.assignable_to(parameter) {
                let message = format!("cannot use {ty} as argument (type {parameter}) to call {name} ");
                return refuse(arg, message);
            }
        }
        Ok(())
    }

    pub(super) fn builtin(&mut self, function: Builtin, args: &mut [Node], span: Range<usize>) -> Checked {
        if function == Builtin::Get {
            return self.get(args, span);
        }
        if !function.signatures().is_empty() {
            let mut last = None;
            for (parameters, result) in function.signatures() {
                match self.arguments(function.name(), parameters, args, &span) {
                    Ok(()) => return Ok((result.clone(), None)),
                    Err(error) => last = Some(error),
                }
            }
            return match last {
                Some(error) => Err(error),
                None => Ok((Type::Any, None)),
            };
        }
        let mut types = Vec::new();
        for arg in args.iter_mut() {
            types.push(self.visit_type(arg)?);
        }
        match by_rule(function, &types) {
            Ok(ty) => Ok((ty, None)),
            Err(message) => Err(CompileError::types(message, span)),
        }
    }

    fn get(&mut self, args: &mut [Node], span: Range<usize>) -> Checked {
        let [value, key] = args else {
            let message = format!("invalid number of arguments (expected 2, got {})", args.len());
            return Err(CompileError::types(message, span));
        };
        let ty = self.visit_type(value)?;
        let of = match &ty {
            // The key goes unchecked, a name that nothing defines as well.
            Type::Any => return Ok((Type::Any, None)),
            Type::Array(of) => of.as_ref().clone(),
            Type::Map => Type::Any,
            _ => return refuse(value, format!("type {ty} does not support indexing")),
        };
        let index = self.visit_type(key)?;
        let array = ty.is_array();
        if index == Type::Nil {
            let what = if array { "slice" } else { "map" };
            return refuse(key, format!("cannot use nil as {what} index"));
        }
        if array && !index.is_integer() && index != Type::Any {
            return refuse(key, format!("non-integer slice index {index}"));
        }
        if !array && !matches!(index, Type::Str | Type::Any) {
            return refuse(key, format!("cannot use {index} to get an element from {ty}"));
        }
        Ok((of, None))
    }
}

/// The `Validate` functions of expr's builtins.
fn by_rule(function: Builtin, types: &[Type]) -> Result<Type, String> {
    let name = function.name();
    if matches!(function, Builtin::Max | Builtin::Min) {
        return extreme(name, types);
    }
    let (first, second) = match (function, types) {
        (Builtin::Take, [array, count]) => (array, Some(count)),
        (Builtin::Take, _) => {
            return Err(format!("invalid number of arguments (expected 2, got {})", types.len()));
        }
        (Builtin::Sort, [array]) => (array, None),
        (Builtin::Sort, [array, order]) => (array, Some(order)),
        (Builtin::Sort, _) => {
            return Err(format!("invalid number of arguments (expected 1 or 2, got {})", types.len()));
        }
        (_, [only]) => (only, None),
        _ => {
            return Err(format!("invalid number of arguments (expected 1, got {})", types.len()));
        }
    };
    let array = first.is_array() || *first == Type::Any;
    let number = first.is_number() || *first == Type::Any;
    let refused = |what: &str| Err(format!("{what} {}", first.verb_s()));
    let invalid = |name: &str| Err(format!("invalid argument for {name} (type {})", first.verb_s()));
    match function {
        Builtin::Len if array || matches!(first, Type::Map | Type::Str) => Ok(Type::Int),
        Builtin::Abs if number => Ok(first.clone()),
        Builtin::Ceil | Builtin::Floor | Builtin::Round if number => Ok(Type::Float),
        Builtin::Int if number || *first == Type::Str => Ok(Type::Int),
        Builtin::Float if number || *first == Type::Str => Ok(Type::Float),
        // expr's own slip of the pen.
        Builtin::Round => invalid("floor"),
        Builtin::Sum if array => Ok(Type::Any),
        Builtin::Mean | Builtin::Median if array => Ok(Type::Float),
        Builtin::Sum | Builtin::Median => refused(&format!("cannot {name}")),
        Builtin::Mean => refused("cannot avg"),
        Builtin::First | Builtin::Last => match first {
            Type::Any => Ok(Type::Any),
            Type::Array(of) => Ok(of.as_ref().clone()),
            _ => refused(&format!("cannot get {name} element from")),
        },
        Builtin::Take if !array => refused("cannot take from"),
        Builtin::Take => match second {
            Some(count) if !count.is_integer() && *count != Type::Any => {
                Err(format!("cannot take {} elements", count.verb_s()))
            }
            _ => Ok(first.clone()),
        },
        Builtin::Sort if !array => refused("cannot sort"),
        Builtin::Sort => match second {
            Some(order) if !matches!(order, Type::Str | Type::Any) => {
                Err(format!("invalid argument for sort (expected string, got {})", order.verb_s()))
            }
            _ => Ok(Type::array(Type::Any)),
        },
        _ => invalid(name),
    }
}

fn extreme(name: &str, types: &[Type]) -> Result<Type, String> {
    for ty in types {
        match ty {
            Type::Any => return Ok(Type::Any),
            ty if ty.is_number() => {}
            ty => return Err(format!("invalid argument for {name} (type {})", ty.verb_s())),
        }
    }
    types.first().cloned().ok_or_else(|| format!("not enough arguments to call {name}"))
}

/// Integer literals become floats where a `float64` is asked for; other integers stay, and fail when evaluated.
fn floats(node: &mut Node) {
    match &mut node.kind {
        Kind::Int(value) => {
            node.kind = Kind::Float(*value as f64);
            node.ty = Type::Float;
        }
        Kind::Unary(_, operand) => floats(operand),
        Kind::Binary(Binary::Add | Binary::Sub | Binary::Mul, left, right) => {
            floats(left);
            floats(right);
        }
        _ => {}
    }
}
