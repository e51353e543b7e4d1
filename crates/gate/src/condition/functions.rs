//! The functions that a condition can call: expr's builtins and those that Argo Rollouts' utils/evaluate adds.

use super::types::Type;

/// Defines an enum together with the names that stand for it in a condition.
macro_rules! named {
    ($(#[$doc:meta])* $kind:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $kind { $($variant),* }

        impl $kind {
            /// The function of this name.
            pub(super) fn named(name: &str) -> Option<$kind> {
                match name {
                    $($name => Some($kind::$variant),)*
                    _ => None,
                }
            }

            /// Its name in a condition.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $($kind::$variant => $name),*
                }
            }
        }
    };
}

named! {
    /// The builtins of expr 1.15.5 that are modelled.
    Builtin {
        All = "all", None = "none", Any = "any", One = "one", Filter = "filter", Map = "map", Count = "count",
        Find = "find", FindIndex = "findIndex", Reduce = "reduce",
        Len = "len", Type = "type", Abs = "abs", Ceil = "ceil", Floor = "floor", Round = "round", Int = "int",
        Float = "float", String = "string", Trim = "trim", Upper = "upper", Lower = "lower", IndexOf = "indexOf",
        LastIndexOf = "lastIndexOf", HasPrefix = "hasPrefix", HasSuffix = "hasSuffix", Max = "max", Min = "min",
        Sum = "sum", Mean = "mean", Median = "median", First = "first", Last = "last", Get = "get", Take = "take",
        Sort = "sort",
    }
}

named! {
    /// What utils/evaluate of Argo Rollouts 1.8.3 puts beside `result`.
    EnvFunction {
        AsInt = "asInt", AsFloat = "asFloat", IsNaN = "isNaN", IsInf = "isInf", IsNil = "isNil", Default = "default",
    }
}

/// Builtins of expr 1.15.5 that say nothing about a number: times, JSON, maps with their random order, text surgery; and
/// two that leave booleans behind on the machine's stack, so that `1 > findLast(…)` compares a boolean. A condition that
/// calls one is reported as not modelled, never as wrong.
pub(super) const UNMODELLED: [&str; 23] = [
    "findLast",
    "findLastIndex",
    "groupBy",
    "trimPrefix",
    "trimSuffix",
    "split",
    "splitAfter",
    "replace",
    "repeat",
    "join",
    "toJSON",
    "fromJSON",
    "toBase64",
    "fromBase64",
    "now",
    "duration",
    "date",
    "keys",
    "values",
    "toPairs",
    "fromPairs",
    "sortBy",
    "$env",
];

impl Builtin {
    /// Whether it takes a closure.
    pub(super) fn is_predicate(self) -> bool {
        matches!(
            self,
            Builtin::All
                | Builtin::None
                | Builtin::Any
                | Builtin::One
                | Builtin::Filter
                | Builtin::Map
                | Builtin::Count
                | Builtin::Find
                | Builtin::FindIndex
                | Builtin::Reduce
        )
    }

    /// The signatures of those that expr checks by signature; empty for those that it checks by hand.
    pub(super) fn signatures(self) -> &'static [(&'static [Type], Type)] {
        use Type::{Any, Bool, Int, Str};
        match self {
            Builtin::Type | Builtin::String => &[(&[Any], Str)],
            Builtin::Trim => &[(&[Str], Str), (&[Str, Str], Str)],
            Builtin::Upper | Builtin::Lower => &[(&[Str], Str)],
            Builtin::IndexOf | Builtin::LastIndexOf => &[(&[Str, Str], Int)],
            Builtin::HasPrefix | Builtin::HasSuffix => &[(&[Str, Str], Bool)],
            _ => &[],
        }
    }
}

impl EnvFunction {
    /// Its parameters and what it returns.
    pub(super) fn signature(self) -> (&'static [Type], Type) {
        use Type::{Any, Bool, Float, Int64};
        match self {
            EnvFunction::AsInt => (&[Any], Int64),
            EnvFunction::AsFloat => (&[Any], Float),
            EnvFunction::IsNaN | EnvFunction::IsInf => (&[Float], Bool),
            EnvFunction::IsNil => (&[Any], Bool),
            EnvFunction::Default => (&[Any, Any], Any),
        }
    }
}
