//! Rules about gates: queries, conditions and how measurements are counted.

pub(crate) mod arbitrary;
mod bucket;
mod build;
pub(crate) mod condition_type;
mod fallback;
pub(crate) mod label;
mod limits;
mod meaning;
pub(crate) mod missing;
pub(crate) mod no_data;
pub(crate) mod query_syntax;
pub(crate) mod scope;
pub(crate) mod series;
pub(crate) mod threshold;
pub(crate) mod timing;
pub(crate) mod tolerates;
pub(crate) mod traffic;
mod unfilled;
mod unheard;
pub(crate) mod unknown_template;
pub(crate) mod unresolved_argument;
pub(crate) mod vacuous;
mod view;
pub(crate) mod window;
