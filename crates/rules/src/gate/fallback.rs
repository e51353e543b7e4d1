//! Fallbacks that answer for missing data: one too many is taken away, one that failures need is added.

use super::view::{View, difference, of_healthy, rewritten};
use crate::finding::{Fix, Safety};
use gate::condition::Measured;
use gate::promql::{FallbackScope, Query, Splice};

/// Removes the fallback. Where a canary without failures leaves no series for them, a ratio would then say nothing of healthy
/// canaries either: there the fallback moves to the numerator, and no failures read as 0, no requests still as no data.
pub(crate) fn mended(view: &View<'_, '_>) -> Option<Fix> {
    let (text, _) = view.query()?;
    let plain = rewritten(&text.value, remove)?;
    let moved = rewritten(&plain, into_numerator);
    let (title, edited) = match (answers(view, &plain), moved) {
        (Some(false), Some(moved)) if answers(view, &moved) == Some(true) => {
            ("Let the fallback stand in for failures alone", moved)
        }
        _ => ("Remove the fallback", plain),
    };
    Some(crate::draft::fix(title, Safety::Safe, [difference(text, &edited)]))
}

/// Lets no failures read as 0, where the ratio then has an answer for a healthy canary.
pub(crate) fn for_failures(view: &View<'_, '_>) -> Option<Fix> {
    let (text, _) = view.query()?;
    let edited = rewritten(&text.value, into_numerator)?;
    let fix = || crate::draft::fix("Count no failures as 0", Safety::Safe, [difference(text, &edited)]);
    (answers(view, &edited) == Some(true)).then(fix)
}

fn remove(query: &Query) -> Option<Splice> {
    let fallback = query.fallbacks().into_iter().find(|f| f.scope != FallbackScope::Numerator)?;
    query.remove_fallback(&fallback)
}

fn into_numerator(query: &Query) -> Option<Splice> {
    let ratio = query.ratio().filter(|_| query.fallbacks().is_empty())?;
    let [open, close] = query.wrap(ratio.numerator_expr, "(", " or vector(0))")?;
    let inner = query.text().get(open.range.end..close.range.start)?;
    Some(Splice { range: open.range.start..close.range.end, text: format!("{}{inner}{}", open.text, close.text) })
}

/// Whether the query has an answer for a healthy canary; `None` where that can't be told.
fn answers(view: &View<'_, '_>, text: &str) -> Option<bool> {
    Some(!matches!(of_healthy(view, text)?, Measured::Vector(values) if values.is_empty()))
}
