//! The threshold of a condition, found by its behaviour and then looked up in its text.

use std::ops::Range;

use super::ast::{Binary, Kind, Node};
use super::eval::eval;
use super::probe::constant;
use super::value::Value;
use super::{Condition, Measured, Op, ResultType, compile, compile_plainly, optimise};

/// Which of the measured values a threshold judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// The first value alone (`result[0]`, `first(result)`); further series are ignored.
    First,
    /// The last value alone.
    Last,
    /// Every value (`all(result, # < x)`).
    Every,
    /// At least one value (`any(result, # > x)`).
    Any,
    /// The scalar.
    Scalar,
    /// Something else, a sum of several values for instance, or the only value that there may be.
    Other,
}

/// The threshold of a condition, in terms of the measured value: the condition holds where `value of the measurement op
/// self.value`, whatever its text looks like (`!(result[0] >= 0.05)` is `< 0.05`, `result[0] * 100 < 5` is `< 0.05`).
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// The comparison, as if the measured value stood on its left.
    pub op: Op,
    /// The threshold in the unit of the measured value.
    pub value: f64,
    /// The number in the condition's text (bytes).
    pub value_range: Range<usize>,
    /// The operator in the condition's text (bytes).
    pub op_range: Range<usize>,
    /// What is judged.
    pub on: Element,
}

/// Two neighbouring floats between which a condition changes its mind.
#[derive(Debug, Clone, Copy)]
struct Flip {
    low: f64,
    high: f64,
    below: bool,
}

/// The bound that a measurement must keep to pass: the success condition's, or the failure condition's turned round.
pub fn bound(success: Option<Threshold>, failure: Option<Threshold>) -> Option<Threshold> {
    success.or_else(|| {
        let threshold = failure?;
        let op = match threshold.op {
            Op::Lt => Op::Ge,
            Op::Le => Op::Gt,
            Op::Gt => Op::Le,
            Op::Ge => Op::Lt,
        };
        Some(Threshold { op, ..threshold })
    })
}

/// The bound that a success and a failure condition come down to, of results of that type.
pub fn bound_of(success: &str, failure: &str, ty: ResultType) -> Option<Threshold> {
    let threshold = |text: &str| compile(text, ty).ok()?.threshold();
    bound(threshold(success), threshold(failure))
}

impl Condition {
    /// The one threshold of the condition; `None` where there is none, where it is a band, and where its text has no
    /// comparison with a constant that moves it. Values below zero are looked at only where nothing happens above:
    /// `result[0] >= 0 && result[0] < 0.05` is `< 0.05`.
    pub fn threshold(&self) -> Option<Threshold> {
        let mut comparisons = Vec::new();
        self.tree.walk(&mut |node| comparisons.extend(Comparison::of(node)));
        if comparisons.is_empty() {
            return None;
        }
        let simple = comparisons.iter().find_map(|c| self.flip_at(c.constant));
        let flip = simple.or_else(|| self.find_flip())?;
        let comparison = comparisons.into_iter().find(|c| self.moves(c, flip))?;
        let value = meant(flip, comparison.constant);
        let op = match (flip.below, self.holds(value)?) {
            (true, true) => Op::Le,
            (true, false) => Op::Lt,
            (false, true) => Op::Ge,
            (false, false) => Op::Gt,
        };
        Some(Threshold {
            op,
            value,
            value_range: comparison.range,
            op_range: comparison.op_range,
            on: self.judged(flip, value),
        })
    }

    /// The quick way: the condition changes its mind at this constant, and nowhere else at a first glance.
    fn flip_at(&self, value: f64) -> Option<Flip> {
        let (below, at, above) = (self.holds(value.next_down())?, self.holds(value)?, self.holds(value.next_up())?);
        if below == above {
            return None;
        }
        let flip = if at == below {
            Flip { low: value, high: value.next_up(), below }
        } else {
            Flip { low: value.next_down(), high: value, below }
        };
        let constant = |values: &[f64], side: bool| values.iter().all(|v| self.holds(*v) == Some(side));
        // Without a value of zero or more on both sides, the other side is below zero.
        let floor = if flip.low < 0.0 { -1e12 } else { 0.0 };
        let beneath = [flip.low - flip.low.abs() / 2.0, flip.low - flip.low.abs() / 100.0, floor];
        let over = [flip.high + flip.high.abs() / 100.0, flip.high.abs() * 2.0 + 1.0, flip.high.abs() * 1e6 + 1e6];
        (constant(&beneath, below) && constant(&over, !below)).then_some(flip)
    }

    /// The slow way: try everything, then bisect.
    fn find_flip(&self) -> Option<Flip> {
        let probes = self.probes();
        let from_zero = probes.partition_point(|v| *v < 0.0);
        let positive = probes.get(from_zero..).unwrap_or_default();
        [positive, &probes].into_iter().find_map(|probes| {
            let verdicts: Vec<bool> = probes.iter().map(|v| self.holds(*v)).collect::<Option<_>>()?;
            let mut flips = (1..probes.len()).filter(|i| verdicts.get(*i) != verdicts.get(i - 1));
            let (index, None) = (flips.next()?, flips.next()) else {
                return None;
            };
            let (mut low, mut high) = (order(*probes.get(index - 1)?), order(*probes.get(index)?));
            let below = *verdicts.get(index - 1)?;
            while high - low > 1 {
                let middle = low + (high - low) / 2;
                if self.holds(float(middle))? == below {
                    low = middle;
                } else {
                    high = middle;
                }
            }
            Some(Flip { low: float(low), high: float(high), below })
        })
    }

    /// Whether a little more or less in this comparison moves the flip up or down.
    fn moves(&self, comparison: &Comparison, flip: Flip) -> bool {
        let step = if comparison.constant == 0.0 { 1e-6 } else { comparison.constant.abs() * 1e-3 };
        let side = |constant: f64| -> Option<bool> {
            let mut program = self.tree.clone();
            replace(&mut program, &comparison.span, constant);
            optimise::optimise(&mut program).ok()?;
            let holds = |value| match eval(&program, &Measured::one(self.ty, value)) {
                Ok(Value::Bool(holds)) => Some(holds),
                _ => None,
            };
            let (low, high) = (holds(flip.low)?, holds(flip.high)?);
            (low == high).then_some(low)
        };
        let (more, less) = (side(comparison.constant + step), side(comparison.constant - step));
        matches!((more, less), (Some(more), Some(less)) if more != less)
    }

    /// Which values count, from what the condition says about good and bad ones side by side.
    fn judged(&self, flip: Flip, value: f64) -> Element {
        if self.ty == ResultType::Scalar {
            return Element::Scalar;
        }
        let size = value.abs().max(1e-9);
        let (near, far) = (size / 100.0, size * 1000.0);
        let (below, above) = ([flip.low - near, (flip.low - size / 2.0).min(0.0)], [flip.high + near, flip.high + far]);
        let (good, bad) = if flip.below { (below, above) } else { (above, below) };
        let holds = |values: Vec<f64>| self.eval(&Measured::Vector(values)).ok();
        if holds(vec![good[0]; 5]) != Some(true) || holds(vec![bad[0]; 5]) != Some(false) {
            return Element::Other;
        }
        let mut pattern = None;
        for good in good {
            for bad in bad {
                let found = (holds(vec![good, bad]), holds(vec![bad, good]));
                if *pattern.get_or_insert(found) != found {
                    return Element::Other;
                }
            }
        }
        match pattern {
            Some((Some(true), Some(false))) => Element::First,
            Some((Some(false), Some(true))) => Element::Last,
            Some((Some(false), Some(false))) => Element::Every,
            Some((Some(true), Some(true))) => Element::Any,
            _ => Element::Other,
        }
    }

    /// The whole condition with another threshold, its form kept; `None` where it has none, or none that can be put in
    /// its place. What comes out was evaluated: it has exactly this threshold.
    pub fn with_threshold(&self, op: Op, value: f64) -> Option<String> {
        let old = self.threshold()?;
        let written = self.tree_constant(&old.value_range)?;
        let number = if written == old.value || old.value == 0.0 { value } else { written * (value / old.value) };
        // Percentages and the like: the noise of the multiplication goes.
        let rounded = rounded(number)?;
        let (first, second) = if old.op_range.start < old.value_range.start {
            (old.op_range.clone(), old.value_range.clone())
        } else {
            (old.value_range.clone(), old.op_range.clone())
        };
        let numbers = if rounded == number { vec![number] } else { vec![rounded, number] };
        for number in numbers {
            for sign in Op::ALL {
                let number = number.to_string();
                let (one, two) = if first == old.op_range { (sign.text(), &*number) } else { (&*number, sign.text()) };
                let text = format!(
                    "{}{one}{}{two}{}",
                    self.text.get(..first.start)?,
                    self.text.get(first.end..second.start)?,
                    self.text.get(second.end..)?
                );
                let new = compile_plainly(&text, self.ty).ok().and_then(|c| c.threshold());
                if new.is_some_and(|t| t.op == op && t.value == value && t.on == old.on) {
                    return Some(text);
                }
            }
        }
        None
    }

    fn tree_constant(&self, range: &Range<usize>) -> Option<f64> {
        let mut found = None;
        self.tree.walk(&mut |node| {
            if range_of(node) == *range {
                found = found.or(constant(node));
            }
        });
        found
    }
}

/// A comparison of something with a constant.
struct Comparison {
    constant: f64,
    /// The constant's node.
    span: Range<usize>,
    /// The constant's text.
    range: Range<usize>,
    op_range: Range<usize>,
}

impl Comparison {
    fn of(node: &Node) -> Option<Comparison> {
        let Kind::Binary(Binary::Lt | Binary::Le | Binary::Gt | Binary::Ge, left, right) = &node.kind else {
            return None;
        };
        let (side, constant) = match (constant(left), constant(right)) {
            (Some(constant), None) => (left, constant),
            (None, Some(constant)) => (right, constant),
            _ => return None,
        };
        Some(Comparison { constant, span: side.span.clone(), range: range_of(side), op_range: node.at.clone() })
    }
}

/// A number's own text, without parentheses; of anything else the whole.
fn range_of(node: &Node) -> Range<usize> {
    match node.kind {
        Kind::Int(_) | Kind::Float(_) => node.at.clone(),
        _ => node.span.clone(),
    }
}

fn replace(node: &mut Node, span: &Range<usize>, constant: f64) {
    if node.span == *span {
        node.kind = Kind::Float(constant);
    } else {
        node.for_children_mut(&mut |child| replace(child, span, constant));
    }
}

/// The number that the author meant: the constant itself, or the flip without the noise of the arithmetic around it.
fn meant(flip: Flip, constant: f64) -> f64 {
    if constant == flip.low || constant == flip.high {
        return constant;
    }
    let noise = 4.0 * f64::EPSILON * flip.high.abs().max(constant.abs());
    rounded(flip.high).filter(|v| (v - flip.high).abs() <= noise).unwrap_or(flip.high)
}

/// Twelve digits.
fn rounded(value: f64) -> Option<f64> {
    format!("{value:.11e}").parse().ok()
}

/// Floats as integers in the same order, for bisecting.
fn order(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

fn float(order: i64) -> f64 {
    let bits = if order < 0 { i64::MIN.wrapping_sub(order) } else { order };
    f64::from_bits(bits.cast_unsigned())
}
