//! The evaluator: what expr's virtual machine does with a compiled condition.

use super::Measured;
use super::ast::{Binary, Kind, Node, Pointer, Unary};
use super::builtins;
use super::functions::EnvFunction;
use super::types::Type;
use super::value::{Span, Value, truncate};

/// expr's budget: no more elements than this are built in one evaluation.
const MEMORY: usize = 1_000_000;
/// Our own: expr runs on for hours where ranges are nested without building anything. No condition over measurements
/// comes near; one that does is refused as not modelled when it is compiled.
const STEPS: usize = 50_000;
/// What an evaluation over that budget says.
pub(super) const TOO_LONG: &str = "the condition takes too long";

/// Why an evaluation stopped.
pub(super) enum Stop {
    Error(String),
    /// A `nil` in an optional chain: the chain's value is `nil`.
    Chain,
}

impl From<String> for Stop {
    fn from(message: String) -> Stop {
        Stop::Error(message)
    }
}

type Evaluated = Result<Value, Stop>;

fn stop<T>(message: &str) -> Result<T, Stop> {
    Err(Stop::Error(message.to_owned()))
}

/// Evaluates a checked and optimised tree.
pub(super) fn eval(node: &Node, measured: &Measured) -> Result<Value, String> {
    let result = match measured {
        Measured::Vector(values) => Value::Floats(Span::new(values.clone())),
        Measured::Scalar(value) => Value::Float(*value),
    };
    let mut machine = Machine { result, variables: Vec::new(), scopes: Vec::new(), memory: 0, steps: 0 };
    match machine.eval(node) {
        Ok(value) => Ok(value),
        Err(Stop::Error(message)) => Err(message),
        Err(Stop::Chain) => Ok(Value::Nil),
    }
}

struct Machine<'a> {
    result: Value,
    variables: Vec<(&'a str, Value)>,
    scopes: Vec<Scope>,
    memory: usize,
    steps: usize,
}

struct Scope {
    array: Value,
    index: usize,
    accumulator: Value,
}

impl<'a> Machine<'a> {
    fn eval(&mut self, node: &'a Node) -> Evaluated {
        self.steps += 1;
        if self.steps > STEPS {
            return stop(TOO_LONG);
        }
        match &node.kind {
            Kind::Nil => Ok(Value::Nil),
            Kind::Int(value) => Ok(Value::Int(*value)),
            Kind::Float(value) => Ok(Value::Float(*value)),
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Str(value) => Ok(Value::string(value)),
            Kind::Ident(name) => Ok(self.variable(name)),
            Kind::Unary(op, operand) => {
                let value = self.eval(operand)?;
                match (op, value) {
                    (Unary::Not, value) => Ok(Value::Bool(!boolean(&value)?)),
                    (Unary::Plus, value) => Ok(value),
                    (Unary::Minus, Value::Int(v)) => Ok(Value::Int(v.wrapping_neg())),
                    (Unary::Minus, Value::Int64(v)) => Ok(Value::Int64(v.wrapping_neg())),
                    (Unary::Minus, Value::Float(v)) => Ok(Value::Float(-v)),
                    (Unary::Minus, other) => stop(&format!("invalid operation: - {}", other.go_type())),
                }
            }
            Kind::Binary(op, left, right) => self.binary(*op, left, right),
            Kind::Chain(inner) => match self.eval(inner) {
                Err(Stop::Chain) => Ok(Value::Nil),
                other => other,
            },
            Kind::Member { node, property, optional } => {
                let base = self.eval(node)?;
                if *optional && matches!(base, Value::Nil) {
                    return Err(Stop::Chain);
                }
                let key = self.eval(property)?;
                Ok(base.fetch(&key)?)
            }
            Kind::Slice { node, from, to } => {
                let base = self.eval(node)?;
                let to = match to {
                    Some(to) => self.eval(to)?,
                    None => builtins::len(&base)?,
                };
                let from = match from {
                    Some(from) => self.eval(from)?,
                    None => Value::Int(0),
                };
                Ok(base.slice(&from, &to)?)
            }
            Kind::Call(callee, args) => self.call(callee, args),
            Kind::Builtin { function, args, throws, map } => {
                if function.is_predicate() {
                    return self.predicate(*function, args, *throws, map.as_deref());
                }
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    values.push(self.eval(arg)?);
                }
                Ok(builtins::call(*function, &values)?)
            }
            Kind::Closure(body) => self.eval(body),
            Kind::Pointer(pointer) => self.pointer(pointer),
            Kind::Let { name, value, body } => {
                let value = self.eval(value)?;
                self.variables.push((name, value));
                let value = self.eval(body);
                self.variables.pop();
                value
            }
            Kind::Conditional(condition, yes, no) => {
                let value = self.eval(condition)?;
                if boolean(&value)? { self.eval(yes) } else { self.eval(no) }
            }
            Kind::Array(nodes) => {
                let mut values = Vec::with_capacity(nodes.len());
                for node in nodes {
                    values.push(self.eval(node)?);
                }
                self.array(values)
            }
            Kind::Map(pairs) => {
                let mut entries = Vec::new();
                for (key, value) in pairs {
                    entries.push((self.eval(key)?, self.eval(value)?));
                }
                self.grow(entries.len())?;
                builtins::map(entries).map_err(Stop::Error)
            }
            Kind::InInts(left, items) => match self.eval(left)? {
                Value::Int(value) => Ok(Value::Bool(items.contains(&value))),
                // Go looks up the zero key for `nil`.
                Value::Nil => Ok(Value::Bool(items.contains(&0))),
                other => stop(&format!("a {} is no key of map[int]struct {{}}", other.go_type())),
            },
            Kind::InStrings(left, items) => match self.eval(left)? {
                Value::Str(value) => Ok(Value::Bool(items.iter().any(|item| *item == *value))),
                Value::Nil => Ok(Value::Bool(items.iter().any(String::is_empty))),
                other => stop(&format!("a {} is no key of map[string]struct {{}}", other.go_type())),
            },
        }
    }

    fn variable(&self, name: &str) -> Value {
        if let Some((_, value)) = self.variables.iter().rev().find(|(n, _)| *n == name) {
            return value.clone();
        }
        match name {
            "result" => self.result.clone(),
            name if EnvFunction::named(name).is_some() => Value::Function,
            // A builtin's name alone passes the checker and is not in the environment.
            _ => Value::Nil,
        }
    }

    fn grow(&mut self, size: usize) -> Result<(), Stop> {
        self.memory = self.memory.saturating_add(size);
        if self.memory >= MEMORY { stop("memory budget exceeded") } else { Ok(()) }
    }

    fn array(&mut self, values: Vec<Value>) -> Evaluated {
        self.grow(values.len())?;
        Ok(Value::array(values))
    }

    fn binary(&mut self, op: Binary, left: &'a Node, right: &'a Node) -> Evaluated {
        let a = self.eval(left)?;
        match op {
            Binary::And if !boolean(&a)? => return Ok(a),
            Binary::Or if boolean(&a)? => return Ok(a),
            Binary::Coalesce if !matches!(a, Value::Nil) => return Ok(a),
            Binary::And | Binary::Or | Binary::Coalesce => return self.eval(right),
            _ => {}
        }
        let b = self.eval(right)?;
        match op {
            Binary::Eq | Binary::Ne => {
                // expr compares two statically known `int`s or strings without looking again, and stops where one is not.
                let same = op == Binary::Eq && left.ty == right.ty;
                let fits = match left.ty {
                    Type::Int if same => matches!((&a, &b), (Value::Int(_), Value::Int(_))),
                    Type::Str if same => matches!((&a, &b), (Value::Str(_), Value::Str(_))),
                    _ => true,
                };
                if !fits {
                    let (a, b) = (a.go_type(), b.go_type());
                    return stop(&format!("interface conversion: {a} == {b}, not {}", left.ty));
                }
                Ok(Value::Bool(a.equals(&b) == (op == Binary::Eq)))
            }
            Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge => Ok(Value::Bool(a.compare(op, &b)?)),
            Binary::In => self.contains(&a, &b),
            Binary::Contains | Binary::StartsWith | Binary::EndsWith => {
                let (Value::Str(a), Value::Str(b)) = (&a, &b) else {
                    return stop("interface conversion: no string");
                };
                Ok(Value::Bool(match op {
                    Binary::Contains => a.contains(b.as_ref()),
                    Binary::StartsWith => a.starts_with(b.as_ref()),
                    _ => a.ends_with(b.as_ref()),
                }))
            }
            Binary::Range => {
                let range = Value::Range(a.to_int()?, b.to_int()?);
                // The optimiser builds constant ranges at compile time, outside the budget.
                let constant = matches!((&left.kind, &right.kind), (Kind::Int(_), Kind::Int(_)));
                let size = range.array_len().unwrap_or(0);
                if !constant || size > MEMORY {
                    self.grow(size)?;
                }
                Ok(range)
            }
            _ => Ok(a.arithmetic(op, &b)?),
        }
    }

    fn contains(&mut self, needle: &Value, array: &Value) -> Evaluated {
        match array {
            Value::Nil => Ok(Value::Bool(false)),
            Value::Map(map) => match needle {
                Value::Str(key) => Ok(Value::Bool(map.contains_key(key.as_ref()))),
                Value::Nil => Ok(Value::Bool(map.contains_key(""))),
                other => stop(&format!("a {} is no key of a map", other.go_type())),
            },
            other => {
                let Some(len) = other.array_len() else {
                    return stop(&format!("operator \"in\" not defined on {}", other.go_type()));
                };
                for index in 0..len {
                    self.steps += 1;
                    if self.steps > STEPS {
                        return stop(TOO_LONG);
                    }
                    if other.element(index).is_some_and(|v| v.equals(needle)) {
                        return Ok(Value::Bool(true));
                    }
                }
                Ok(Value::Bool(false))
            }
        }
    }

    fn call(&mut self, callee: &'a Node, args: &'a [Node]) -> Evaluated {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            values.push(self.eval(arg)?);
        }
        let function = match &callee.kind {
            Kind::Ident(name) => EnvFunction::named(name),
            _ => None,
        };
        let Some(function) = function else {
            return stop("a call of a value is not modelled");
        };
        let first = values.first().unwrap_or(&Value::Nil);
        match function {
            EnvFunction::IsNaN | EnvFunction::IsInf => {
                let Value::Float(value) = first else {
                    let go = first.go_type();
                    return stop(&format!("interface conversion: interface {{}} is {go}, not float64"));
                };
                let nan = function == EnvFunction::IsNaN;
                Ok(Value::Bool(if nan { value.is_nan() } else { value.is_infinite() }))
            }
            EnvFunction::AsInt => Ok(Value::Int64(match first {
                Value::Float(value) => truncate(*value),
                Value::Int(value) | Value::Int64(value) => *value,
                other => builtins::parse_int(other).ok_or_else(|| unsupported(function, other))?,
            })),
            EnvFunction::AsFloat => Ok(Value::Float(match first.as_f64() {
                Some(value) => value,
                None => builtins::parse_float(first).ok_or_else(|| unsupported(function, first))?,
            })),
            // Both ignore what they are given and look at the measurement, which the Prometheus provider always sets.
            EnvFunction::IsNil => Ok(Value::Bool(false)),
            EnvFunction::Default => Ok(self.result.clone()),
        }
    }

    fn pointer(&self, pointer: &Pointer) -> Evaluated {
        let Some(scope) = self.scopes.last() else {
            return stop("cannot use pointer accessor outside closure");
        };
        match pointer {
            Pointer::Element => match scope.array.element(scope.index) {
                Some(value) => Ok(value),
                None => stop("reflect: slice index out of range"),
            },
            Pointer::Named(name) if name == "acc" => Ok(scope.accumulator.clone()),
            Pointer::Named(_) => Ok(Value::Int(i64::try_from(scope.index).unwrap_or(i64::MAX))),
        }
    }
}

fn unsupported(function: EnvFunction, value: &Value) -> String {
    let name = function.name();
    format!("{name}() not supported on {} {}", value.go_type(), value.show())
}

fn boolean(value: &Value) -> Result<bool, Stop> {
    match value {
        Value::Bool(value) => Ok(*value),
        other => stop(&format!("interface conversion: interface {{}} is {}, not bool", other.go_type())),
    }
}

mod closures;
