//! Values worth trying on a condition: everything it mentions, what follows from it by one multiplication or division, and
//! the powers of ten.

use super::ast::{Kind, Node};
use super::eval::eval;
use super::{Condition, Measured};

/// More constants than this in one condition are not combined with each other.
const COMBINED: usize = 4;

impl Condition {
    /// The numbers that stand in the condition, in ascending order.
    pub(crate) fn constants(&self) -> Vec<f64> {
        let mut constants = Vec::new();
        self.tree.walk(&mut |node| constants.extend(constant(node)));
        constants.sort_by(f64::total_cmp);
        constants.dedup();
        constants
    }

    /// Finite values in ascending order at which, or around which, the condition may change its mind.
    pub(crate) fn probes(&self) -> Vec<f64> {
        let constants = self.constants();
        let mut values = vec![0.0];
        for power in -9..=12 {
            values.extend([10_f64.powi(power), -(10_f64.powi(power))]);
        }
        for a in &constants {
            values.push(*a);
            if constants.len() <= COMBINED {
                values.extend(constants.iter().flat_map(|b| [a * b, a / b]));
            }
        }
        let mut probes: Vec<f64> = values.iter().flat_map(|v| [v.next_down(), *v, v.next_up()]).collect();
        probes.retain(|v| v.is_finite());
        probes.sort_by(f64::total_cmp);
        probes.dedup();
        probes
    }

    /// What the condition says about one value.
    pub(super) fn holds(&self, value: f64) -> Option<bool> {
        self.eval(&Measured::one(self.ty, value)).ok()
    }
}

/// The number that a subtree stands for, where it depends on nothing.
pub(super) fn constant(node: &Node) -> Option<f64> {
    if !node.is_constant() || matches!(node.kind, Kind::Closure(_)) {
        return None;
    }
    eval(node, &Measured::Scalar(0.0)).ok()?.as_f64()
}
