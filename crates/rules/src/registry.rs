//! Every rule, in the catalogue's order.

use crate::draft::Drafts;
use crate::finding::Severity;
use contract::Contract;

/// A rule's metadata and its check.
pub struct Rule {
    /// Stable name, `group/name`.
    pub name: &'static str,
    /// The severity it reports with, unless its page says when it differs.
    pub severity: Severity,
    /// One line: what it finds.
    pub summary: &'static str,
    /// One line: what its fix does; `None` where there is none.
    pub fix: Option<&'static str>,
    /// How safe the fix is: `safe`, `unsafe`, or `safe where one reading is left, else unsafe`.
    pub safety: Option<&'static str>,
    /// The page that `explain` prints, Markdown.
    pub page: &'static str,
    /// Looks at the contract and says what it finds.
    pub(crate) check: fn(&Contract<'_>, &mut Drafts),
}

impl Rule {
    /// The part of the name before the slash.
    pub fn group(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }
}

/// The safety of a fix whose safety depends on how many readings are left.
pub(crate) const ONE_READING: Option<&str> = Some("safe where one reading is left, else unsafe");
/// The safety of a fix that is always safe.
pub(crate) const SAFE: Option<&str> = Some("safe");
/// The safety of a fix that is never safe.
pub(crate) const UNSAFE: Option<&str> = Some("unsafe");

/// All rules.
pub fn rules() -> &'static [Rule] {
    RULES
}

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|r| r.name == name)
}

const RULES: &[Rule] = &[
    // collector
    crate::collector::no_receiver::RULE,
    crate::collector::undefined_component::RULE,
    crate::collector::unknown_component_type::RULE,
    crate::collector::half_wired_connector::RULE,
    crate::collector::unknown_key::RULE,
    crate::collector::invalid_value::RULE,
    crate::collector::unsupported_signal::RULE,
    crate::collector::ambiguous_id::RULE,
    crate::collector::loopback_receiver::RULE,
    crate::collector::listens_on_remote_name::RULE,
    crate::collector::metrics_not_exposed::RULE,
    crate::collector::dimension_matches_nothing::RULE,
    crate::collector::signal_refused_by_backend::RULE,
    crate::collector::hard_coded_address::RULE,
    crate::gate::timing::SLOW,
    crate::collector::unused_component::RULE,
    crate::collector::stale_after_change::RULE,
    crate::collector::chatty_debug::RULE,
    crate::collector::memory_limit::RULE,
    // gate
    crate::gate::missing::RULE,
    crate::gate::query_syntax::RULE,
    crate::gate::series::RULE,
    crate::gate::label::RULE,
    crate::gate::vacuous::RULE,
    crate::gate::traffic::PROBES,
    crate::gate::scope::RULE,
    crate::gate::arbitrary::RULE,
    crate::gate::traffic::SPANS,
    crate::gate::traffic::DILUTED,
    crate::gate::threshold::RULE,
    crate::gate::timing::BEFORE,
    crate::gate::window::RULE,
    crate::gate::condition_type::RULE,
    crate::gate::no_data::ERRORS,
    crate::gate::no_data::PASSES,
    crate::gate::tolerates::RULE,
    crate::gate::unresolved_argument::RULE,
    crate::gate::unknown_template::RULE,
    // wiring
    crate::wiring::port_mismatch::RULE,
    crate::wiring::selects_nothing::RULE,
    crate::wiring::unreachable_endpoint::RULE,
    crate::wiring::protocol_mismatch::RULE,
    crate::wiring::config_not_mounted::RULE,
    // release
    crate::release::wrong_image::RULE,
    crate::release::no_gate_in_steps::RULE,
    // gitops
    crate::gitops::placeholder_url::RULE,
    crate::gitops::tracks_other_branch::RULE,
    crate::gitops::path_not_deployed::RULE,
    // yaml
    crate::yaml_rules::syntax::RULE,
    crate::yaml_rules::duplicate_key::RULE,
];
