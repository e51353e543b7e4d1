//! Argo's templating inside a query.

use std::ops::Range;

/// One `{{ tag }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// The trimmed tag: `args.canary-hash`, `inputs.parameters.x`.
    pub name: String,
    /// From the first opening to the last closing brace.
    pub range: Range<usize>,
}

impl Arg {
    /// The argument's name where the tag is one of `args.…`.
    pub fn argument(&self) -> Option<&str> {
        self.name.strip_prefix("args.")
    }
}

/// Every `{{ tag }}` of `text` in source order, as fasttemplate finds them: from `{{` to the next `}}`, tag trimmed.
pub fn template_args(text: &str) -> Vec<Arg> {
    let mut args = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let Some(close) = text[open + 2..].find("}}").map(|at| open + 2 + at) else { break };
        args.push(Arg { name: text[open + 2..close].trim().to_owned(), range: open..close + 2 });
        from = close + 2;
    }
    args
}
