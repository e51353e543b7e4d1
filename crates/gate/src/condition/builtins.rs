//! expr's builtin functions (its package builtin) on values.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::ast::Binary;
use super::functions::Builtin;
use super::value::{Value, truncate};

type Called = Result<Value, String>;

/// Calls a builtin that takes no closure; the checker has counted the arguments.
pub(super) fn call(function: Builtin, args: &[Value]) -> Called {
    let nil = Value::Nil;
    let first = args.first().unwrap_or(&nil);
    let second = args.get(1);
    let name = function.name();
    let invalid = || Err(format!("invalid argument for {name} (type {})", first.go_type()));
    match function {
        Builtin::Len => len(first),
        Builtin::Type => Ok(Value::string(type_name(first))),
        Builtin::Abs => match first {
            Value::Int(v) => Ok(Value::Int(v.wrapping_abs())),
            Value::Int64(v) => Ok(Value::Int64(v.wrapping_abs())),
            Value::Float(v) => Ok(Value::Float(if *v < 0.0 { -v } else { *v })),
            _ => invalid(),
        },
        Builtin::Ceil | Builtin::Floor | Builtin::Round => match (first.as_f64(), function) {
            (Some(v), Builtin::Ceil) => Ok(Value::Float(v.ceil())),
            (Some(v), Builtin::Floor) => Ok(Value::Float(v.floor())),
            (Some(v), _) => Ok(Value::Float(v.round())),
            _ => invalid(),
        },
        Builtin::Int => match first {
            Value::Float(v) => Ok(Value::Int(truncate(*v))),
            other => match other.as_int().or_else(|| parse_int(other)) {
                Some(v) => Ok(Value::Int(v)),
                None => Err(format!("invalid operation: int({})", other.show())),
            },
        },
        Builtin::Float => match first.as_f64().or_else(|| parse_float(first)) {
            Some(v) => Ok(Value::Float(v)),
            None => Err(format!("invalid operation: float({})", first.show())),
        },
        Builtin::String => Ok(Value::string(&first.show())),
        Builtin::Max | Builtin::Min => extreme(function, args),
        Builtin::Sum => sum(first),
        Builtin::Mean | Builtin::Median => {
            let mut values = numbers(name, first)?;
            if values.is_empty() {
                return Ok(Value::Float(0.0));
            }
            let len = values.len() as f64;
            if function == Builtin::Mean {
                return Ok(Value::Float(values.iter().sum::<f64>() / len));
            }
            // Go sorts NaN to the front.
            values.sort_by(|a, b| b.is_nan().cmp(&a.is_nan()).then(a.total_cmp(b)));
            let middle = values.len() / 2;
            let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
            let median = if values.len() % 2 == 0 { (at(middle - 1) + at(middle)) / 2.0 } else { at(middle) };
            Ok(Value::Float(median))
        }
        // These give nil where there is nothing; expr swallows whatever goes wrong inside.
        Builtin::First => Ok(first.fetch(&Value::Int(0)).unwrap_or(Value::Nil)),
        Builtin::Last => Ok(first.fetch(&Value::Int(-1)).unwrap_or(Value::Nil)),
        Builtin::Get => Ok(first.fetch(second.unwrap_or(&nil)).unwrap_or(Value::Nil)),
        Builtin::Take => {
            let (Some(len), Some(count)) = (first.array_len(), second.and_then(Value::as_int)) else {
                return Err(format!("cannot take from {}", first.go_type()));
            };
            match usize::try_from(count) {
                Ok(count) if count > len => Ok(first.clone()),
                Ok(_) => first.slice(&Value::Int(0), &Value::Int(count)),
                Err(_) => Err("reflect.Value.Slice: slice index out of bounds".to_owned()),
            }
        }
        Builtin::Sort => sort(first, second),
        _ => text(function, first, second),
    }
}

/// `len`, or the length that a slice expression without an end asks for.
pub(super) fn len(value: &Value) -> Called {
    match value.len() {
        Some(len) => Ok(Value::Int(i64::try_from(len).unwrap_or(i64::MAX))),
        None => Err(format!("invalid argument for len (type {})", value.go_type())),
    }
}

/// A map literal; keys must be strings. Entries are stored last to first, so the first of two equal keys wins.
pub(super) fn map(entries: Vec<(Value, Value)>) -> Called {
    let mut map = BTreeMap::new();
    for (key, value) in entries.into_iter().rev() {
        match key {
            Value::Str(key) => map.insert(key.to_string(), value),
            other => {
                let go = other.go_type();
                return Err(format!("interface conversion: interface {{}} is {go}, not string"));
            }
        };
    }
    Ok(Value::Map(Rc::new(map)))
}

/// Go's `strconv.ParseInt` to base ten, of a string.
pub(super) fn parse_int(value: &Value) -> Option<i64> {
    match value {
        Value::Str(text) => text.parse().ok(),
        _ => None,
    }
}

/// Go's `strconv.ParseFloat`, of a string; hexadecimal floats are not modelled.
pub(super) fn parse_float(value: &Value) -> Option<f64> {
    let Value::Str(text) = value else {
        return None;
    };
    let value: f64 = text.parse().ok()?;
    // A number too large is an error in Go, unless it says so itself.
    let named = text.to_ascii_lowercase().contains("inf");
    (named || !value.is_infinite()).then_some(value)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Nil => "nil",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Int64(_) => "int",
        Value::Float(_) => "float",
        Value::Str(_) => "string",
        Value::Floats(_) | Value::Array(_) | Value::Range(..) => "array",
        Value::Map(_) => "map",
        Value::Function => "func",
    }
}

fn extreme(function: Builtin, args: &[Value]) -> Called {
    let op = if function == Builtin::Max { Binary::Lt } else { Binary::Gt };
    let mut best = Value::Nil;
    for arg in args {
        if matches!(best, Value::Nil) || best.compare(op, arg)? {
            best = arg.clone();
        }
    }
    Ok(best)
}

fn numbers(name: &str, array: &Value) -> Result<Vec<f64>, String> {
    let Some(elements) = array.elements() else {
        return Err(format!("cannot {name} {}", array.go_type()));
    };
    elements.iter().map(|v| v.as_f64().ok_or_else(|| format!("cannot {name} {}", v.go_type()))).collect()
}

/// Integers are summed as such until the first float.
fn sum(array: &Value) -> Called {
    let values = numbers("sum", array)?;
    let elements = array.elements().unwrap_or_default();
    let ints = elements.iter().map_while(Value::as_int);
    let (count, head) = ints.fold((0, 0_i64), |(n, sum), v| (n + 1, sum.wrapping_add(v)));
    if count == elements.len() {
        return Ok(Value::Int(head));
    }
    let head = head as f64;
    Ok(Value::Float(values.iter().skip(count).fold(head, |sum, v| sum + v)))
}

/// Insertion sort, which is what Go uses on up to twelve elements: with NaN the order depends on the algorithm.
fn sort(array: &Value, order: Option<&Value>) -> Called {
    let Some(mut items) = array.elements().filter(|items| items.len() <= 10_000) else {
        return Err(format!("cannot sort {}", array.go_type()));
    };
    let descending = match order {
        None => false,
        Some(Value::Str(order)) if order.as_ref() == "asc" => false,
        Some(Value::Str(order)) if order.as_ref() == "desc" => true,
        Some(_) => return Err("invalid argument for sort".to_owned()),
    };
    let op = if descending { Binary::Gt } else { Binary::Lt };
    if items.iter().zip(items.iter().skip(1)).any(|(a, b)| a.go_type() != b.go_type()) {
        return Err("cannot sort array of different types".to_owned());
    }
    for i in 1..items.len() {
        let mut j = i;
        while j > 0 {
            let (Some(a), Some(b)) = (items.get(j), items.get(j - 1)) else {
                break;
            };
            if !a.compare(op, b)? {
                break;
            }
            items.swap(j, j - 1);
            j -= 1;
        }
    }
    Ok(Value::array(items))
}

fn text(function: Builtin, first: &Value, second: Option<&Value>) -> Called {
    let Value::Str(text) = first else {
        let go = first.go_type();
        return Err(format!("interface conversion: interface {{}} is {go}, not string"));
    };
    let other = match second {
        Some(Value::Str(other)) => other.as_ref(),
        None => "",
        Some(value) => {
            let go = value.go_type();
            return Err(format!("interface conversion: interface {{}} is {go}, not string"));
        }
    };
    let index = |found: Option<usize>| {
        let index = found.and_then(|i| i64::try_from(i).ok());
        Ok(Value::Int(index.unwrap_or(-1)))
    };
    match function {
        Builtin::Trim if second.is_none() => Ok(Value::string(text.trim())),
        Builtin::Trim => Ok(Value::string(text.trim_matches(|c| other.contains(c)))),
        Builtin::Upper => Ok(Value::string(&text.to_uppercase())),
        Builtin::Lower => Ok(Value::string(&text.to_lowercase())),
        Builtin::IndexOf => index(text.find(other)),
        Builtin::LastIndexOf => index(text.rfind(other)),
        Builtin::HasPrefix => Ok(Value::Bool(text.starts_with(other))),
        _ => Ok(Value::Bool(text.ends_with(other))),
    }
}

impl Value {
    /// The value as Go's `%v` prints it.
    pub(super) fn show(&self) -> String {
        let join = |items: &[Value]| {
            let items: Vec<String> = items.iter().map(Value::show).collect();
            format!("[{}]", items.join(" "))
        };
        match self {
            Value::Nil => "<nil>".to_owned(),
            Value::Bool(v) => v.to_string(),
            Value::Int(v) | Value::Int64(v) => v.to_string(),
            Value::Float(v) => show_float(*v),
            Value::Str(v) => v.to_string(),
            Value::Floats(_) | Value::Array(_) | Value::Range(..) => join(&self.elements().unwrap_or_default()),
            Value::Map(map) => {
                let entries: Vec<String> = map.iter().map(|(k, v)| format!("{k}:{}", v.show())).collect();
                format!("map[{}]", entries.join(" "))
            }
            Value::Function => "func".to_owned(),
        }
    }
}

/// Go's `%v` of a float: the shortest digits that read back, with an exponent below 1e-4 and from 1e21 on.
fn show_float(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let size = value.abs();
    if size != 0.0 && !(1e-4..1e21).contains(&size) {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(digits) => ('-', digits),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    format!("{value}")
}
