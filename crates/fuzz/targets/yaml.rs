//! Any text: reading never panics, every node is found by its own route, and a patch says what it should or is refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yaml::{Node, Op, Route, Value, edits, parse};

/// Nodes and strings inside strings that are looked at: enough to get everywhere, few enough to stay quick.
const NODES: usize = 400;
const DEPTH: usize = 4;

fuzz_target!(|text: &str| {
    let stream = parse(text);
    assert_eq!(stream.text(), text);
    for fault in stream.faults() {
        assert!(fault.span.start <= fault.span.end && fault.span.end <= text.len(), "{fault:?}");
        stream.position(fault.span.start);
    }
    let mut nodes = Vec::new();
    for root in stream.documents() {
        visit(root, 0, &mut nodes);
    }
    // The bytes choose the operation, so that the fuzzer can steer it.
    let pick = text.bytes().fold(0usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    let Some(route) = nodes.get(pick % nodes.len().max(1)).map(Node::route) else { return };
    let value = Value::map([("new: ", Value::Str("- a\n\tb #".to_owned())), ("list", Value::Seq(vec![Value::Int(1)]))]);
    let op = match pick / 7 % 8 {
        0 => Op::Set { route, value },
        1 => Op::SetKey { route, key: "a: b".to_owned() },
        2 => Op::Insert { route, key: "new".to_owned(), value, after: None },
        3 => Op::Append { route, value },
        4 => Op::InsertItem { route, index: 0, value },
        5 => Op::Remove { route },
        6 => Op::Move { route, to: Route::root(0), after: None },
        _ => Op::Splice { route, range: 0..1, text: "\n'".to_owned() },
    };
    let _ = edits(&stream, &[op]);
});

fn visit<'a>(node: Node<'a>, depth: usize, all: &mut Vec<Node<'a>>) {
    if all.len() >= NODES {
        return;
    }
    all.push(node);
    let range = node.entry_span();
    assert!(range.start <= range.end, "{range:?}");
    for (_, value) in node.entries() {
        visit(value, depth, all);
    }
    for item in node.items() {
        visit(item, depth, all);
    }
    if let Some(inner) = node.embedded().filter(|_| depth < DEPTH) {
        for root in inner.documents() {
            visit(root, depth + 1, all);
        }
    }
}
