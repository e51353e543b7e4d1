//! The table of addresses: what the manifests write, and where it is on this machine.

/// An address of 127.0.0.0/8 where nothing of ours listens: who dials it is refused, as by a Service without endpoints.
pub(crate) const NOBODY: &str = "127.0.0.3";

/// One translated address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Who has it.
    pub who: String,
    /// As the manifests write it.
    pub written: String,
    /// As it is here.
    pub here: String,
}
