//! Edits of a query as splices over its original text. They keep comments, and the style of what is there.

use std::ops::Range;

use super::expr::Expr;
use super::lexer::is_alphanumeric;
use super::query::Query;
use super::selector::{MatchOp, Matcher, Selector};
use super::shape::{Comparison, Fallback};

/// A replacement of `range` in the query's original text by `text`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// The bytes to replace; empty to insert.
    pub range: Range<usize>,
    /// What goes there.
    pub text: String,
}

impl Splice {
    fn insert(at: usize, text: impl Into<String>) -> Self {
        Self { range: at..at, text: text.into() }
    }

    fn remove(range: Range<usize>) -> Self {
        Self { range, text: String::new() }
    }

    /// `text` with the splices made, which must not overlap. `None` when one lies outside of `text`.
    pub fn apply(text: &str, splices: &[Splice]) -> Option<String> {
        let mut ordered: Vec<&Splice> = splices.iter().collect();
        ordered.sort_by_key(|splice| splice.range.start);
        let mut edited = String::with_capacity(text.len() + 32);
        let mut from = 0;
        for splice in ordered {
            edited.push_str(text.get(from..splice.range.start)?);
            edited.push_str(&splice.text);
            from = splice.range.end;
        }
        edited.push_str(text.get(from..)?);
        Some(edited)
    }
}

/// Every edit helper returns `None` when the query is not editable ([`Query::is_editable`]), and takes only parts of this
/// query.
impl Query {
    /// Adds a matcher after the last one, in the style (one line, one per line, quotes) of those that are there. The label
    /// is quoted where it must be; `value` may hold templating.
    pub fn add_matcher(&self, selector: &Selector, label: &str, op: MatchOp, value: &str) -> Option<Splice> {
        if !self.is_editable() {
            return None;
        }
        let quote =
            selector.matchers.first().and_then(|matcher| self.quote_at(matcher.value_span.start)).unwrap_or('"');
        let added = format!("{}{}{}", label_text(label), op.sign(), quoted(value, quote));
        let Some(braces) = &selector.braces else {
            return Some(Splice::insert(selector.name_span.as_ref()?.end, format!("{{{added}}}")));
        };
        let items = items(selector);
        let Some(last) = items.last() else {
            return Some(Splice::insert(braces.start, added));
        };
        let tail = &self.text().get(last.end..braces.end)?;
        let comma = after_comma(tail);
        let indent = self.line_start(last.start);
        match indent {
            Some(indent) => {
                // After the comment that belongs to the last matcher, where there is one.
                let line = tail.find('\n').unwrap_or(tail.trim_end().len()).max(comma.unwrap_or(0));
                let (kept, trailing) = (tail.get(..line)?, comma.map_or("", |_| ","));
                let separator = if comma.is_some() { "" } else { "," };
                let text = format!("{separator}{}\n{indent}{added}{trailing}", kept.trim_end());
                Some(Splice { range: last.end..last.end + line, text })
            }
            None if comma.is_some() => Some(Splice::insert(last.end + comma?, format!(" {added},"))),
            None => {
                let separator = match items.as_slice() {
                    [.., before, last] => {
                        self.text().get(before.end..last.start).filter(|gap| !gap.contains(['#', '\n']))
                    }
                    _ => None,
                };
                Some(Splice::insert(last.end, format!("{}{added}", separator.unwrap_or(", "))))
            }
        }
    }

    /// Makes `matcher` say `label op value`; its quotes and the spaces around its operator stay.
    pub fn replace_matcher(&self, matcher: &Matcher, label: &str, op: MatchOp, value: &str) -> Option<Splice> {
        if !self.is_editable() {
            return None;
        }
        let quote = self.quote_at(matcher.value_span.start)?;
        if label == matcher.name && op == matcher.op {
            return Some(Splice { range: matcher.value_span.clone(), text: quoted(value, quote) });
        }
        let front = self.text().get(matcher.span.start..matcher.value_span.start)?;
        let at = front.rfind(matcher.op.sign())?;
        let name = front.get(..at)?;
        let before = name.get(name.trim_end().len()..)?;
        let after = front.get(at + matcher.op.sign().len()..)?;
        let name = if label == matcher.name { name.trim_end().to_owned() } else { label_text(label) };
        let text = format!("{name}{before}{}{after}{}", op.sign(), quoted(value, quote));
        Some(Splice { range: matcher.span.clone(), text })
    }

    /// Removes a matcher with its comma, or with its line where it has one to itself. The braces go with the last one.
    pub fn remove_matcher(&self, selector: &Selector, matcher: &Matcher) -> Option<Splice> {
        if !self.is_editable() {
            return None;
        }
        let braces = selector.braces.clone()?;
        let items = items(selector);
        let at = items.iter().position(|item| *item == matcher.span)?;
        let span = &matcher.span;
        if items.len() == 1 && selector.name_span.as_ref().is_some_and(|name| name.end < braces.start) {
            return Some(Splice::remove(braces.start - 1..braces.end + 1));
        }
        let gap_has_comment = |from: usize, to: usize| self.text().get(from..to).is_some_and(|gap| gap.contains('#'));
        let line = self.line_start(span.start).zip(self.text().get(span.end..braces.end)).and_then(|(indent, tail)| {
            let comma = after_comma(tail).unwrap_or(0);
            let newline = comma + tail.get(comma..)?.find('\n')?;
            tail.get(comma..newline)?.trim().is_empty().then(|| span.start - indent.len()..span.end + newline + 1)
        });
        let previous = at.checked_sub(1).map(|before| items[before].end);
        Some(Splice::remove(match (previous, items.get(at + 1), line) {
            // The last one takes the comma before it along.
            (Some(from), None, _) if !gap_has_comment(from, span.start) => from..span.end,
            (_, _, Some(line)) => line,
            (_, Some(next), None) => span.start..next.start,
            (Some(from), None, None) => from..span.end,
            (None, None, None) => braces,
        }))
    }

    /// Replaces the metric's name. `None` where the selector has none, or where it is not quoted and `name` would have to
    /// be.
    pub fn replace_name(&self, selector: &Selector, name: &str) -> Option<Splice> {
        let range = selector.name_span.clone().filter(|_| self.is_editable())?;
        let text = match self.quote_at(range.start) {
            Some(quote) => quoted(name, quote),
            None => {
                let mut chars = name.chars();
                let plain = chars.next().is_some_and(|c| c == ':' || is_alphanumeric(c) && !c.is_ascii_digit())
                    && chars.all(|c| c == ':' || is_alphanumeric(c));
                plain.then(|| name.to_owned())?
            }
        };
        Some(Splice { range, text })
    }

    /// Removes a fallback with the space in front of it.
    pub fn remove_fallback(&self, fallback: &Fallback) -> Option<Splice> {
        self.is_editable().then(|| Splice::remove(fallback.cut.clone()))
    }

    /// Removes the comparison of `a > 0.05`, so that `a` is left.
    pub fn remove_comparison(&self, comparison: &Comparison) -> Option<Splice> {
        self.is_editable().then(|| Splice::remove(comparison.cut.clone()))
    }

    /// Replaces the number of a comparison.
    pub fn replace_threshold(&self, comparison: &Comparison, threshold: &str) -> Option<Splice> {
        self.is_editable().then(|| Splice { range: comparison.threshold_span.clone(), text: threshold.to_owned() })
    }

    /// Puts `before` and `after` around an expression: `sum(` and `)`.
    pub fn wrap(&self, expr: &Expr, before: &str, after: &str) -> Option<[Splice; 2]> {
        self.is_editable().then(|| [Splice::insert(expr.span.start, before), Splice::insert(expr.span.end, after)])
    }

    /// Replaces the duration of a range; `window` is PromQL such as `2m`.
    pub fn replace_window(&self, selector: &Selector, window: &str) -> Option<Splice> {
        let range = selector.range_span.clone().filter(|_| self.is_editable())?;
        Some(Splice { range, text: window.to_owned() })
    }

    fn quote_at(&self, at: usize) -> Option<char> {
        self.text().get(at..)?.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))
    }

    /// The blank that `at` is indented by, when nothing but that stands before it on its line and it is not the first.
    fn line_start(&self, at: usize) -> Option<&str> {
        let before = self.text().get(..at)?;
        let indent = before.get(before.rfind('\n')? + 1..)?;
        indent.trim().is_empty().then_some(indent)
    }
}

/// What stands between the commas of a selector, a quoted name included, in source order.
fn items(selector: &Selector) -> Vec<Range<usize>> {
    let mut items: Vec<Range<usize>> = selector.matchers.iter().map(|matcher| matcher.span.clone()).collect();
    if let (Some(name), Some(braces)) = (&selector.name_span, &selector.braces)
        && braces.contains(&name.start)
        && !items.iter().any(|item| item.contains(&name.start))
    {
        items.push(name.clone());
    }
    items.sort_by_key(|item| item.start);
    items
}

/// Just after the comma that follows a matcher in `tail`, over blanks and comments.
fn after_comma(tail: &str) -> Option<usize> {
    let mut comment = false;
    for (at, c) in tail.char_indices() {
        match c {
            '\n' | '\r' => comment = false,
            _ if comment => {}
            '#' => comment = true,
            ',' => return Some(at + 1),
            _ if c.is_whitespace() => {}
            _ => return None,
        }
    }
    None
}

fn label_text(label: &str) -> String {
    let plain =
        !label.is_empty() && !label.starts_with(|c: char| c.is_ascii_digit()) && label.chars().all(is_alphanumeric);
    if plain { label.to_owned() } else { quoted(label, '"') }
}

/// A string literal. Back quotes know no escapes, so a value that needs some gets double ones.
pub fn quoted(value: &str, quote: char) -> String {
    if quote == '`' && !value.contains('`') {
        return format!("`{value}`");
    }
    let quote = if quote == '`' { '"' } else { quote };
    let mut text = String::from(quote);
    for c in value.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\\' => text.push_str("\\\\"),
            _ if c == quote => text.extend(['\\', c]),
            _ => text.push(c),
        }
    }
    text.push(quote);
    text
}
