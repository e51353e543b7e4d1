//! Rules about the rollout itself.
