//! Values at run time, with Go's types where a condition can tell them apart, and expr's operators on them (its package
//! vm/runtime).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::ast::Binary;

/// A value. Slices of arrays share their elements, because Go calls two arrays at one address equal even where they hold
/// NaN.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Nil,
    Bool(bool),
    /// Go's `int`.
    Int(i64),
    /// Go's `int64`, from `asInt`.
    Int64(i64),
    Float(f64),
    Str(Rc<str>),
    /// `[]float64`: `result` or a part of it.
    Floats(Span<f64>),
    /// `[]any`.
    Array(Span<Value>),
    /// `[]int`: the range `from..=to`, which is never stored.
    Range(i64, i64),
    Map(Rc<BTreeMap<String, Value>>),
    /// One of the environment's functions as a value.
    Function,
}

/// A part of a shared array.
#[derive(Debug, Clone)]
pub(super) struct Span<T> {
    items: Rc<[T]>,
    start: usize,
    end: usize,
}

impl<T> Span<T> {
    pub(super) fn new(items: Vec<T>) -> Span<T> {
        Span { end: items.len(), items: items.into(), start: 0 }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        self.items.get(self.start..self.end).unwrap_or_default()
    }

    fn same_address(&self, other: &Span<T>) -> bool {
        Rc::ptr_eq(&self.items, &other.items) && self.start == other.start
    }

    fn part(&self, from: usize, to: usize) -> Span<T> {
        Span { items: Rc::clone(&self.items), start: self.start + from, end: self.start + to }
    }
}

impl Value {
    pub(super) fn array(items: Vec<Value>) -> Value {
        Value::Array(Span::new(items))
    }

    pub(super) fn string(text: &str) -> Value {
        Value::Str(Rc::from(text))
    }

    /// The type as Go's `%T` prints it.
    pub(super) fn go_type(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::Floats(_) => "[]float64",
            Value::Array(_) => "[]interface {}",
            Value::Range(..) => "[]int",
            Value::Map(_) => "map[string]interface {}",
            Value::Function => "func",
        }
    }

    /// The number of elements of an array; `None` for anything else.
    pub(super) fn array_len(&self) -> Option<usize> {
        match self {
            Value::Floats(items) => Some(items.as_slice().len()),
            Value::Array(items) => Some(items.as_slice().len()),
            Value::Range(from, to) => {
                let len = to.checked_sub(*from).and_then(|n| n.checked_add(1)).unwrap_or(i64::MAX);
                Some(usize::try_from(len).unwrap_or(0))
            }
            _ => None,
        }
    }

    /// What `len` says.
    pub(super) fn len(&self) -> Option<usize> {
        match self {
            Value::Str(text) => Some(text.len()),
            Value::Map(map) => Some(map.len()),
            other => other.array_len(),
        }
    }

    /// An element of an array.
    pub(super) fn element(&self, index: usize) -> Option<Value> {
        match self {
            Value::Floats(items) => items.as_slice().get(index).map(|v| Value::Float(*v)),
            Value::Array(items) => items.as_slice().get(index).cloned(),
            Value::Range(from, _) if Some(index) < self.array_len() => {
                i64::try_from(index).ok().map(|i| Value::Int(from.wrapping_add(i)))
            }
            _ => None,
        }
    }

    /// The elements of an array, if there are not too many of them to hold.
    pub(super) fn elements(&self) -> Option<Vec<Value>> {
        let len = self.array_len().filter(|len| *len <= 1_000_000)?;
        (0..len).map(|i| self.element(i)).collect()
    }

    /// The number, if it is one. Go's conversion, which rounds large integers.
    pub(super) fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(v) | Value::Int64(v) => Some(*v as f64),
            Value::Float(v) => Some(*v),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub(super) fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(v) | Value::Int64(v) => Some(*v),
            _ => None,
        }
    }

    /// expr's `ToInt`, floats truncated.
    pub(super) fn to_int(&self) -> Result<i64, String> {
        match self {
            Value::Float(v) => Ok(truncate(*v)),
            other => other.as_int().ok_or_else(|| format!("invalid operation: int({})", other.go_type())),
        }
    }

    /// expr's `Equal`.
    pub(super) fn equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => a == b,
            _ => match (self.as_f64(), other.as_f64()) {
                (Some(a), Some(b)) => a == b,
                _ => self.deeply_equals(other),
            },
        }
    }

    /// Go's `reflect.DeepEqual`: same type, same content, NaN unequal to itself.
    fn deeply_equals(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) | (Value::Int64(a), Value::Int64(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            (Value::Floats(a), Value::Floats(b)) => {
                let (x, y) = (a.as_slice(), b.as_slice());
                x.len() == y.len() && (a.same_address(b) || x == y)
            }
            (Value::Array(a), Value::Array(b)) => {
                let (x, y) = (a.as_slice(), b.as_slice());
                x.len() == y.len() && (a.same_address(b) || x.iter().zip(y).all(|(x, y)| x.deeply_equals(y)))
            }
            (Value::Range(a, _), Value::Range(b, _)) => {
                self.array_len() == other.array_len() && (a == b || self.array_len() == Some(0))
            }
            (Value::Map(a), Value::Map(b)) => {
                Rc::ptr_eq(a, b)
                    || a.len() == b.len() && a.iter().all(|(key, x)| b.get(key).is_some_and(|y| x.deeply_equals(y)))
            }
            _ => false,
        }
    }

    /// expr's `Less`, `More` and their kin; `op` is the operator for the message.
    pub(super) fn compare(&self, op: Binary, other: &Value) -> Result<bool, String> {
        let order = match (self, other) {
            (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            _ => match (self.as_f64(), other.as_f64()) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => {
                    let (a, b) = (self.go_type(), other.go_type());
                    return Err(format!("invalid operation: {a} {} {b}", op.text()));
                }
            },
        };
        // Without an order one of them is NaN, and every comparison is false.
        Ok(order.is_some_and(|order| match op {
            Binary::Lt => order == Ordering::Less,
            Binary::Le => order != Ordering::Greater,
            Binary::Gt => order == Ordering::Greater,
            _ => order != Ordering::Less,
        }))
    }

    /// expr's arithmetic.
    pub(super) fn arithmetic(&self, op: Binary, other: &Value) -> Result<Value, String> {
        let refused = || {
            let (a, b) = (self.go_type(), other.go_type());
            Err(format!("invalid operation: {a} {} {b}", op.text()))
        };
        if let (Binary::Add, Value::Str(a), Value::Str(b)) = (op, self, other) {
            return Ok(Value::string(&format!("{a}{b}")));
        }
        if let (Some(a), Some(b)) = (self.as_int(), other.as_int()) {
            match op {
                Binary::Add => return Ok(Value::Int(a.wrapping_add(b))),
                Binary::Sub => return Ok(Value::Int(a.wrapping_sub(b))),
                Binary::Mul => return Ok(Value::Int(a.wrapping_mul(b))),
                Binary::Mod if b == 0 => {
                    return Err("runtime error: integer divide by zero".to_owned());
                }
                Binary::Mod => return Ok(Value::Int(a.wrapping_rem(b))),
                _ => {}
            }
        }
        let (Some(a), Some(b)) = (self.as_f64(), other.as_f64()) else {
            return refused();
        };
        Ok(Value::Float(match op {
            Binary::Add => a + b,
            Binary::Sub => a - b,
            Binary::Mul => a * b,
            Binary::Div => a / b,
            Binary::Pow => a.powf(b),
            _ => return refused(),
        }))
    }

    /// expr's `Fetch`: an element, counted from the end where negative, or a map's value.
    pub(super) fn fetch(&self, key: &Value) -> Result<Value, String> {
        if let Value::Map(map) = self {
            return match key {
                Value::Str(key) => Ok(map.get(key.as_ref()).cloned().unwrap_or(Value::Nil)),
                Value::Nil => Ok(map.get("").cloned().unwrap_or(Value::Nil)),
                other => Err(format!("a {} is no key of a map", other.go_type())),
            };
        }
        let Some(len) = self.array_len() else {
            return Err(format!("cannot fetch {} from {}", key.show(), self.go_type()));
        };
        let index = key.to_int()?;
        let len = i64::try_from(len).unwrap_or(i64::MAX);
        let index = if index < 0 { len.saturating_add(index) } else { index };
        let element = usize::try_from(index).ok().and_then(|i| self.element(i));
        element.ok_or_else(|| "reflect: slice index out of range".to_owned())
    }

    /// expr's `Slice`, ends clamped.
    pub(super) fn slice(&self, from: &Value, to: &Value) -> Result<Value, String> {
        let len = match self {
            Value::Str(text) => text.len(),
            other => other.array_len().ok_or_else(|| format!("cannot slice {}", from.show()))?,
        };
        let clamp = |end: i64| {
            let length = i64::try_from(len).unwrap_or(i64::MAX);
            let end = if end < 0 { length.saturating_add(end) } else { end };
            usize::try_from(end).unwrap_or(0)
        };
        let (a, b) = (clamp(from.to_int()?), clamp(to.to_int()?).min(len));
        let a = a.min(b);
        Ok(match self {
            Value::Str(text) => match text.get(a..b) {
                Some(part) => Value::string(part),
                None => return Err("a slice through a character is not modelled".to_owned()),
            },
            Value::Floats(items) => Value::Floats(items.part(a, b)),
            Value::Array(items) => Value::Array(items.part(a, b)),
            Value::Range(first, _) => {
                let at = |i: usize| first.wrapping_add(i64::try_from(i).unwrap_or(i64::MAX));
                Value::Range(at(a), at(b).wrapping_sub(1))
            }
            _ => Value::Nil,
        })
    }
}

/// Go's conversion of a float to `int` on amd64, where NaN and what does not fit become the smallest integer.
pub(super) fn truncate(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) { value as i64 } else { i64::MIN }
}
