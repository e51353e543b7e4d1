//! Rules about collector configurations, one file each; what they share stands beside them: `view` (a collector and questions
//! about it), `announce` (ports that others count on), `catalog` and `schema` (what the distribution knows), `slip` and `stray`
//! (misplaced keys), `shapes` and `edit` (what fixes write).

mod announce;
mod catalog;
mod edit;
mod health;
mod lost;
mod migrate;
mod schema;
mod shapes;
mod signals;
mod slip;
mod stray;
mod view;

pub(crate) use health::{health_check, torn, unlisted};

pub(crate) mod ambiguous_id;
pub(crate) mod chatty_debug;
pub(crate) mod dimension_matches_nothing;
pub(crate) mod half_wired_connector;
pub(crate) mod hard_coded_address;
pub(crate) mod invalid_value;
pub(crate) mod listens_on_remote_name;
pub(crate) mod loopback_receiver;
pub(crate) mod memory_limit;
pub(crate) mod metrics_not_exposed;
pub(crate) mod no_receiver;
pub(crate) mod signal_refused_by_backend;
pub(crate) mod stale_after_change;
pub(crate) mod undefined_component;
pub(crate) mod unknown_component_type;
pub(crate) mod unknown_key;
pub(crate) mod unsupported_signal;
pub(crate) mod unused_component;
