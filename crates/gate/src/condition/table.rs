//! Truth tables: a condition over every kind of measurement.

use super::{Condition, Measured, ResultType};

/// What a condition says about one measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// It cannot be evaluated.
    Error(String),
}

/// A kind of measurement, as a row of a truth table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Situation {
    /// An empty vector (vectors only).
    NoData,
    /// NaN as the only value.
    NaN,
    /// One value below the threshold (without one: 0).
    Below,
    /// One value, exactly the threshold (without one: 1).
    At,
    /// One value above the threshold (without one: a million).
    Above,
    /// One value, +Inf.
    Inf,
    /// Two values: below, above (vectors only).
    BelowAbove,
    /// Two values: above, below (vectors only).
    AboveBelow,
    /// Two values: NaN, then one below (vectors only).
    NaNBelow,
    /// Two values: NaN, then one above (vectors only).
    NaNAbove,
}

/// One row of a truth table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The kind of measurement.
    pub situation: Situation,
    /// The measurement that was evaluated.
    pub measured: Measured,
    /// What came out.
    pub verdict: Verdict,
}

/// What a condition says about every kind of measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct TruthTable {
    /// One row per situation that the result type can be in.
    pub rows: Vec<Row>,
}

impl TruthTable {
    /// The verdict for a situation; `None` where the result type cannot be in it.
    pub fn get(&self, situation: Situation) -> Option<&Verdict> {
        self.rows.iter().find(|r| r.situation == situation).map(|r| &r.verdict)
    }
}

impl Condition {
    /// What the condition says about one measurement.
    pub fn verdict(&self, measured: &Measured) -> Verdict {
        match self.eval(measured) {
            Ok(true) => Verdict::True,
            Ok(false) => Verdict::False,
            Err(error) => Verdict::Error(error.message),
        }
    }

    /// Evaluates the condition over every kind of measurement.
    pub fn truth_table(&self) -> TruthTable {
        let (below, at, above) = match self.threshold() {
            // Half and twice are clearly on either side, and stay on the threshold's side of zero.
            Some(t) if t.value > 0.0 => (t.value / 2.0, t.value, t.value * 2.0),
            Some(t) if t.value < 0.0 => (t.value * 2.0, t.value, t.value / 2.0),
            Some(_) => (-1.0, 0.0, 1.0),
            None => (0.0, 1.0, 1e6),
        };
        let values: &[(Situation, &[f64])] = &[
            (Situation::NoData, &[]),
            (Situation::NaN, &[f64::NAN]),
            (Situation::Below, &[below]),
            (Situation::At, &[at]),
            (Situation::Above, &[above]),
            (Situation::Inf, &[f64::INFINITY]),
            (Situation::BelowAbove, &[below, above]),
            (Situation::AboveBelow, &[above, below]),
            (Situation::NaNBelow, &[f64::NAN, below]),
            (Situation::NaNAbove, &[f64::NAN, above]),
        ];
        let rows = values.iter().filter_map(|(situation, values)| {
            let measured = match (self.ty, values) {
                (ResultType::Vector, values) => Measured::Vector(values.to_vec()),
                (ResultType::Scalar, [value]) => Measured::Scalar(*value),
                (ResultType::Scalar, _) => return None,
            };
            let verdict = self.verdict(&measured);
            Some(Row { situation: *situation, measured, verdict })
        });
        TruthTable { rows: rows.collect() }
    }
}
