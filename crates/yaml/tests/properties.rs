//! Properties of reading and patching, on arbitrary text and on random documents.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may end at the first surprise")]

mod generate;

use generate::{Layout, document, layout, scalar, value, write};
use hyperspace_yaml::{Node, Op, PatchError, Route, ScalarStyle, ScalarType, Step, Stream, Value, apply, edits, parse};
use proptest::prelude::*;
use serde_json::Value as Json;

/// `PROPTEST_CASES=50000` for a long run.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases * 4, failure_persistence: None, max_shrink_iters: 4096, ..default }
}

/// Pieces that YAML is made of, and others.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        10 => prop::sample::select(vec![
            "a", "b: ", "- ", ": ", ":", "\n", "\n  ", "\n    ", "\n- ", "\r\n", "\t", " ", "#c", " # d", "|", ">-", "|2+\n", "'", "\"", "''",
            "\\n", "\\u00e9", "\\x", "[", "]", "{", "}", ",", "&a ", "*a", "!!str ", "!t ", "<<: ", "---\n", "...\n", "%YAML 1.2\n", "? ", "~",
            "key: value\n", "list:\n", "text: |\n  one\n   two\n\n", "é", "😀", "\u{feff}", "\0", "\u{85}", "\r", "@", "`", "null", "1.5", "0x1f",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn in_bounds(text: &str, range: std::ops::Range<usize>) {
    assert!(range.start <= range.end && range.end <= text.len(), "{range:?} of {}", text.len());
    assert!(text.is_char_boundary(range.start) && text.is_char_boundary(range.end), "{range:?} splits a character");
}

fn visit<'a>(node: Node<'a>, all: &mut Vec<Node<'a>>, depth: usize) {
    all.push(node);
    let text = node.stream().text();
    in_bounds(text, node.span());
    in_bounds(text, node.entry_span());
    node.key_span().into_iter().for_each(|span| in_bounds(text, span));
    let _ = (node.scalar_type(), node.as_bool(), node.as_i64(), node.as_f64(), node.len(), format!("{node:?}"));
    let position = node.stream().position(node.span().start);
    assert!(position.line > 0 && position.column > 0);
    if let Some(decoded) = node.as_str() {
        for offset in [0, decoded.len() / 2, decoded.len(), decoded.len() + 7] {
            assert!(node.outer_offset(offset) <= text.len());
        }
    }
    if let Some(inner) = node.embedded().filter(|_| depth < 4) {
        checked(inner, depth + 1);
    }
    // Aliased children are visited where they are written.
    if !node.is_aliased() {
        node.entries().map(|(_, child)| child).chain(node.items()).for_each(|child| visit(child, all, depth));
    }
}

fn checked(stream: &Stream, depth: usize) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    stream.documents().for_each(|root| visit(root, &mut all, depth));
    for fault in stream.faults() {
        in_bounds(stream.text(), fault.span.clone());
        assert!(!fault.message.is_empty());
    }
    stream.comments().iter().for_each(|comment| in_bounds(stream.text(), comment.span.clone()));
    all
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn reading_never_panics_and_spans_are_sound(text in soup()) {
        let stream = parse(text.as_str());
        prop_assert_eq!(stream.text(), text.as_str());
        let nodes = checked(&stream, 0);
        let ambiguous = stream.faults().iter().any(|fault| matches!(fault.kind, hyperspace_yaml::FaultKind::DuplicateKey { .. }));
        for node in nodes.iter().filter(|_| !ambiguous) {
            let found = stream.resolve(&node.route());
            // A merged `<<` entry is not reached by that key.
            prop_assert!(found.is_some() || node.route().to_string().contains("<<"), "{:?}", node);
        }
        let _: Vec<Value> = stream.documents().map(|root| root.to_value()).collect();
    }

    #[test]
    fn patching_never_panics_on_any_text(text in soup(), pick in any::<prop::sample::Index>(), kind in 0..8usize, new in value()) {
        let stream = parse(text.as_str());
        let routes: Vec<Route> = checked(&stream, 0).iter().map(Node::route).collect();
        if let Some(route) = (!routes.is_empty()).then(|| pick.get(&routes).clone()) {
            let op = match kind {
                0 => Op::Set { route, value: new },
                1 => Op::SetKey { route, key: "new".into() },
                2 => Op::Insert { route, key: "new".into(), value: new, after: None },
                3 => Op::Append { route, value: new },
                4 => Op::InsertItem { route, index: 0, value: new },
                5 => Op::Remove { route },
                6 => Op::Move { route, to: Route::root(0), after: None },
                _ => Op::Splice { route, range: 0..1, text: "\n".into() },
            };
            // What comes out was verified inside; here only panics count.
            let _ = edits(&stream, &[op]);
        }
    }
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Str(text) | Value::Block(text) => text.clone().into(),
        Value::Seq(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect()),
    }
}

fn all_routes(value: &Value, at: Route, out: &mut Vec<Route>) {
    out.push(at.clone());
    match value {
        Value::Map(entries) => entries.iter().for_each(|(key, value)| all_routes(value, at.clone().key(key), out)),
        Value::Seq(items) => {
            items.iter().enumerate().for_each(|(i, value)| all_routes(value, at.clone().index(i), out))
        }
        _ => {}
    }
}

fn at<'v>(root: &'v mut Value, route: &Route) -> &'v mut Value {
    route.steps.iter().fold(root, |value, step| match (value, step) {
        (Value::Map(entries), Step::Key(key)) => {
            &mut entries.iter_mut().find(|(name, _)| **name == **key).expect("the key").1
        }
        (Value::Seq(items), Step::Index(i)) => &mut items[*i],
        (value, step) => panic!("{step:?} in {value:?}"),
    })
}

/// A random operation that is possible there, and what it makes of the value.
fn operation(root: &Value, pick: usize, kind: usize, new: Value) -> Option<(Op, Value)> {
    let mut routes = Vec::new();
    all_routes(root, Route::root(0), &mut routes);
    let route = routes[pick % routes.len()].clone();
    let mut expected = root.clone();
    let op = match (kind, at(&mut expected, &route)) {
        (0, target) if !route.steps.is_empty() => {
            *target = new.clone();
            Op::Set { route, value: new }
        }
        (1, _) => {
            let (parent, key) = (route.parent()?, route.last_key()?.to_owned());
            let Value::Map(entries) = at(&mut expected, &parent) else { return None };
            entries.iter_mut().find(|(name, _)| *name == key)?.0 = "new key".into();
            Op::SetKey { route, key: "new key".into() }
        }
        (2, Value::Map(entries)) => {
            let after = pick
                .is_multiple_of(3)
                .then(|| entries.get(pick % entries.len().max(1)).map(|(key, _)| key.clone()))
                .flatten();
            entries.push(("new key".into(), new.clone()));
            Op::Insert { route, key: "new key".into(), value: new, after }
        }
        (3, Value::Seq(items)) => {
            items.push(new.clone());
            Op::Append { route, value: new }
        }
        (4, Value::Seq(items)) => {
            let index = pick % (items.len() + 1);
            items.insert(index, new.clone());
            Op::InsertItem { route, index, value: new }
        }
        (2 | 3, target @ Value::Null) if !route.steps.is_empty() => {
            *target = if kind == 2 { Value::map([("new key", new.clone())]) } else { Value::Seq(vec![new.clone()]) };
            match kind {
                2 => Op::Insert { route, key: "new key".into(), value: new, after: None },
                _ => Op::Append { route, value: new },
            }
        }
        (5, _) => {
            let parent = route.parent()?;
            match (at(&mut expected, &parent), route.last()?) {
                (Value::Map(entries), Step::Key(key)) => entries.retain(|(name, _)| **name != **key),
                (Value::Seq(items), Step::Index(i)) => drop(items.remove(*i)),
                _ => return None,
            }
            Op::Remove { route }
        }
        (6, Value::Str(text) | Value::Block(text)) => {
            let mut ends: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            ends.sort_unstable();
            let (a, b) = (ends[pick % ends.len()], ends[(pick / 7) % ends.len()]);
            let part = new.as_str().unwrap_or("x = \"y\"").to_owned();
            text.replace_range(a.min(b)..a.max(b), &part);
            Op::Splice { route, range: a.min(b)..a.max(b), text: part }
        }
        (7, _) => {
            let (parent, key) = (route.parent()?, route.last_key()?.to_owned());
            let to = routes[(pick / 11) % routes.len()].clone();
            if to.starts_with(&route) || !matches!(at(&mut expected, &to), Value::Map(_) | Value::Null) {
                return None;
            }
            let Value::Map(entries) = at(&mut expected, &parent) else { return None };
            let moved = entries.remove(entries.iter().position(|(name, _)| *name == key)?).1;
            let target = at(&mut expected, &to);
            if *target == Value::Null {
                *target = Value::Map(Vec::new());
            }
            let Value::Map(entries) = target else { return None };
            if entries.iter().any(|(name, _)| *name == key) {
                return None;
            }
            let after = pick.is_multiple_of(3).then(|| entries.first().map(|(name, _)| name.clone())).flatten();
            entries.push((key, moved));
            Op::Move { route, to, after }
        }
        _ => return None,
    };
    Some((op, expected))
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn documents_read_as_they_were_written(value in document(), layout in layout()) {
        let text = write(&value, &layout);
        let stream = parse(text.as_str());
        prop_assert!(stream.faults().is_empty(), "{:?}\n{}", stream.faults(), text);
        prop_assert_eq!(stream.document(0).expect("a document").to_value(), value.clone(), "{}", text);
        for node in checked(&stream, 0) {
            let Some(decoded) = node.as_str() else { continue };
            for (i, c) in decoded.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
                prop_assert!(text[node.outer_offset(i)..].starts_with(c), "{} of {:?} in\n{}", i, node, text);
            }
        }
        let other: Json = serde_yaml::from_str(&text).expect("serde-saphyr reads it");
        prop_assert_eq!(other, to_json(&value), "{}", text);
    }

    #[test]
    fn operations_do_what_they_say_and_nothing_else(
        value in document(), layout in layout(), pick in any::<usize>(), kind in 0..8usize, new in prop_oneof![scalar(), value()],
    ) {
        let Some((op, expected)) = operation(&value, pick % 10_000, kind, new) else { return Ok(()) };
        let text = write(&value, &layout);
        let stream = parse(text.as_str());
        let after = match apply(&stream, std::slice::from_ref(&op)) {
            Ok(after) => after,
            Err(PatchError::Unsupported { reason: "entries between braces are not moved", .. }) => return Ok(()),
            // Into a place with nothing but a comment: refused, where the comment would end up elsewhere.
            Err(PatchError::WouldDiffer { .. }) if layout.comments && matches!(op, Op::Move { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{op:?}\n{text}"))),
        };
        let other: Json = serde_yaml::from_str(&after).expect("serde-saphyr reads the result");
        prop_assert_eq!(&other, &to_json(&expected), "{:?}\n{}\n---\n{}", op, text, after);
        kept(&text, &after, &op, &stream, &layout)?;
    }

    #[test]
    fn operations_reach_into_strings(
        inner in document(), layout in layout(), outer in layout(), pick in any::<usize>(), kind in 0..8usize, new in scalar(), json in any::<bool>(),
    ) {
        let Some((mut op, expected)) = operation(&inner, pick % 10_000, kind, new) else { return Ok(()) };
        let text = write(&inner, &Layout { crlf: false, ..layout });
        let (Op::Set { route, .. } | Op::SetKey { route, .. } | Op::Insert { route, .. } | Op::Append { route, .. }
            | Op::InsertItem { route, .. } | Op::Remove { route } | Op::Splice { route, .. } | Op::Move { route, .. }) = &mut op;
        let inside = |route: &mut Route| {
            let mut steps = Route::root(0).key("data").key("config.yaml").steps;
            steps.append(&mut route.steps);
            route.steps = steps;
        };
        inside(route);
        if let Op::Move { to, .. } = &mut op {
            inside(to);
        }
        let file = Value::map([("kind", "ConfigMap".into()), ("data", Value::map([("config.yaml", Value::Block(text.clone())), ("z", "end".into())]))]);
        let file = if json { to_json(&file).to_string() } else { write(&file, &Layout { dice: vec![1, 2, 3], comments: false, ..outer }) };
        let stream = parse(file.as_str());
        prop_assume!(stream.resolve(&Route::root(0).key("data").key("config.yaml")).is_some_and(|n| n.embedded().is_some()));
        let after = match apply(&stream, std::slice::from_ref(&op)) {
            Ok(after) => after,
            Err(PatchError::Unsupported { reason: "entries between braces are not moved", .. }) => return Ok(()),
            // Into a place with nothing but a comment: refused, where the comment would end up elsewhere.
            Err(PatchError::WouldDiffer { .. }) if layout.comments && matches!(op, Op::Move { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(format!("{error}\n{op:?}\n{file}"))),
        };
        let other: Json = if json { serde_json::from_str(&after).expect("still JSON") } else { serde_yaml::from_str(&after).expect("still YAML") };
        let config = other["data"]["config.yaml"].as_str().expect("a string");
        let config: Json = serde_yaml::from_str(config).expect("the string is YAML");
        prop_assert_eq!(config, to_json(&expected), "{:?}\n{}\n---\n{}", op, file, after);
    }
}

/// Every comment stays unless what it belongs to goes, and additions leave all lines as they are.
fn kept(before: &str, after: &str, op: &Op, stream: &Stream, layout: &Layout) -> Result<(), TestCaseError> {
    let comments = |text: &str| parse(text).comments().iter().map(|c| c.text.clone()).collect::<Vec<_>>();
    let (mut old, mut new) = (comments(before), comments(after));
    if let Op::Move { .. } = op {
        old.sort_unstable();
        new.sort_unstable();
    }
    prop_assert!(
        layout.crlf == after.contains('\r') || !after.contains('\n') || !before.contains('\n'),
        "line breaks changed"
    );
    match op {
        Op::Remove { .. } | Op::Set { .. } => prop_assert!(new.iter().all(|c| old.contains(c))),
        _ => prop_assert_eq!(&old, &new),
    }
    if let Op::Insert { route, .. } | Op::Append { route, .. } | Op::InsertItem { route, .. } = op
        && let Some(node) = stream.resolve(route)
        && !node.is_flow()
        && !node.is_null()
    {
        // Nothing but whole lines were added; only the dash of a first item may move (`- - a`).
        let first = matches!(op, Op::InsertItem { index: 0, .. });
        let mut rest = after.lines();
        prop_assert!(
            first || before.lines().all(|line| rest.any(|other| other == line)),
            "a line changed:\n{}\n---\n{}",
            before,
            after
        );
    }
    if let Op::Set { route, .. } = op
        && let Some(node) = stream.resolve(route)
        && node.scalar_type() != ScalarType::Null
        && matches!(node.style(), ScalarStyle::Plain | ScalarStyle::Single | ScalarStyle::Double)
    {
        let line = stream.position(node.span().start).line - 1;
        let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
        prop_assert_eq!(&old[..line], &new[..line]);
        let rest = old.len() - line - 1;
        prop_assert_eq!(&old[line + 1..], &new[new.len() - rest..]);
    }
    Ok(())
}
