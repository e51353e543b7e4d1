//! Patches on texts as people write them: what changes, and that nothing else does.

#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test may end at the first surprise")]

use hyperspace_yaml::{Op, PatchError, Route, Step, Value, apply, edits, parse};

/// `spec.ports[0].name`; a key with dots in brackets: `data[config.yaml].receivers`.
fn route(path: &str) -> Route {
    let mut route = Route::root(0);
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (step, after) = inner.split_once(']').expect("closing bracket");
            route = route.step(step.parse::<usize>().map_or_else(|_| Step::from(step), Step::Index));
            rest = after.strip_prefix('.').unwrap_or(after);
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            route = route.key(&rest[..end]);
            rest = rest[end..].strip_prefix('.').unwrap_or(&rest[end..]);
        }
    }
    route
}

fn set(path: &str, value: impl Into<Value>) -> Op {
    Op::Set { route: route(path), value: value.into() }
}

fn insert(path: &str, key: &str, value: impl Into<Value>) -> Op {
    Op::Insert { route: route(path), key: key.into(), value: value.into(), after: None }
}

fn after(path: &str, after: &str, key: &str, value: impl Into<Value>) -> Op {
    Op::Insert { route: route(path), key: key.into(), value: value.into(), after: Some(after.into()) }
}

fn append(path: &str, value: impl Into<Value>) -> Op {
    Op::Append { route: route(path), value: value.into() }
}

fn item(path: &str, index: usize, value: impl Into<Value>) -> Op {
    Op::InsertItem { route: route(path), index, value: value.into() }
}

fn remove(path: &str) -> Op {
    Op::Remove { route: route(path) }
}

fn rename(path: &str, key: &str) -> Op {
    Op::SetKey { route: route(path), key: key.into() }
}

fn shift(path: &str, to: &str, after: Option<&str>) -> Op {
    Op::Move { route: route(path), to: route(to), after: after.map(Into::into) }
}

fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::map(entries)
}

#[track_caller]
fn check(input: &str, ops: &[Op], expected: &str) {
    for (input, expected) in
        [(input.to_owned(), expected.to_owned()), (input.replace('\n', "\r\n"), expected.replace('\n', "\r\n"))]
    {
        if !input.contains('\n') && expected.contains('\n') {
            // Nothing in it says which line breaks its author uses.
            assert_eq!(apply(&parse(input), ops).expect("applies"), expected.replace('\r', ""));
            continue;
        }
        let stream = parse(input.as_str());
        let text = apply(&stream, ops).unwrap_or_else(|error| panic!("{error}\n{input}"));
        assert_eq!(text, expected, "\n--- got\n{text}\n--- wanted\n{expected}");
        let edits = edits(&stream, ops).expect("edits");
        let mut pieced = String::new();
        let mut at = 0;
        for edit in edits {
            assert!(edit.range.start >= at, "edits overlap");
            pieced.push_str(&input[at..edit.range.start]);
            pieced.push_str(&edit.text);
            at = edit.range.end;
        }
        pieced.push_str(&input[at..]);
        assert_eq!(pieced, expected, "the edits give another text");
    }
}

#[track_caller]
fn refused(input: &str, op: Op) -> PatchError {
    apply(&parse(input), &[op]).expect_err("should be refused")
}

#[test]
fn set_replaces_scalars_in_their_style() {
    check("a: 1 # one\nb: x\n", &[set("a", 2)], "a: 2 # one\nb: x\n");
    check("a: \"x\" # c\n", &[set("a", "y")], "a: \"y\" # c\n");
    check("a: 'x'\n", &[set("a", "it's")], "a: 'it''s'\n");
    check("a: x\n", &[set("a", "8080")], "a: \"8080\"\n");
    check("a: x\n", &[set("a", "yes")], "a: \"yes\"\n");
    check("a: x\n", &[set("a", "say \"hi\": x")], "a: 'say \"hi\": x'\n");
    check("a: \"8080\"\n", &[set("a", 8081)], "a: 8081\n");
    check("a:\nb: 1\n", &[set("a", "x")], "a: x\nb: 1\n");
    check("a: # c\nb: 1\n", &[set("a", true)], "a: true # c\nb: 1\n");
    check("- a\n-\n- c # d\n", &[set("[1]", "b"), set("[2]", "x")], "- a\n- b\n- x # d\n");
    check("a: {b: 1, c: }\n", &[set("a.b", 2), set("a.c", "d, e")], "a: {b: 2, c: \"d, e\"}\n");
    check("a: [x, \"y\"]", &[set("a[1]", "z")], "a: [x, \"z\"]");
    check("a: http://x\n", &[set("a", "http://prometheus:9090/?a=b#c")], "a: http://prometheus:9090/?a=b#c\n");
    check("plain\n", &[set("", "other")], "other\n");
}

#[test]
fn set_replaces_collections() {
    let block = map([("c", 1.into()), ("d", Value::seq(["x", "w"]))]);
    check("a: 1 # n\nb: 2\n", &[set("a", block.clone())], "a: # n\n  c: 1\n  d:\n    - x\n    - w\nb: 2\n");
    check("a:\n- 1\nb: 2\n", &[set("b", block.clone())], "a:\n- 1\nb:\n  c: 1\n  d:\n  - x\n  - w\n");
    check(
        "a: # n\n    x: 1\n    y: 2 # z\nb: 2\n",
        &[set("a", block.clone())],
        "a: # n\n    c: 1\n    d:\n        - x\n        - w\nb: 2\n",
    );
    check("a: # n\n  x: 1\nb: 2\n", &[set("a", 5)], "a: 5 # n\nb: 2\n");
    check("a:\n  x: 1\nb: 2\n", &[set("a", Value::Map(vec![]))], "a: {}\nb: 2\n");
    check("a: [1, 2]\n", &[set("a", Value::seq(["x"]))], "a: [x]\n");
    check("- x # c\n- y\n", &[set("[0]", map([("k", "v".into()), ("l", "w".into())]))], "- k: v # c\n  l: w\n- y\n");
    check("{\"a\": 1}\n", &[set("a", map([("b", "c".into())]))], "{\"a\": {\"b\": \"c\"}}\n");
    check("a:\n  - b: 1\n    c: 2\n  - d\n", &[set("a[0]", "x")], "a:\n  - x\n  - d\n");
}

#[test]
fn set_replaces_block_scalars() {
    check("a: |\n  x\n  y\nb: 1\n", &[set("a", "p\nq\n")], "a: |\n  p\n  q\nb: 1\n");
    check("a: | # why\n  x\nb: 1\n", &[set("a", Value::Block("p\nq".into()))], "a: |- # why\n  p\n  q\nb: 1\n");
    check("a: >-\n  x\n  y\nb: 1\n", &[set("a", "one")], "a: one\nb: 1\n");
    check("a: x # c\nb: 1\n", &[set("a", "p\n\n  q\n")], "a: | # c\n  p\n\n    q\nb: 1\n");
    check("a: x\n", &[set("a", "  p\nq\n")], "a: |2\n    p\n  q\n");
    check("- x\n- y\n", &[set("[0]", "p\nq\n")], "- |\n  p\n  q\n- y\n");
    check("a: \"x\"\n", &[set("a", "p\nq\n")], "a: \"p\\nq\\n\"\n");
}

#[test]
fn keys_are_renamed() {
    check("a: 1\n\"b\": 2\n", &[rename("a", "c"), rename("b", "d")], "c: 1\n\"d\": 2\n");
    check("a: {b: {c: 1}}\n", &[rename("a.b", "x/y")], "a: {x/y: {c: 1}}\n");
    check("a: 1\n", &[rename("a", "8889")], "\"8889\": 1\n");
    assert!(matches!(refused("a: 1\nb: 2\n", rename("a", "b")), PatchError::KeyExists(_)));
}

#[test]
fn insert_follows_the_indentation_around() {
    let otlp = map([("protocols", map([("grpc", Value::Null)]))]);
    let config = "receivers:\n\n# exporters\nexporters:\n    debug:\n        x: 1\n";
    let wanted = "receivers:\n    otlp:\n        protocols:\n            grpc: null\n\n# exporters\nexporters:\n    debug:\n        x: 1\n";
    check(config, &[insert("receivers", "otlp", otlp)], wanted);
    check("a:\n  # todo\nb: 1\n", &[insert("a", "x", 1)], "a:\n  # todo\n  x: 1\nb: 1\n");
    check("a: 1\nb: 2 # c", &[insert("", "c", 3)], "a: 1\nb: 2 # c\nc: 3");
    check("a: 1\nb: 2\n", &[after("", "a", "c", 3)], "a: 1\nc: 3\nb: 2\n");
    check("a:\n  b: 1\n\nc: 2\n", &[insert("a", "d", 3)], "a:\n  b: 1\n  d: 3\n\nc: 2\n");
    check("a:\n  b: |\n    x\n\nc: 2\n", &[insert("a", "d", 3)], "a:\n  b: |\n    x\n  d: 3\n\nc: 2\n");
    check("a:\n  b: |+\n    x\n\nc: 2\n", &[insert("a", "d", 3)], "a:\n  b: |+\n    x\n\n  d: 3\nc: 2\n");
    check("- name: a\n  x: 1\n- name: b\n", &[after("[0]", "name", "z", 2)], "- name: a\n  z: 2\n  x: 1\n- name: b\n");
    check("a: {}\nb: 1\n", &[insert("a", "x", 1)], "a:\n  x: 1\nb: 1\n");
    check("a: ~ # c\nb: 1\n", &[insert("a", "x", 1)], "a: # c\n  x: 1\nb: 1\n");
    check("a:\n-\n- b\n", &[insert("a[0]", "x", 1)], "a:\n- x: 1\n- b\n");
    check("a:\n  b: |\n    x", &[insert("a", "d", 3)], "a:\n  b: |-\n    x\n  d: 3");
    check("a:\n- |+\n  x", &[append("a", 3)], "a:\n- |-\n  x\n- 3");
    check("a:", &[insert("a", "x", 1)], "a:\n  x: 1");
    check("--- # empty\n", &[insert("", "x", 1)], "---\nx: 1 # empty\n");
    assert!(matches!(refused("a: 1\n", insert("a", "x", 1)), PatchError::WrongKind { .. }));
    assert!(matches!(refused("a: 1\n", insert("", "a", 1)), PatchError::KeyExists(_)));
}

#[test]
fn flow_collections_stay_flow_and_json_stays_json() {
    check("a: {b: 1}\n", &[insert("a", "c", "d")], "a: {b: 1, c: d}\n");
    check("a: { b: 1 }\n", &[after("a", "b", "c", "d")], "a: { b: 1, c: d }\n");
    check("a: [x, y]\n", &[append("a", "z"), item("a", 0, "w")], "a: [w, x, y, z]\n");
    check("a: []\n", &[append("a", "z")], "a: [z]\n");
    check("a: []\n", &[append("a", map([("b", 1.into())]))], "a:\n  - b: 1\n");
    check("{\"a\": {}}", &[insert("a", "b", Value::seq(["x"]))], "{\"a\": {\"b\": [\"x\"]}}");
    let json = "{\n  \"kind\": \"Service\",\n  \"spec\": {\n    \"ports\": []\n  }\n}\n";
    let port = map([("port", 4317.into()), ("name", "otlp".into())]);
    let wanted = "{\n  \"kind\": \"Service\",\n  \"spec\": {\n    \"ports\": [\n      {\n        \"port\": 4317,\n        \"name\": \"otlp\"\n      }\n    ],\n    \"type\": \"ClusterIP\"\n  }\n}\n";
    check(json, &[append("spec.ports", port), insert("spec", "type", "ClusterIP")], wanted);
    check("{\"a\": 1, \"b\": 2, \"c\": 3}", &[remove("b"), remove("c")], "{\"a\": 1}");
    check("{\n  \"a\": 1\n}\n", &[remove("a")], "{}\n");
    check("a: [x, y, z]\n", &[remove("a[0]"), remove("a[1]")], "a: [y]\n");
}

#[test]
fn items_follow_the_dashes_around() {
    check("a:\n- x\nb: 1\n", &[append("a", "w")], "a:\n- x\n- w\nb: 1\n");
    check("a:\n  - x # c\nb:\n", &[append("a", "w"), append("b", "z")], "a:\n  - x # c\n  - w\nb:\n  - z\n");
    check(
        "a:\n- x\nb:\n",
        &[append("b", map([("k", 1.into()), ("l", Value::seq(["m"]))]))],
        "a:\n- x\nb:\n- k: 1\n  l:\n  - m\n",
    );
    check(
        "a:\n  # first\n  - x\n  # second\n  - y\n",
        &[item("a", 1, "k")],
        "a:\n  # first\n  - x\n  - k\n  # second\n  - y\n",
    );
    check("a:\n  - x\n", &[item("a", 0, "k")], "a:\n  - k\n  - x\n");
    check("- - a\n  - b\n", &[item("[0]", 0, "k"), append("[0]", "z")], "- - k\n  - a\n  - b\n  - z\n");
}

#[test]
fn remove_takes_what_belongs_to_the_entry() {
    check("a: 1\n# about b\nb: 2 # b too\nc: 3\n", &[remove("b")], "a: 1\nc: 3\n");
    check("a: 1\n# section\n\n# about b\nb: 2\n", &[remove("b")], "a: 1\n# section\n");
    check("# file\na: 1\nb: 2\n", &[remove("a")], "# file\nb: 2\n");
    check("a: 1\n\nb:\n  x: 1\n\nc: 3\n", &[remove("b")], "a: 1\n\nc: 3\n");
    check("a: 1\n\nb: 2\n", &[remove("b")], "a: 1\n");
    check("a: 1\nb: 2", &[remove("b")], "a: 1");
    check("a:\n  b: 1\nc: 2\n", &[remove("a.b")], "a: {}\nc: 2\n");
    check("a: # why\n  - b\nc: 2\n", &[remove("a[0]")], "a: [] # why\nc: 2\n");
    check("- name: a\n  x: 1\n  y: 2\n", &[remove("[0].name")], "- x: 1\n  y: 2\n");
    check("- name: a\n- name: b\n", &[remove("[0].name"), remove("[1]")], "- {}\n");
    check("- - a\n  - b\n", &[remove("[0][0]")], "- - b\n");
    check("a:\n  - x\n  - y # c\n  - z\n", &[remove("a[1]")], "a:\n  - x\n  - z\n");
    check("a: |+\n  x\n\nb: 1\n\nc: 2\n", &[remove("b")], "a: |+\n  x\n\nc: 2\n");
    assert!(matches!(refused("a: 1\n", remove("")), PatchError::WrongKind { .. }));
    assert!(matches!(refused("a: 1\n", remove("b")), PatchError::NoSuchPlace(_)));
}

#[test]
fn moved_entries_keep_their_formatting() {
    let config = "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n    # why\n    telemetry:   # odd\n        level:  'x'   # two\n\n        text: |\n          a\n            b\nend: 1\n";
    let wanted = "service:\n  pipelines:\n    traces:\n      receivers: [otlp]\n  # why\n  telemetry:   # odd\n      level:  'x'   # two\n\n      text: |\n        a\n          b\nend: 1\n";
    check(config, &[shift("service.pipelines.telemetry", "service", None)], wanted);
    check("a:\n  b: 1\n  c: 2\nd:\n", &[shift("a.c", "d", None)], "a:\n  b: 1\nd:\n  c: 2\n");
    check("a:\n  b: 1\nd:\n  e: 1\n", &[shift("a.b", "d", Some("e"))], "a: {}\nd:\n  e: 1\n  b: 1\n");
    check("a: 1\nb: 2\nc: 3\n", &[shift("a", "", Some("b"))], "b: 2\na: 1\nc: 3\n");
    check(
        "exporters:\n  otlp:\n  endpoint: x\n",
        &[shift("exporters.endpoint", "exporters.otlp", None)],
        "exporters:\n  otlp:\n    endpoint: x\n",
    );
    assert!(matches!(refused("a:\n  b:\n    c: 1\n", shift("a", "a.b", None)), PatchError::Unsupported { .. }));
}

fn splice(input: &str, path: &str, find: &str, text: &str) -> Op {
    let stream = parse(input);
    let route = route(path);
    let old = stream.resolve(&route).and_then(|node| node.as_str()).expect("a scalar");
    let start = old.find(find).expect("the part");
    Op::Splice { route, range: start..start + find.len(), text: text.into() }
}

#[test]
fn splice_edits_within_scalars() {
    for (input, find, text, wanted) in [
        ("q: sum(a)\n", "a", "b", "q: sum(b)\n"),
        ("q: sum(a)\n", "sum(a)", "# x", "q: \"# x\"\n"),
        ("q: 'it''s a' # c\n", "a", "b'c", "q: 'it''s b''c' # c\n"),
        ("q: \"x\\n\\\"a\\\"\"\n", "\"a\"", "\"b\"", "q: \"x\\n\\\"b\\\"\"\n"),
        (
            "q: |\n  # note\n  sum(a)   \n  / b\nr: 1\n",
            "a",
            "a{\n  x=\"y\"\n}",
            "q: |\n  # note\n  sum(a{\n    x=\"y\"\n  })   \n  / b\nr: 1\n",
        ),
        ("q: |-\n  a\n   \n  b", "b", "c\nd", "q: |-\n  a\n   \n  c\n  d"),
        ("q: >-\n  sum(a)\n  / b\nr: 1\n", "a", "c", "q: >-\n  sum(c)\n  / b\nr: 1\n"),
        ("q: >-\n  sum(a)\n  / b\nr: 1\n", ") / b", ")\n/ c", "q: |-\n  sum(a)\n  / c\nr: 1\n"),
        ("q: sum(a)\n  / b\nr: 1\n", "b", "c", "q: sum(a)\n  / c\nr: 1\n"),
        ("q: 'sum(a)\n\n  / b'\nr: 1\n", "b", "c", "q: 'sum(a)\n\n  / c'\nr: 1\n"),
        ("q: |\n  a\n", "a\n", "b", "q: |-\n  b\n"),
        ("q: |2\n    a\n  b\n", "  a", "c", "q: |2\n  c\n  b\n"),
    ] {
        check(input, &[splice(input, "q", find, text)], wanted);
    }
}

const CONFIG_MAP: &str = "kind: ConfigMap\ndata:\n  config.yaml: |\n    receivers:\n\n    exporters:\n      debug: {}\n    service:\n      pipelines:\n        traces:\n          exporters: [debug]\n          \n  other: x\n";

#[test]
fn edits_reach_into_block_scalars() {
    let otlp = map([("protocols", map([("grpc", map([("endpoint", "0.0.0.0:4317".into())]))]))]);
    let wanted = "kind: ConfigMap\ndata:\n  config.yaml: |\n    receivers:\n      otlp:\n        protocols:\n          grpc:\n            endpoint: 0.0.0.0:4317\n\n    exporters:\n      debug: {}\n    service:\n      pipelines:\n        traces:\n          exporters: [debug]\n          receivers: [otlp]\n          \n    extensions: null\n  other: x\n";
    // The blank line at the end belongs to the string, so what is added to the root comes before it.
    let wanted = wanted.replace("          \n    extensions: null\n", "          \n");
    let ops = [
        insert("data[config.yaml].receivers", "otlp", otlp),
        insert("data[config.yaml].service.pipelines.traces", "receivers", Value::seq(["x"])),
    ];
    // As the list beside it.
    let wanted = wanted.replace("receivers: [otlp]", "receivers: [x]");
    check(CONFIG_MAP, &ops, &wanted);
    let root = insert("data[config.yaml]", "extensions", Value::Null);
    check(
        CONFIG_MAP,
        &[root],
        &CONFIG_MAP.replace("exporters: [debug]\n", "exporters: [debug]\n    extensions: null\n"),
    );
    check(
        CONFIG_MAP,
        &[remove("data[config.yaml].exporters.debug")],
        &CONFIG_MAP.replace("exporters:\n      debug: {}", "exporters: {}"),
    );
}

#[test]
fn edits_reach_into_strings_with_escapes() {
    let json = "{\"data\": {\"c.yaml\": \"receivers:\\n  otlp:\\n\\nservice: {}\\n\"}}\n";
    let wanted =
        "{\"data\": {\"c.yaml\": \"receivers:\\n  otlp:\\n    protocols: \\\"a\\\\n\\\"\\n\\nservice: {}\\n\"}}\n";
    check(
        json,
        &[insert("data[c.yaml].receivers.otlp", "protocols", "a\n")],
        wanted.replace("protocols: \\\"a\\\\n\\\"", "protocols: |\\n      a").as_str(),
    );
    let nested = "a: |\n  b: |\n    c: |\n      d: 1\n  e: 2\n";
    check(
        nested,
        &[set("a.b.c.d", 3), insert("a.b.c", "f", "x")],
        "a: |\n  b: |\n    c: |\n      d: 3\n      f: x\n  e: 2\n",
    );
    check("a: 'b: it''s'\n", &[set("a.b", "o'k")], "a: 'b: o''k'\n");
}

#[test]
fn shared_places_are_not_edited() {
    let shared = "base: &b\n  x: 1\none: *b\ntwo:\n  <<: *b\n  y: 2\n";
    assert!(matches!(refused(shared, set("one.x", 2)), PatchError::Shared(_)));
    assert!(matches!(refused(shared, set("two.x", 2)), PatchError::Shared(_)));
    assert!(matches!(refused(shared, insert("one", "z", 2)), PatchError::Shared(_)));
    assert!(matches!(refused(shared, set("base.x", 2)), PatchError::WouldDiffer { .. }));
    check(shared, &[set("one", 5)], "base: &b\n  x: 1\none: 5\ntwo:\n  <<: *b\n  y: 2\n");
    check(
        shared,
        &[set("two.y", 5), insert("two", "x", 7)],
        "base: &b\n  x: 1\none: *b\ntwo:\n  <<: *b\n  y: 5\n  x: 7\n",
    );
}

#[test]
fn faulty_documents_are_not_edited_but_others_are() {
    assert!(matches!(refused("a: [1\n", set("a", 2)), PatchError::Broken(_)));
    assert!(matches!(refused("a: 1\na: 2\n", set("a", 3)), PatchError::Ambiguous(_)));
    let op = Op::Set { route: Route::root(1).key("b"), value: 2.into() };
    check("a: [1\n---\nb: 1\n", &[op], "a: [1\n---\nb: 2\n");
    check("a: 1\na: 2\nb: 1\n", &[set("b", 2)], "a: 1\na: 2\nb: 2\n");
}

#[test]
fn a_byte_order_mark_stays() {
    check("\u{feff}a: 1\nb:\n  c: 1\n", &[insert("", "d", 2), set("a", 3)], "\u{feff}a: 3\nb:\n  c: 1\nd: 2\n");
    check("\u{feff}- a\n- b\n", &[append("", "c"), remove("[0]")], "\u{feff}- b\n- c\n");
}
