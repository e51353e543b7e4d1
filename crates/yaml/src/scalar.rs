//! How scalars are written and what type a loader gives them.

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// `text`
    Plain,
    /// `'text'`
    Single,
    /// `"text"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// The type that go-yaml v3 (the collector) gives a scalar; sigs.k8s.io/yaml (Kubernetes) differs in that it also
/// reads plain `yes`, `no`, `on`, `off`, `y` and `n` (YAML 1.1) as booleans, see [`is_yaml11_bool`].
///
/// Quoted and block scalars are strings. Timestamps are strings here: in JSON, which Kubernetes makes of YAML first,
/// they have no other form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// Empty, `~`, `null`.
    Null,
    /// `true`, `false`.
    Bool,
    /// `1`, `0x1f`, `0o17`, `017`, `1_000`.
    Int,
    /// `1.5`, `1e3`, `.inf`, `.nan`.
    Float,
    /// Everything else.
    Str,
}

/// The explicit tag of a node, as far as it decides on a scalar's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    None,
    Null,
    Bool,
    Int,
    Float,
    /// `!!str`, `!` and every tag that the loaders don't know.
    Str,
}

pub(crate) enum Number {
    Int(i64),
    Float(f64),
}

pub(crate) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

pub(crate) fn core_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

/// The booleans of YAML 1.1 beyond `true` and `false`: strings to the collector unless a Go `bool` is wanted,
/// booleans to Kubernetes where they are plain.
pub(crate) fn yaml11_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Whether a plain scalar of this text is a boolean to Kubernetes but a string to the collector.
pub fn is_yaml11_bool(text: &str) -> bool {
    yaml11_bool(text).is_some()
}

pub(crate) fn resolve(text: &str, style: ScalarStyle, tag: Tag) -> ScalarType {
    match tag {
        Tag::Null => ScalarType::Null,
        Tag::Bool => ScalarType::Bool,
        Tag::Int => ScalarType::Int,
        Tag::Float => ScalarType::Float,
        Tag::Str => ScalarType::Str,
        Tag::None if style != ScalarStyle::Plain => ScalarType::Str,
        Tag::None if is_null(text) => ScalarType::Null,
        Tag::None if core_bool(text).is_some() => ScalarType::Bool,
        Tag::None => match number(text) {
            Some(Number::Int(_)) => ScalarType::Int,
            Some(Number::Float(_)) => ScalarType::Float,
            None => ScalarType::Str,
        },
    }
}

/// As `resolve` in go-yaml v3 (resolve.go): special floats by name, then Go integers (any base, underscores ignored),
/// then YAML floats. Integers beyond 64 bits are floats.
pub(crate) fn number(text: &str) -> Option<Number> {
    match text.as_bytes().first()? {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {}
        _ => return None,
    }
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Number::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Number::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Number::Float(f64::NAN)),
        _ => {}
    }
    let stripped;
    let plain = if text.contains('_') && !text.starts_with("._") {
        stripped = text.replace('_', "");
        stripped.as_str()
    } else {
        text
    };
    integer(plain).or_else(|| float(plain))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = |prefix: &str| digits.get(..2).is_some_and(|head| head.eq_ignore_ascii_case(prefix));
    let (radix, digits) = if lower("0x") {
        (16, &digits[2..])
    } else if lower("0o") {
        (8, &digits[2..])
    } else if lower("0b") {
        (2, &digits[2..])
    } else if digits.len() > 1 && digits.starts_with('0') {
        (8, &digits[1..])
    } else {
        (10, digits)
    };
    // from_str_radix would take a second sign.
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let value = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    match i64::try_from(value) {
        Ok(value) => Some(Number::Int(value)),
        Err(_) if negative => None,
        Err(_) => Some(Number::Float(magnitude as f64)),
    }
}

fn float(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) || !exponent_fits {
        return None;
    }
    // Beyond the range of a double, go-yaml keeps the text.
    text.parse().ok().filter(|value: &f64| value.is_finite()).map(Number::Float)
}
