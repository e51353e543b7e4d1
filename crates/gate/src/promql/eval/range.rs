//! Range vectors and the functions over them.

use std::collections::HashMap;

use super::math::{Kahan, mean, quantile, regression, variance};
use super::{Answer, Element, Engine, MAX_STEPS, Metric, STALE, Unsupported, unwrap};
use crate::promql::expr::{Expr, ExprKind, Subquery};

/// A range vector: the samples in `(start, end]`, in milliseconds.
pub(super) struct Ranged<'a> {
    pub(super) rows: Vec<Row<'a>>,
    start: i64,
    end: i64,
    /// The range in seconds, by which `rate` divides.
    seconds: f64,
}

pub(super) struct Row<'a> {
    pub(super) metric: Metric<'a>,
    pub(super) samples: Vec<(i64, f64)>,
}

impl<'a> Engine<'a> {
    pub(super) fn ranged(&mut self, expr: &'a Expr, time: i64) -> Answer<Ranged<'a>> {
        match &unwrap(expr).kind {
            ExprKind::Subquery(subquery) => self.subquery(subquery, time),
            ExprKind::Selector(index) => Ok(self.samples(*index, time)),
            _ => Err(Unsupported::Feature("a range of this expression".to_owned())),
        }
    }

    fn samples(&self, index: usize, time: i64) -> Ranged<'a> {
        let Some(selector) = self.selector(index) else {
            return Ranged { rows: Vec::new(), start: time, end: time, seconds: 0.0 };
        };
        let range = selector.range.unwrap_or_default();
        let end = self.reference(time, selector.at, selector.offset);
        let start = end - range.as_millis() as i64;
        let mut rows = Vec::new();
        for stored in self.matching(selector) {
            let from = stored.samples.partition_point(|(time, _)| *time <= start);
            let to = stored.samples.partition_point(|(time, _)| *time <= end).max(from);
            let live = stored.samples[from..to].iter().filter(|(_, value)| value.to_bits() != STALE);
            let samples: Vec<(i64, f64)> = live.copied().collect();
            if !samples.is_empty() {
                rows.push(Row { metric: stored.metric.clone(), samples });
            }
        }
        Ranged { rows, start, end, seconds: range.as_secs_f64() }
    }

    fn subquery(&mut self, subquery: &'a Subquery, time: i64) -> Answer<Ranged<'a>> {
        let end = self.reference(time, subquery.at, subquery.offset);
        let start = end - subquery.range.as_millis() as i64;
        // Without a step: Prometheus's evaluation_interval, one minute unless configured.
        let step = subquery.step.map_or(60_000, |step| step.as_millis() as i64);
        if step < 1 {
            return Err(Unsupported::Feature("a subquery with a step below a millisecond".to_owned()));
        }
        let mut rows: Vec<Row<'a>> = Vec::new();
        let mut index: HashMap<Metric<'a>, usize> = HashMap::new();
        let mut at = start / step * step;
        if at <= start {
            at += step;
        }
        while at <= end {
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return Err(Unsupported::Feature(format!("more than {MAX_STEPS} steps of subqueries")));
            }
            for Element { metric, value } in self.vector(&subquery.expr, at)? {
                let row = *index.entry(metric).or_insert_with_key(|metric| {
                    rows.push(Row { metric: metric.clone(), samples: Vec::new() });
                    rows.len() - 1
                });
                rows[row].samples.push((at, value));
            }
            at += step;
        }
        // A marker can come out of nothing but a stored sample; it reads as no sample here too.
        rows.iter_mut().for_each(|row| row.samples.retain(|(_, value)| value.to_bits() != STALE));
        rows.retain(|row| !row.samples.is_empty());
        rows.sort_by(|a, b| a.metric.cmp(&b.metric));
        Ok(Ranged { rows, start, end, seconds: subquery.range.as_secs_f64() })
    }
}

/// One function over the samples of one series, which are at least one; `None` drops the series.
pub(super) fn apply(
    function: &str,
    ranged: &Ranged<'_>,
    samples: &[(i64, f64)],
    numbers: &[f64],
    time: i64,
) -> Answer<Option<f64>> {
    let Some(&(first_time, first)) = samples.first() else { return Ok(None) };
    let values = || samples.iter().map(|(_, value)| *value);
    let pairs = || samples.windows(2).map(|pair| (pair[0].1, pair[1].1));
    let number = numbers.first().copied().unwrap_or(f64::NAN);
    Ok(match function {
        "rate" => extrapolated(ranged, samples, true).map(|(delta, factor)| delta * (factor / ranged.seconds)),
        "increase" => extrapolated(ranged, samples, true).map(|(delta, factor)| delta * factor),
        "delta" => extrapolated(ranged, samples, false).map(|(delta, factor)| delta * factor),
        "irate" => instant(samples, true),
        "idelta" => instant(samples, false),
        "avg_over_time" => Some(mean(values())),
        "sum_over_time" => Some(values().fold(Kahan::default(), Kahan::add).total()),
        "count_over_time" => Some(samples.len() as f64),
        "present_over_time" => Some(1.0),
        "last_over_time" => values().next_back(),
        "max_over_time" => Some(values().fold(first, |max, v| if v > max || max.is_nan() { v } else { max })),
        "min_over_time" => Some(values().fold(first, |min, v| if v < min || min.is_nan() { v } else { min })),
        "stddev_over_time" => Some(variance(values()).sqrt()),
        "stdvar_over_time" => Some(variance(values())),
        "quantile_over_time" => Some(quantile(number, values().collect())),
        "changes" => Some(pairs().filter(|(a, b)| a != b && !(a.is_nan() && b.is_nan())).count() as f64),
        "resets" => Some(pairs().filter(|(a, b)| b < a).count() as f64),
        "deriv" if samples.len() > 1 => Some(regression(samples, first_time).0),
        "predict_linear" if samples.len() > 1 => {
            let (slope, intercept) = regression(samples, time);
            Some(slope * number + intercept)
        }
        "deriv" | "predict_linear" => None,
        _ => return Err(Unsupported::Feature(format!("{function}()"))),
    })
}

/// What a counter or gauge went up by between its first and last sample, and the factor that stretches this over the
/// whole range (`extrapolatedRate`).
fn extrapolated(ranged: &Ranged<'_>, samples: &[(i64, f64)], counter: bool) -> Option<(f64, f64)> {
    let [(first_time, first), .., (last_time, last)] = samples else { return None };
    let mut delta = last - first;
    if counter {
        // A sample below the one before it is a restart from zero.
        for pair in samples.windows(2).filter(|pair| pair[1].1 < pair[0].1) {
            delta += pair[0].1;
        }
    }
    let seconds = |millis: i64| millis as f64 / 1000.0;
    let mut to_start = seconds(first_time - ranged.start);
    let mut to_end = seconds(ranged.end - last_time);
    let sampled = seconds(last_time - first_time);
    let between = sampled / (samples.len() - 1) as f64;
    // A gap of more than 1.1 intervals: the series begins or ends inside the range, half an interval away.
    let threshold = between * 1.1;
    if to_start >= threshold {
        to_start = between / 2.0;
    }
    if counter {
        let mut to_zero = to_start;
        if delta > 0.0 && *first >= 0.0 {
            to_zero = sampled * (first / delta);
        }
        if to_zero < to_start {
            to_start = to_zero;
        }
    }
    if to_end >= threshold {
        to_end = between / 2.0;
    }
    Some((delta, (sampled + to_start + to_end) / sampled))
}

/// `irate` and `idelta`: the last two samples.
fn instant(samples: &[(i64, f64)], rate: bool) -> Option<f64> {
    let [.., (before_time, before), (last_time, last)] = samples else { return None };
    let interval = last_time - before_time;
    if interval == 0 {
        return None;
    }
    let delta = if rate && last < before { *last } else { last - before };
    Some(if rate { delta / (interval as f64 / 1000.0) } else { delta })
}
