//! What a query answers over given series: Prometheus 3's engine at one instant, for floats.
//!
//! Ported from what `promql/engine.go` and `promql/functions.go` of 3.7 do, with the feature flags of a plain server, and
//! held to that engine by `tests/promql_judge.rs`. Native histograms do not exist here.

mod aggregate;
mod binary;
mod calendar;
mod functions;
mod histogram;
mod math;
mod metric;
mod range;
mod relabel;

pub use calendar::civil;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::expr::{At, Call, Expr, ExprKind};
use super::query::Query;
use super::selector::Selector;
use metric::Metric;
use range::{Ranged, Row};

/// A series' labels, `__name__` included where it has one.
pub type Labels = BTreeMap<String, String>;

/// Prometheus's staleness marker, a NaN of its own: the series has ended.
pub fn stale() -> f64 {
    f64::from_bits(STALE)
}

const STALE: u64 = 0x7ff0_0000_0000_0002;

/// How far back an instant selector looks, in milliseconds: Prometheus's default.
const LOOKBACK: i64 = 300_000;

/// Steps of all subqueries together, beyond which an answer is refused rather than waited for.
const MAX_STEPS: usize = 100_000;

/// A stored series.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Its labels, which many series may share.
    pub labels: Arc<Labels>,
    /// A label of its own, in place of one of that name: a bucket's `le`.
    pub own: Option<(String, String)>,
    /// Seconds and values. [`stale`] as a value ends the series there.
    pub samples: Vec<(f64, f64)>,
}

impl Series {
    /// A series that shares no labels.
    #[must_use]
    pub fn new(labels: Labels, samples: Vec<(f64, f64)>) -> Self {
        Self { labels: Arc::new(labels), own: None, samples }
    }
}

/// One element of an instant vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its labels.
    pub labels: Labels,
    /// Its value.
    pub value: f64,
}

/// One element of a range vector.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSeries {
    /// Its labels.
    pub labels: Labels,
    /// Seconds and values.
    pub samples: Vec<(f64, f64)>,
}

/// What a query answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// One number.
    Scalar(f64),
    /// In Prometheus's order; by labels where that is left to chance.
    Vector(Vec<Sample>),
    /// By labels.
    Matrix(Vec<RangeSeries>),
    /// One string.
    String(String),
}

/// Why a query has no answer here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// This crate does not know what Prometheus would answer.
    #[error("{0} is not evaluated here")]
    Feature(String),
    /// Templating without a value: bind it first.
    #[error("{{{{{0}}}}} has no value")]
    Unbound(String),
    /// Prometheus refuses the query over these series (`many-to-many matching …`).
    #[error("{0}")]
    Refused(String),
}

type Answer<T> = Result<T, Unsupported>;

fn refused<T>(message: impl Into<String>) -> Answer<T> {
    Err(Unsupported::Refused(message.into()))
}

/// Evaluates `query` over `series` at `at` (seconds since the epoch), as an instant query of Prometheus 3 with its
/// default lookback of five minutes does.
///
/// # Errors
/// When the query holds unbound templating or something that is not evaluated here, and when Prometheus itself would
/// answer with an error.
pub fn evaluate(query: &Query, series: &[Series], at: f64) -> Result<Value, Unsupported> {
    if let Some(arg) = query.unbound().next() {
        return Err(Unsupported::Unbound(arg.name.clone()));
    }
    let mut stored: Vec<Stored<'_>> = series.iter().map(Stored::new).collect();
    stored.sort_by(|a, b| a.metric.cmp(&b.metric));
    let time = millis(at);
    let mut engine = Engine { query, stored, start: time, steps: 0 };
    if let ExprKind::Text(text) = &unwrap(query.root()).kind {
        return Ok(Value::String(text.clone()));
    }
    if is_range(query, query.root()) {
        let ranged = engine.ranged(query.root(), time)?;
        let seconds = |(time, value): &(i64, f64)| (*time as f64 / 1000.0, *value);
        let mut rows: Vec<RangeSeries> = ranged
            .rows
            .iter()
            .map(|row| RangeSeries {
                labels: row.metric.to_labels(),
                samples: row.samples.iter().map(seconds).collect(),
            })
            .collect();
        rows.sort_by(|a, b| a.labels.cmp(&b.labels));
        return Ok(Value::Matrix(rows));
    }
    Ok(match engine.eval(query.root(), time)? {
        Data::Scalar(value) => Value::Scalar(value),
        Data::Vector(elements) => {
            Value::Vector(elements.iter().map(|el| Sample { labels: el.metric.to_labels(), value: el.value }).collect())
        }
    })
}

/// A stored series with its times in milliseconds, as Prometheus keeps them.
struct Stored<'a> {
    metric: Metric<'a>,
    samples: Vec<(i64, f64)>,
}

impl<'a> Stored<'a> {
    fn new(series: &'a Series) -> Self {
        let mut samples: Vec<(i64, f64)> = series.samples.iter().map(|(time, value)| (millis(*time), *value)).collect();
        samples.sort_by_key(|(time, _)| *time);
        let mut metric = Metric::of(&series.labels);
        if let Some((name, value)) = &series.own {
            metric.set(name.as_str().into(), value.as_str().into());
        }
        Self { metric, samples }
    }
}

/// An element of an instant vector under way.
#[derive(Debug, Clone)]
struct Element<'a> {
    metric: Metric<'a>,
    value: f64,
}

#[derive(Debug)]
enum Data<'a> {
    Scalar(f64),
    Vector(Vec<Element<'a>>),
}

struct Engine<'a> {
    query: &'a Query,
    stored: Vec<Stored<'a>>,
    /// The time of the whole query, which `@ start()` and `@ end()` name.
    start: i64,
    steps: usize,
}

impl<'a> Engine<'a> {
    fn eval(&mut self, expr: &'a Expr, time: i64) -> Answer<Data<'a>> {
        match &expr.kind {
            ExprKind::Number(value) => Ok(Data::Scalar(*value)),
            ExprKind::Paren(inner) => self.eval(inner, time),
            ExprKind::Selector(index) => Ok(Data::Vector(self.instant(*index, time))),
            ExprKind::Negation(inner) => match self.eval(inner, time)? {
                Data::Scalar(value) => Ok(Data::Scalar(-value)),
                Data::Vector(mut elements) => {
                    for element in &mut elements {
                        element.metric.drop_metadata();
                        element.value = -element.value;
                    }
                    distinct(elements)
                }
            },
            ExprKind::Aggregation(aggregation) => self.aggregation(aggregation, time).map(Data::Vector),
            ExprKind::Binary(binary) => self.binary(binary, time),
            ExprKind::Call(call) => self.call(call, time),
            ExprKind::Text(_) | ExprKind::Subquery(_) => {
                Err(Unsupported::Feature("a string or range in place of a number".to_owned()))
            }
        }
    }

    /// An argument that the type check has shown to be a scalar.
    fn scalar(&mut self, expr: &'a Expr, time: i64) -> Answer<f64> {
        match self.eval(expr, time)? {
            Data::Scalar(value) => Ok(value),
            Data::Vector(_) => Err(Unsupported::Feature("a vector in place of a scalar".to_owned())),
        }
    }

    /// An argument that the type check has shown to be an instant vector.
    fn vector(&mut self, expr: &'a Expr, time: i64) -> Answer<Vec<Element<'a>>> {
        match self.eval(expr, time)? {
            Data::Vector(elements) => Ok(elements),
            Data::Scalar(_) => Err(Unsupported::Feature("a scalar in place of a vector".to_owned())),
        }
    }

    /// The time that a selector or subquery refers to.
    fn reference(&self, time: i64, at: Option<At>, offset: f64) -> i64 {
        let time = match at {
            None => time,
            Some(At::Start | At::End) => self.start,
            Some(At::Time(seconds)) => millis(seconds),
        };
        // Go rounds to nanoseconds, then cuts to milliseconds.
        time - (offset * 1e9).round() as i64 / 1_000_000
    }

    fn selector(&self, index: usize) -> Option<&'a Selector> {
        self.query.selectors().get(index)
    }

    /// The latest sample of every series that a selector matches, with its time.
    fn latest(&self, index: usize, time: i64) -> Vec<(&Stored<'a>, (i64, f64))> {
        let Some(selector) = self.selector(index) else { return Vec::new() };
        let reference = self.reference(time, selector.at, selector.offset);
        let latest = |stored: &Stored<'a>| {
            let after = stored.samples.partition_point(|(time, _)| *time <= reference);
            let sample = *stored.samples.get(after.checked_sub(1)?)?;
            (sample.0 > reference - LOOKBACK && sample.1.to_bits() != STALE).then_some(sample)
        };
        self.matching(selector).filter_map(|stored| Some((stored, latest(stored)?))).collect()
    }

    fn instant(&self, index: usize, time: i64) -> Vec<Element<'a>> {
        let latest = self.latest(index, time);
        latest.into_iter().map(|(stored, (_, value))| Element { metric: stored.metric.clone(), value }).collect()
    }

    fn matching(&self, selector: &'a Selector) -> impl Iterator<Item = &Stored<'a>> {
        self.stored.iter().filter(move |stored| {
            selector.name.as_deref().is_none_or(|name| stored.metric.get("__name__") == name)
                && selector.matchers.iter().all(|matcher| matcher.matches(stored.metric.get(&matcher.name)))
        })
    }

    fn call(&mut self, call: &'a Call, time: i64) -> Answer<Data<'a>> {
        if let Some(ranged) = call.args.iter().find(|arg| is_range(self.query, arg)) {
            let mut numbers = Vec::new();
            for arg in call.args.iter().filter(|arg| !is_range(self.query, arg)) {
                numbers.push(self.scalar(arg, time)?);
            }
            let selector = match &unwrap(ranged).kind {
                ExprKind::Selector(index) => self.selector(*index),
                _ => None,
            };
            let ranged = self.ranged(ranged, time)?;
            return over_range(&call.function, ranged, selector, &numbers, time);
        }
        self.over_instant(call, time)
    }
}

/// A function of a range vector.
fn over_range<'a>(
    function: &str,
    mut ranged: Ranged<'a>,
    selector: Option<&'a Selector>,
    numbers: &[f64],
    time: i64,
) -> Answer<Data<'a>> {
    if function == "absent_over_time" {
        let absent = Element { metric: Metric::for_absent(selector), value: 1.0 };
        return Ok(Data::Vector(if ranged.rows.is_empty() { vec![absent] } else { Vec::new() }));
    }
    let rows = std::mem::take(&mut ranged.rows);
    let mut elements = Vec::with_capacity(rows.len());
    // Series of one name stay different without it.
    let mut different = selector.is_some_and(|selector| selector.name.is_some());
    for Row { mut metric, samples } in rows {
        let Some(value) = range::apply(function, &ranged, &samples, numbers, time)? else { continue };
        if function != "last_over_time" {
            different &= !metric.has_type_or_unit();
            metric.drop_metadata();
        }
        elements.push(Element { metric, value });
    }
    if different { Ok(Data::Vector(elements)) } else { distinct(elements) }
}

/// Prometheus refuses a vector in which two elements have the same labels.
fn distinct(elements: Vec<Element<'_>>) -> Answer<Data<'_>> {
    let mut metrics: Vec<&Metric<'_>> = elements.iter().map(|element| &element.metric).collect();
    metrics.sort_unstable();
    if metrics.windows(2).any(|pair| pair[0] == pair[1]) {
        return refused("vector cannot contain metrics with the same labelset");
    }
    Ok(Data::Vector(elements))
}

/// Without the parentheses around it.
fn unwrap(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => unwrap(inner),
        _ => expr,
    }
}

fn is_range(query: &Query, expr: &Expr) -> bool {
    match &unwrap(expr).kind {
        ExprKind::Subquery(_) => true,
        ExprKind::Selector(index) => query.selectors().get(*index).is_some_and(|selector| selector.range.is_some()),
        _ => false,
    }
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
