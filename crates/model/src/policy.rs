//! The policy: thresholds, target image, gate kinds, what lives outside the repository.

/// The policy; `Policy::default()` is the mission's.
#[derive(Clone, Debug, Default)]
pub struct Policy {}
