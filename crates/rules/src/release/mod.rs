//! Rules about the rollout itself.

pub(crate) mod no_gate_in_steps;
pub(crate) mod wrong_image;
