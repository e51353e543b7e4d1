//! The proof that an edit says what was asked for, and nothing else.

use super::{Op, PatchError, locate};
use crate::{FaultKind, Node, Route, Step, Stream, Value};

/// Compares the parsed content before and after an operation.
pub(super) fn verify(before: &Stream, after: &Stream, op: &Op) -> Result<(), PatchError> {
    let route = op.route();
    let differs = |reason: String| PatchError::WouldDiffer { route: route.clone(), reason };
    if let Some(message) = new_fault(before, after) {
        return Err(differs(message));
    }
    let place = match op {
        Op::Set { .. } | Op::SetKey { .. } | Op::Remove { .. } | Op::Move { .. } | Op::Splice { .. } => {
            locate::locate(before, route)?
        }
        Op::Insert { .. } | Op::Append { .. } | Op::InsertItem { .. } => locate::collection(before, route)?,
    };
    let (mut old, mut new) = (before, after);
    for scalar in &place.chain {
        let at = scalar.local_route();
        same_but_for(old, new, &at, &|value| *value = Value::Null).map_err(differs)?;
        old = scalar.embedded().ok_or_else(|| differs("a string holds no YAML any more".to_owned()))?;
        let there = new.walk(at.document, &at.steps).and_then(|node| node.embedded());
        new = there.ok_or_else(|| differs("a string holds no YAML any more".to_owned()))?;
        if let Some(message) = new_fault(old, new) {
            return Err(differs(message));
        }
        comments(old, new, op).map_err(differs)?;
    }
    comments(before, after, op).map_err(differs)?;
    expected(old, new, place.node, op).map_err(differs)
}

/// A fault that the text did not have before.
fn new_fault(before: &Stream, after: &Stream) -> Option<String> {
    let same = |a: &FaultKind, b: &FaultKind| std::mem::discriminant(a) == std::mem::discriminant(b);
    let mut known: Vec<_> = before.faults().iter().collect();
    for fault in after.faults() {
        let at = known.iter().position(|k| same(&k.kind, &fault.kind) && k.message == fault.message);
        match at {
            Some(at) => drop(known.swap_remove(at)),
            None => return Some(fault.message.clone()),
        }
    }
    None
}

/// Only removing and replacing may lose comments, namely those of what goes.
fn comments(before: &Stream, after: &Stream, op: &Op) -> Result<(), String> {
    let (old, new) = (before.comments().len(), after.comments().len());
    match op {
        Op::Remove { .. } | Op::Set { .. } if new <= old => Ok(()),
        _ if new == old => Ok(()),
        _ => Err("a comment would be lost or made".to_owned()),
    }
}

/// Compares two streams' values after both were changed at the same route.
fn same_but_for(old: &Stream, new: &Stream, at: &Route, change: &dyn Fn(&mut Value)) -> Result<(), String> {
    compare(old, new, at.document, |mut old, mut new| {
        for value in [&mut old, &mut new] {
            if let Some(value) = descend(value, &at.steps) {
                change(value);
            }
        }
        old == new
    })
}

fn compare(
    old: &Stream,
    new: &Stream,
    document: usize,
    check: impl FnOnce(Value, Value) -> bool,
) -> Result<(), String> {
    let mut check = Some(check);
    let (olds, news) = (old.documents(), new.documents());
    if old.tree.roots.len() != new.tree.roots.len() {
        return Err("the number of documents would change".to_owned());
    }
    for (i, (old, new)) in olds.zip(news).enumerate() {
        let same = match check.take_if(|_| i == document) {
            Some(check) => check(old.to_value(), new.to_value()),
            None => old.to_value() == new.to_value(),
        };
        if !same {
            return Err(format!("document {i} would say something else"));
        }
    }
    Ok(())
}

fn descend<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| match (value, step) {
        (Value::Map(entries), Step::Key(key)) => {
            entries.iter_mut().rev().find(|(k, _)| **k == **key).map(|(_, value)| value)
        }
        (Value::Seq(items), Step::Index(i)) => items.get_mut(*i),
        _ => None,
    })
}

/// Carries out the operation on the old value and compares.
fn expected(old: &Stream, new: &Stream, node: Node<'_>, op: &Op) -> Result<(), String> {
    let at = node.local_route();
    compare(old, new, at.document, |mut value, new| carry_out(&mut value, &at.steps, old, op).is_some() && value == new)
}

/// What the operation means for parsed content; `None` where it cannot be carried out.
fn carry_out(root: &mut Value, steps: &[Step], stream: &Stream, op: &Op) -> Option<()> {
    match op {
        Op::Set { value, .. } => *descend(root, steps)? = value.clone(),
        Op::SetKey { key, .. } => {
            let (Step::Key(old), above) = steps.split_last()? else { return None };
            let Value::Map(entries) = descend(root, above)? else { return None };
            entries.iter_mut().find(|(k, _)| **k == **old)?.0.clone_from(key);
        }
        Op::Insert { key, value, .. } => put(descend(root, steps)?, key, value.clone())?,
        Op::Append { value, .. } => items(descend(root, steps)?)?.push(value.clone()),
        Op::InsertItem { index, value, .. } => {
            let items = items(descend(root, steps)?)?;
            (*index <= items.len()).then(|| items.insert(*index, value.clone()))?;
        }
        Op::Remove { .. } => drop(take(root, steps)?),
        Op::Move { to, .. } => {
            let (Step::Key(key), _) = steps.split_last()? else { return None };
            let to = locate::collection(&crate::parse(stream.text()), to).ok()?.node.local_route();
            let value = take(root, steps)?;
            put(descend(root, &to.steps)?, key, value)?;
        }
        Op::Splice { range, text, .. } => {
            let value = descend(root, steps)?;
            let (Value::Str(old) | Value::Block(old)) = value else { return None };
            old.get(range.clone())?;
            old.replace_range(range.clone(), text);
        }
    }
    Some(())
}

/// Adds or, over a merge key's, replaces an entry. A null becomes a mapping.
fn put(value: &mut Value, key: &str, new: Value) -> Option<()> {
    if let Value::Null = value {
        *value = Value::Map(Vec::new());
    }
    let Value::Map(entries) = value else { return None };
    match entries.iter_mut().find(|(k, _)| k == key) {
        Some(entry) => entry.1 = new,
        None => entries.push((key.to_owned(), new)),
    }
    Some(())
}

fn items(value: &mut Value) -> Option<&mut Vec<Value>> {
    if let Value::Null = value {
        *value = Value::Seq(Vec::new());
    }
    match value {
        Value::Seq(items) => Some(items),
        _ => None,
    }
}

fn take(root: &mut Value, steps: &[Step]) -> Option<Value> {
    let (last, above) = steps.split_last()?;
    match (descend(root, above)?, last) {
        (Value::Map(entries), Step::Key(key)) => {
            let at = entries.iter().position(|(k, _)| **k == **key)?;
            Some(entries.remove(at).1)
        }
        (Value::Seq(items), Step::Index(i)) => (*i < items.len()).then(|| items.remove(*i)),
        _ => None,
    }
}
