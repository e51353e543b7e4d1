//! Sums, means and quantiles in the order of operations of Prometheus, so that the last digits agree.

/// A sum with Neumaier's compensation.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kahan {
    pub(super) sum: f64,
    pub(super) carry: f64,
}

impl Kahan {
    pub(super) fn add(self, value: f64) -> Self {
        let sum = self.sum + value;
        let carry = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.carry + ((self.sum - sum) + value)
        } else {
            self.carry + ((value - sum) + self.sum)
        };
        Self { sum, carry }
    }

    pub(super) fn total(self) -> f64 {
        if self.sum.is_infinite() { self.sum } else { self.sum + self.carry }
    }
}

/// The mean: of the sum, or incrementally from where the sum would overflow.
pub(super) fn mean(mut values: impl Iterator<Item = f64>) -> f64 {
    let Some(first) = values.next() else { return f64::NAN };
    let mut sum = Kahan { sum: first, carry: 0.0 };
    let mut running: Option<Kahan> = None;
    let mut count = 1.0;
    for value in values {
        count += 1.0;
        if running.is_none() {
            let next = sum.add(value);
            if next.sum.is_finite() || next.sum.is_nan() {
                sum = next;
                continue;
            }
            running = Some(Kahan { sum: sum.sum / (count - 1.0), carry: sum.carry / (count - 1.0) });
        }
        if let Some(mean) = &mut running {
            let share = (count - 1.0) / count;
            *mean = Kahan { sum: share * mean.sum, carry: share * mean.carry }.add(value / count);
        }
    }
    match running {
        Some(mean) => mean.sum + mean.carry,
        None => sum.sum / count + sum.carry / count,
    }
}

pub(super) fn variance(values: impl Iterator<Item = f64>) -> f64 {
    let (mut mean, mut aux, mut count) = (Kahan::default(), Kahan::default(), 0.0);
    for value in values {
        count += 1.0;
        let delta = value - (mean.sum + mean.carry);
        mean = mean.add(delta / count);
        aux = aux.add(delta * (value - (mean.sum + mean.carry)));
    }
    (aux.sum + aux.carry) / count
}

/// The quantile of loose values, NaN counting as the smallest.
pub(super) fn quantile(q: f64, mut values: Vec<f64>) -> f64 {
    if values.is_empty() || q.is_nan() {
        return f64::NAN;
    }
    if q < 0.0 {
        return f64::NEG_INFINITY;
    }
    if q > 1.0 {
        return f64::INFINITY;
    }
    values.sort_by(nan_first);
    let rank = q * (values.len() - 1) as f64;
    let lower = rank.floor().max(0.0) as usize;
    let upper = (lower + 1).min(values.len() - 1);
    let weight = rank - rank.floor();
    values[lower] * (1.0 - weight) + values[upper] * weight
}

pub(super) fn nan_first(a: &f64, b: &f64) -> std::cmp::Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal),
        (a_nan, b_nan) => b_nan.cmp(&a_nan),
    }
}

/// Least squares: slope per second, and the value at `intercept_time`.
pub(super) fn regression(samples: &[(i64, f64)], intercept_time: i64) -> (f64, f64) {
    let Some(&(_, first)) = samples.first() else { return (f64::NAN, f64::NAN) };
    // Prometheus leaves the comparison to `!=`, so one NaN makes the values differ.
    #[allow(clippy::float_cmp, reason = "a constant series is one whose samples are all equal")]
    if samples.iter().skip(1).all(|(_, value)| *value == first) {
        return if first.is_infinite() { (f64::NAN, f64::NAN) } else { (0.0, first) };
    }
    let (mut x_sum, mut y_sum, mut xy_sum, mut x2_sum) =
        (Kahan::default(), Kahan::default(), Kahan::default(), Kahan::default());
    for (time, y) in samples {
        let x = (time - intercept_time) as f64 / 1e3;
        x_sum = x_sum.add(x);
        y_sum = y_sum.add(*y);
        xy_sum = xy_sum.add(x * y);
        x2_sum = x2_sum.add(x * x);
    }
    let n = samples.len() as f64;
    let [x, y, xy, x2] = [x_sum, y_sum, xy_sum, x2_sum].map(|sum| sum.sum + sum.carry);
    let slope = (xy - x * y / n) / (x2 - x * x / n);
    (slope, y / n - slope * x / n)
}

/// Go's `math.Max`: NaN unless one of them is positive infinity.
pub(super) fn max(a: f64, b: f64) -> f64 {
    if a == f64::INFINITY || b == f64::INFINITY {
        f64::INFINITY
    } else if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// Go's `math.Min`: NaN unless one of them is negative infinity.
pub(super) fn min(a: f64, b: f64) -> f64 {
    -max(-a, -b)
}
