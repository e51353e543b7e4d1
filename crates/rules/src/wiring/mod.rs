//! Rules about Services, ports and addresses.

pub(crate) mod config_not_mounted;
mod dials;
pub(crate) mod port_mismatch;
mod ports;
mod probes;
pub(crate) mod protocol_mismatch;
pub(crate) mod selects_nothing;
pub(crate) mod unreachable_endpoint;

pub(crate) use ports::serving;
