//! The static types that a condition's expressions have, named as Go prints them.

use std::fmt;

use super::ast::Binary;
use super::functions::EnvFunction;

/// A static type; `Nil` is Go's missing type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Type {
    Nil,
    Any,
    Bool,
    Int,
    Int64,
    Float,
    Str,
    Array(Box<Type>),
    Map,
    /// One of expr's builtins, used as a value.
    BuiltinFunction,
    EnvFunction(EnvFunction),
}

impl Type {
    pub(super) fn array(of: Type) -> Type {
        Type::Array(Box::new(of))
    }

    pub(super) fn is_integer(&self) -> bool {
        matches!(self, Type::Int | Type::Int64)
    }

    pub(super) fn is_number(&self) -> bool {
        self.is_integer() || *self == Type::Float
    }

    pub(super) fn is_array(&self) -> bool {
        matches!(self, Type::Array(_))
    }

    /// Same `reflect.Kind`.
    pub(super) fn same_kind(&self, other: &Type) -> bool {
        match (self, other) {
            (Type::Array(_), Type::Array(_)) => true,
            (Type::BuiltinFunction | Type::EnvFunction(_), Type::BuiltinFunction | Type::EnvFunction(_)) => true,
            _ => self == other,
        }
    }

    /// Go's `AssignableTo`.
    pub(super) fn assignable_to(&self, other: &Type) -> bool {
        *other == Type::Any || self == other
    }

    /// Whether expr lets the two be compared with `==`.
    pub(super) fn comparable(&self, other: &Type) -> bool {
        *self == Type::Nil
            || *other == Type::Nil
            || self.same_kind(other)
            || (self.is_number() && other.is_number())
            || *self == Type::Any
            || *other == Type::Any
    }

    /// The type as Go's `%s` prints it, which differs from `%v` for a missing one.
    pub(super) fn verb_s(&self) -> String {
        match self {
            Type::Nil => "%!s(<nil>)".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Nil => f.write_str("<nil>"),
            Type::Any => f.write_str("interface {}"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Int64 => f.write_str("int64"),
            Type::Float => f.write_str("float64"),
            Type::Str => f.write_str("string"),
            Type::Array(of) => write!(f, "[]{of}"),
            Type::Map => f.write_str("map[string]interface {}"),
            Type::BuiltinFunction => f.write_str("func(...interface {}) (interface {}, error)"),
            Type::EnvFunction(function) => {
                let (parameters, result) = function.signature();
                let parameters: Vec<String> = parameters.iter().map(ToString::to_string).collect();
                write!(f, "func({}) {result}", parameters.join(", "))
            }
        }
    }
}

/// The type of `left op right`; `None` where expr refuses it. `in` is the checker's own business.
pub(super) fn binary(op: Binary, left: &Type, right: &Type) -> Option<Type> {
    let both = |is: fn(&Type) -> bool| is(left) && is(right);
    // One side unknown and the other one of `kinds`, or both unknown.
    let unknown = |kinds: &[fn(&Type) -> bool]| {
        let fits = |t: &Type| *t == Type::Any || kinds.iter().any(|is| is(t));
        (*left == Type::Any && fits(right)) || (*right == Type::Any && fits(left))
    };
    let number: fn(&Type) -> bool = Type::is_number;
    let integer: fn(&Type) -> bool = Type::is_integer;
    let string: fn(&Type) -> bool = |t| *t == Type::Str;
    let boolean: fn(&Type) -> bool = |t| *t == Type::Bool;
    let combined = || {
        if left == right {
            left.clone()
        } else if *left == Type::Float || *right == Type::Float {
            Type::Float
        } else {
            Type::Int
        }
    };
    match op {
        Binary::Eq | Binary::Ne => left.comparable(right).then_some(Type::Bool),
        Binary::Or | Binary::And => (both(boolean) || unknown(&[boolean])).then_some(Type::Bool),
        Binary::Lt | Binary::Gt | Binary::Ge | Binary::Le => {
            (both(number) || both(string) || unknown(&[number, string])).then_some(Type::Bool)
        }
        Binary::Add if both(string) => Some(Type::Str),
        Binary::Add | Binary::Sub | Binary::Mul if both(number) => Some(combined()),
        Binary::Add => unknown(&[number, string]).then_some(Type::Any),
        Binary::Sub | Binary::Mul => unknown(&[number]).then_some(Type::Any),
        Binary::Div | Binary::Pow => (both(number) || unknown(&[number])).then_some(Type::Float),
        Binary::Mod if both(integer) => Some(combined()),
        Binary::Mod => unknown(&[integer]).then_some(Type::Any),
        Binary::Contains | Binary::StartsWith | Binary::EndsWith => {
            (both(string) || unknown(&[string])).then_some(Type::Bool)
        }
        Binary::Range => (both(integer) || unknown(&[integer])).then(|| Type::array(Type::Int)),
        Binary::Coalesce => Some(match (left, right) {
            (Type::Nil, other) | (other, Type::Nil) => other.clone(),
            (left, right) if right.assignable_to(left) => left.clone(),
            _ => Type::Any,
        }),
        Binary::In => None,
    }
}
