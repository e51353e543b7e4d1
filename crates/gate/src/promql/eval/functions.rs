//! Functions of numbers and instant vectors.

use super::aggregate::by_value;
use super::math::{max, min};
use super::{Answer, Data, Element, Engine, Metric, Unsupported, calendar, distinct, histogram, unwrap};
use crate::promql::expr::{Call, ExprKind};

impl<'a> Engine<'a> {
    pub(super) fn over_instant(&mut self, call: &'a Call, time: i64) -> Answer<Data<'a>> {
        let seconds = time as f64 / 1000.0;
        match (call.function.as_str(), call.args.as_slice()) {
            ("time", _) => Ok(Data::Scalar(seconds)),
            ("pi", _) => Ok(Data::Scalar(std::f64::consts::PI)),
            ("scalar", [arg]) => {
                let elements = self.vector(arg, time)?;
                Ok(Data::Scalar(if let [only] = elements.as_slice() { only.value } else { f64::NAN }))
            }
            ("vector", [arg]) => {
                let value = self.scalar(arg, time)?;
                Ok(Data::Vector(vec![Element { metric: Metric::default(), value }]))
            }
            ("absent", [arg]) => {
                let selector = match &unwrap(arg).kind {
                    ExprKind::Selector(index) => self.selector(*index),
                    _ => None,
                };
                let absent = vec![Element { metric: Metric::for_absent(selector), value: 1.0 }];
                Ok(Data::Vector(if self.vector(arg, time)?.is_empty() { absent } else { Vec::new() }))
            }
            ("sort" | "sort_desc", [arg]) => {
                let mut elements = self.vector(arg, time)?;
                elements.sort_by(|a, b| by_value(a.value, b.value, call.function == "sort_desc"));
                distinct(elements)
            }
            ("label_replace", [vector, ..]) => {
                let elements = self.vector(vector, time)?;
                super::relabel::replace(&call.args, elements)
            }
            ("label_join", [vector, ..]) => {
                let elements = self.vector(vector, time)?;
                super::relabel::join(&call.args, elements)
            }
            ("histogram_quantile", [q, vector]) => {
                let q = self.scalar(q, time)?;
                distinct(histogram::quantiles(q, self.vector(vector, time)?))
            }
            ("histogram_fraction", [lower, upper, vector]) => {
                let (lower, upper) = (self.scalar(lower, time)?, self.scalar(upper, time)?);
                distinct(histogram::fractions(lower, upper, self.vector(vector, time)?))
            }
            // Of native histograms only, and there are none.
            (
                "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_stddev" | "histogram_stdvar",
                [vector],
            ) => self.vector(vector, time).map(|_| Data::Vector(Vec::new())),
            ("timestamp", [arg]) => self.timestamps(arg, time),
            (function, []) => match calendar::part(function, seconds) {
                Some(value) => Ok(Data::Vector(vec![Element { metric: Metric::default(), value }])),
                None => Err(Unsupported::Feature(format!("{function}()"))),
            },
            (function, [vector, numbers @ ..]) => {
                let mut elements = self.vector(vector, time)?;
                let mut bounds = [1.0; 2];
                for (bound, number) in bounds.iter_mut().zip(numbers) {
                    *bound = self.scalar(number, time)?;
                }
                if function == "clamp" && bounds[1] < bounds[0] {
                    elements.clear();
                }
                for element in &mut elements {
                    element.value = of_number(function, element.value, bounds)
                        .ok_or_else(|| Unsupported::Feature(format!("{function}()")))?;
                    element.metric.drop_metadata();
                }
                distinct(elements)
            }
        }
    }

    /// The time of the sample itself for a selector, else that of the evaluation.
    fn timestamps(&mut self, arg: &'a crate::promql::expr::Expr, time: i64) -> Answer<Data<'a>> {
        let mut elements: Vec<Element<'a>> = match &unwrap(arg).kind {
            ExprKind::Selector(index) => {
                let latest = self.latest(*index, time).into_iter();
                latest
                    .map(|(stored, (at, _))| Element { metric: stored.metric.clone(), value: at as f64 / 1000.0 })
                    .collect()
            }
            _ => {
                let mut elements = self.vector(arg, time)?;
                elements.iter_mut().for_each(|element| element.value = time as f64 / 1000.0);
                elements
            }
        };
        elements.iter_mut().for_each(|element| element.metric.drop_metadata());
        distinct(elements)
    }
}

/// A function of one number, `numbers` being its further arguments (1 where they are left out).
fn of_number(function: &str, value: f64, numbers: [f64; 2]) -> Option<f64> {
    Some(match function {
        "abs" => value.abs(),
        "ceil" => value.ceil(),
        "floor" => value.floor(),
        "exp" => value.exp(),
        "sqrt" => value.sqrt(),
        "ln" => value.ln(),
        "log2" => value.log2(),
        "log10" => value.log10(),
        "sin" => value.sin(),
        "cos" => value.cos(),
        "tan" => value.tan(),
        "asin" => value.asin(),
        "acos" => value.acos(),
        "atan" => value.atan(),
        "sinh" => value.sinh(),
        "cosh" => value.cosh(),
        "tanh" => value.tanh(),
        "asinh" => value.asinh(),
        "acosh" => value.acosh(),
        "atanh" => value.atanh(),
        "rad" => value * std::f64::consts::PI / 180.0,
        "deg" => value * 180.0 / std::f64::consts::PI,
        "sgn" if value < 0.0 => -1.0,
        "sgn" if value > 0.0 => 1.0,
        "sgn" => value,
        "clamp" => max(numbers[0], min(numbers[1], value)),
        "clamp_min" => max(numbers[0], min(f64::INFINITY, value)),
        "clamp_max" => max(f64::NEG_INFINITY, min(numbers[0], value)),
        "round" => {
            // Inverted as Prometheus does, for the same digits.
            let inverse = 1.0 / numbers[0];
            (value * inverse + 0.5).floor() / inverse
        }
        _ => return calendar::part(function, value),
    })
}
