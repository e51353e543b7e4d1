//! Classic histograms: `histogram_quantile` and `histogram_fraction` over `le` buckets.

use std::collections::BTreeMap;

use super::{Element, Metric};

#[derive(Debug, Clone, Copy)]
struct Bucket {
    upper: f64,
    count: f64,
}

/// Applies `summary` to the buckets of every histogram in `elements`; what has no readable `le` is no bucket.
fn each<'a>(elements: Vec<Element<'a>>, summary: impl Fn(Vec<Bucket>) -> f64) -> Vec<Element<'a>> {
    // Keyed with the metric's name, as Prometheus does: two names are two histograms.
    let mut histograms: BTreeMap<Metric<'a>, Vec<Bucket>> = BTreeMap::new();
    for Element { mut metric, value } in elements {
        let Some(upper) = bound(metric.get("le")) else { continue };
        metric.remove("le");
        histograms.entry(metric).or_default().push(Bucket { upper, count: value });
    }
    histograms
        .into_iter()
        .map(|(mut metric, buckets)| {
            metric.drop_metadata();
            Element { metric, value: summary(sorted(buckets)) }
        })
        .collect()
}

/// Go's `ParseFloat`, which answers a number out of range with an error.
fn bound(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (value.is_finite() || text.contains(['i', 'I', 'n', 'N'])).then_some(value)
}

/// By bound, equal bounds added up.
fn sorted(mut buckets: Vec<Bucket>) -> Vec<Bucket> {
    buckets.sort_by(|a, b| a.upper.partial_cmp(&b.upper).unwrap_or(std::cmp::Ordering::Equal));
    let mut merged: Vec<Bucket> = Vec::with_capacity(buckets.len());
    for bucket in buckets {
        match merged.last_mut() {
            #[allow(clippy::float_cmp, reason = "the bound is a label, written twice the same or not")]
            Some(last) if last.upper == bucket.upper => last.count += bucket.count,
            _ => merged.push(bucket),
        }
    }
    merged
}

pub(super) fn quantiles<'a>(q: f64, elements: Vec<Element<'a>>) -> Vec<Element<'a>> {
    each(elements, |buckets| quantile(q, buckets))
}

pub(super) fn fractions<'a>(lower: f64, upper: f64, elements: Vec<Element<'a>>) -> Vec<Element<'a>> {
    each(elements, |buckets| fraction(lower, upper, &buckets))
}

fn quantile(q: f64, mut buckets: Vec<Bucket>) -> f64 {
    if q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    if buckets.last().is_none_or(|last| last.upper != f64::INFINITY) {
        return f64::NAN;
    }
    make_monotonic(&mut buckets);
    let [.., before_last, last] = buckets.as_slice() else { return f64::NAN };
    if last.count == 0.0 {
        return f64::NAN;
    }
    let mut rank = q * last.count;
    let at = search(buckets.len() - 1, |at| buckets[at].count >= rank);
    if at == buckets.len() - 1 {
        return before_last.upper;
    }
    if at == 0 && buckets[0].upper <= 0.0 {
        return buckets[0].upper;
    }
    let (mut start, end, mut count) = (0.0, buckets[at].upper, buckets[at].count);
    if at > 0 {
        start = buckets[at - 1].upper;
        count -= buckets[at - 1].count;
        rank -= buckets[at - 1].count;
    }
    start + (end - start) * (rank / count)
}

/// Go's `sort.Search`, step for step: counts may be NaN, and then the steps decide.
fn search(len: usize, found: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = (low + high) / 2;
        if found(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Cumulative counts never fall; differences in the last digits are none.
fn make_monotonic(buckets: &mut [Bucket]) {
    let Some(mut before) = buckets.first().map(|bucket| bucket.count) else { return };
    for bucket in buckets.iter_mut().skip(1) {
        if bucket.count < before || almost_equal(before, bucket.count) {
            bucket.count = before;
        } else {
            before = bucket.count;
        }
    }
}

/// Within a relative 1e-12, as Prometheus's `almost.Equal`.
#[allow(clippy::float_cmp, reason = "infinities and zeros first, then the tolerance")]
fn almost_equal(a: f64, b: f64) -> bool {
    if a.is_nan() && b.is_nan() || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < 1e-12 * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < 1e-12
}

fn fraction(lower: f64, upper: f64, buckets: &[Bucket]) -> f64 {
    let Some(last) = buckets.last().filter(|last| last.upper == f64::INFINITY) else { return f64::NAN };
    if last.count == 0.0 || lower.is_nan() || upper.is_nan() {
        return f64::NAN;
    }
    if lower >= upper {
        return 0.0;
    }
    // The rank of a value: where it stands among the observations, linear inside of a bucket.
    let rank_of = |value: f64| {
        let (mut rank, mut from) = (0.0, f64::NEG_INFINITY);
        for bucket in buckets {
            if from >= value {
                return rank;
            }
            if bucket.upper > value {
                return rank + (bucket.count - rank) * (value - from) / (bucket.upper - from);
            }
            (rank, from) = (bucket.count, bucket.upper);
        }
        last.count
    };
    let clamped = |rank: f64| if rank > last.count { last.count } else { rank };
    (clamped(rank_of(upper)) - clamped(rank_of(lower))) / last.count
}
