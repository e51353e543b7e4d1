//! Every rule, in the catalogue's order.

use crate::finding::Severity;

/// A rule's metadata.
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
}

/// All rules.
pub fn rules() -> &'static [Rule] {
    &[]
}

/// The rule of that name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    rules().iter().find(|r| r.name == name)
}
