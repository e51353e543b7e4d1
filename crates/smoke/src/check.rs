use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is about.
    pub name: String,
    /// Whether it is so.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do; empty where all is well.
    pub todo: String,
    /// Whether it may come true by itself within a minute.
    #[serde(skip)]
    pub may_pass: bool,
}

impl Check {
    pub(crate) fn ok(name: impl Into<String>, found: impl Into<String>) -> Check {
        Check { name: name.into(), ok: true, found: found.into(), todo: String::new(), may_pass: false }
    }

    pub(crate) fn fail(name: impl Into<String>, found: impl Into<String>, todo: impl Into<String>) -> Check {
        Check { name: name.into(), ok: false, found: found.into(), todo: todo.into(), may_pass: false }
    }

    /// It is worth another look.
    pub(crate) fn for_now(mut self) -> Check {
        self.may_pass = !self.ok;
        self
    }
}

/// Whether everything is so. No checks prove nothing.
pub fn passed(checks: &[Check]) -> bool {
    !checks.is_empty() && checks.iter().all(|check| check.ok)
}
