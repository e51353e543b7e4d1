//! PromQL as Prometheus 3 reads it: parse, locate, edit, evaluate.
//!
//! Every span is a byte range of the text that [`parse`] was given, Argo templating (`{{args.x}}`) included; binding values
//! ([`Query::bind`]) does not move them.

mod bounds;
mod calls;
mod check;
mod constant;
mod edit;
mod eval;
mod expr;
mod lexer;
mod literal;
mod parse;
mod query;
mod regex;
mod repair;
mod select;
mod selector;
mod shape;
mod template;

pub use edit::{Splice, quoted};
pub use eval::{Labels, RangeSeries, Sample, Series, Unsupported, Value, civil, evaluate, stale};
pub use expr::{
    Aggregation, At, Binary, Call, Cardinality, Expr, ExprKind, Grouping, Matching, Operator, Side, Subquery,
};
pub use query::{Query, QueryError, ResultType, Suggestion};
pub use selector::{Inside, MatchOp, Matcher, Selector};
pub use shape::{Comparison, Fallback, FallbackScope, Ratio};
pub use template::{Arg, template_args};

/// Parses `text`, which may hold Argo templating, and checks its types as Prometheus 3 does without experimental
/// features. A placeholder outside of quotes stands for a name, a number or a duration, whichever parses.
///
/// # Errors
/// What Prometheus would refuse, with the place and the obvious repair where one is known.
pub fn parse(text: &str) -> Result<Query, QueryError> {
    with_values(text, &[])
}

fn with_values(text: &str, bound: &[(String, String)]) -> Result<Query, QueryError> {
    let args = template_args(text);
    parse::query(text, &args, bound).map_err(|refusal| QueryError {
        suggestion: repair::suggest(text, &refusal, &|repaired| {
            parse::query(repaired, &template_args(repaired), bound).is_ok()
        }),
        message: refusal.message,
        offset: Some(refusal.at),
    })
}

impl Query {
    /// Gives templating its values. `lookup` takes an argument's name without `args.` and returns its value; tags that
    /// are no arguments, and arguments without a value, stay as they are. Values are put in as plain text, as Argo does.
    /// Spans of the new query still refer to the original text, and its edits are edits of the original text.
    ///
    /// # Errors
    /// When the query with the values in it does not parse.
    pub fn bind(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Result<Query, QueryError> {
        let mut bound = self.bound.clone();
        for arg in &self.args {
            let is_new = !bound.iter().any(|(tag, _)| *tag == arg.name);
            if let Some(value) = arg.argument().filter(|_| is_new).and_then(lookup) {
                bound.push((arg.name.clone(), value));
            }
        }
        with_values(&self.text, &bound)
    }
}
