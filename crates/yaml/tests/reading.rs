//! What is understood of a text, where it lies, and what is wrong with it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test may end at the first surprise")]

use hyperspace_yaml::{FaultKind, Kind, Node, Route, ScalarStyle, ScalarType, Step, Stream, Value, parse};
use std::fmt::Write as _;

fn json(text: &str) -> Vec<String> {
    parse(text).documents().map(|root| root.to_value().canonical()).collect()
}

#[test]
fn documents_say_what_the_yaml_test_suite_says() {
    for (text, wanted) in [
        // Numbers in comments are the suite's case names.
        ("- Mark McGwire\n- Sammy Sosa\n", r#"["Mark McGwire","Sammy Sosa"]"#), // FQ7F
        (
            "american:\n- Boston\n- Detroit\nnational:\n  - New York\n",
            r#"{"american":["Boston","Detroit"],"national":["New York"]}"#,
        ), // PBJ2
        ("-\n  name: a\n  hr: 65\n-\n  name: b\n", r#"[{"hr":65,"name":"a"},{"name":"b"}]"#), // 229Q
        ("- [name, hr]\n- [a, 65]\n", r#"[["name","hr"],["a",65]]"#),           // YD5X
        ("Mark: {hr: 65, avg: 0.278}\n", r#"{"Mark":{"avg":0.278,"hr":65}}"#),  // ZF4X
        ("- &SS Sammy\n- *SS\n", r#"["Sammy","Sammy"]"#),                       // 7BUB
        ("--- |\n  \\//||\\/||\n  // ||  ||__\n", r#""\\//||\\/||\n// ||  ||__\n""#), // 6JQW
        ("--- >\n  Mark's\n  year was\n  crippled\n", r#""Mark's year was crippled\n""#), // 96L6
        (">\n Sammy\n\n   63 Home\n   0.288\n\n What\n", r#""Sammy\n\n  63 Home\n  0.288\n\nWhat\n""#), // 6VJK
        ("a: 'Say \"x\" #2'\nb: \"\\u263A\"\nc: ' #not'\n", r##"{"a":"Say \"x\" #2","b":"☺","c":" #not"}"##), // G4RS
        (
            "plain:\n  This spans\n  many lines.\n\nquoted: \"So does\n  this.\\n\"\n",
            r#"{"plain":"This spans many lines.","quoted":"So does this.\n"}"#,
        ), // 4CQQ
        ("a: \"1st\n\n  2nd \\\n  3rd\"\nb: '\n  x\n\n  y '\n", r#"{"a":"1st\n2nd 3rd","b":" x\ny "}"#),
        ("strip: |-\n  t\n\nclip: |\n  t\n\nkeep: |+\n  t\n\n", r#"{"clip":"t\n","keep":"t\n\n","strip":"t"}"#), // A6F9
        ("- |1\n  a\n b\n- >2-\n  c\n", r#"[" a\nb\n","c"]"#),
        ("{a: [b, {c: d}], e: }\n", r#"{"a":["b",{"c":"d"}],"e":null}"#),
        ("? a\n: b\n? c\n", r#"{"a":"b","c":null}"#),
        ("a: !!str 5\nb: !!int \"5\"\nc: ! 5\nd: !x 5\ne: !!str\n", r#"{"a":"5","b":5,"c":"5","d":"5","e":""}"#),
        ("x: &d {a: 1, b: 2}\ny:\n  <<: *d\n  b: 3\n", r#"{"x":{"a":1,"b":2},"y":{"a":1,"b":3}}"#),
        (
            "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n",
            r#"{"a":{"x":1},"b":{"x":2,"y":2},"c":{"x":1,"y":2,"z":3}}"#,
        ),
        ("%YAML 1.2\n---\na: 1\n...\n", r#"{"a":1}"#),
        ("a: b # c\n# d\n#e\nf: g#h\n", r##"{"a":"b","f":"g#h"}"##),
        ("url: http://a:1/b?c#d\nt: 12:30\n", r#"{"t":"12:30","url":"http://a:1/b?c#d"}"#),
        ("\u{feff}a: b\r\nc: |\r\n  x\r\n  y\r\n", r#"{"a":"b","c":"x\ny\n"}"#),
        (
            "{\"a\\n\": \"\\u00e9\\t\\\"\", \"b\": [1.0e2, -3, true, null]}",
            r#"{"a\n":"é\t\"","b":[100.0,-3,true,null]}"#,
        ),
    ] {
        let stream = parse(text);
        assert!(stream.faults().is_empty(), "{text}\n{:?}", stream.faults());
        assert_eq!(json(text), [wanted], "{text}");
    }
    assert_eq!(json("a\n---\n---\n# c\n--- b\n...\n"), ["\"a\"", "null", "null", "\"b\""]);
    assert_eq!(json("# only\n").len() + json("").len() + json("\n\n").len() + json("\u{feff}").len(), 0);
}

#[test]
fn scalars_have_the_types_of_go_yaml() {
    use ScalarType::{Bool, Float, Int, Null, Str};
    for (text, wanted) in [
        ("8080", Int),
        ("-1", Int),
        ("+5", Int),
        ("0x1F", Int),
        ("0o17", Int),
        ("0777", Int),
        ("0b101", Int),
        ("1_000", Int),
        ("08", Float),
        ("1.5", Float),
        (".5", Float),
        ("5.", Float),
        ("1e3", Float),
        (".inf", Float),
        ("-.INF", Float),
        (".nan", Float),
        ("18446744073709551615", Float),
        ("true", Bool),
        ("FALSE", Bool),
        ("null", Null),
        ("~", Null),
        ("", Null),
        ("yes", Str),
        ("off", Str),
        ("tRUE", Str),
        ("0x", Str),
        ("1.2.3", Str),
        ("1e400", Str),
        ("2001-12-14", Str),
        ("1:30", Str),
        ("._5", Str),
        ("\"5\"", Str),
        ("'true'", Str),
        ("!!str 5", Str),
        ("!!int \"5\"", Int),
        ("inf", Str),
        ("-", Str),
    ] {
        let stream = parse(format!("k: {text}\n"));
        let node = stream.document(0).and_then(|root| root.get("k")).expect("k");
        assert_eq!(node.scalar_type(), if text == "-" { Null } else { wanted }, "{text}");
    }
    let stream = parse("a: yes\nb: 0o17\nc: 1_5.5\nd: 017\ne: \"on\"\nf: 1\ng: -9223372036854775808\n");
    let root = stream.document(0).expect("a document");
    let get = |key| root.get(key).expect("the key");
    assert_eq!((get("a").as_bool(), get("e").as_bool(), get("f").as_bool()), (Some(true), Some(true), None));
    assert_eq!((get("b").as_i64(), get("d").as_i64(), get("c").as_f64()), (Some(15), Some(15), Some(15.5)));
    assert_eq!((get("f").as_f64(), get("g").as_i64(), get("f").string()), (Some(1.0), Some(i64::MIN), None));
    assert_eq!((get("f").as_str(), get("a").string()), (Some("1"), Some("yes")));
}

/// The text of what a route points at, and of its entry.
fn spans<'a>(stream: &'a Stream, keys: &[&str]) -> (&'a str, &'a str) {
    let node = stream.document(0).and_then(|root| root.at(keys)).expect("the node");
    (&stream.text()[node.span()], &stream.text()[node.entry_span()])
}

#[test]
fn spans_cover_values_and_entries() {
    let text = "a: 'x' # c\nb:\nc : ~\nd:\n  - e: f\n  -\n  - [g]\nh: |-\n  i\n  j\n\nk: {l: m, n: }\no: \"p\n  q\"\n";
    let stream = parse(text);
    assert_eq!(spans(&stream, &["a"]), ("'x'", "a: 'x'"));
    assert_eq!(spans(&stream, &["b"]), ("", "b:"));
    assert_eq!(spans(&stream, &["c"]), ("~", "c : ~"));
    assert_eq!(spans(&stream, &["d"]), ("- e: f\n  -\n  - [g]", "d"));
    assert_eq!(spans(&stream, &["h"]), ("|-\n  i\n  j", "h: |-"));
    assert_eq!(spans(&stream, &["k"]), ("{l: m, n: }", "k: {l: m, n: }"));
    assert_eq!(spans(&stream, &["k", "n"]), ("", "n:"));
    assert_eq!(spans(&stream, &["o"]), ("\"p\n  q\"", "o: \"p"));
    let d = stream.document(0).and_then(|root| root.get("d")).expect("d");
    let items: Vec<_> = d.items().map(|item| &text[item.entry_span()]).collect();
    assert_eq!(items, ["e: f", "", "[g]"]);
    let null = d.item(1).expect("the null");
    assert_eq!(&text[..null.span().start], &text[..text.find("-\n").expect("the dash") + 1]);
}

#[test]
fn positions_count_characters_and_all_line_ends() {
    let stream = parse("\u{feff}é: 1\r\nß😀: x\ry: z\n");
    let at = |needle: &str| {
        let position = stream.position(stream.text().find(needle).expect("the text"));
        (position.line, position.column)
    };
    assert_eq!((at("é"), at("1"), at("😀"), at("x"), at("y")), ((1, 1), (1, 4), (2, 2), (2, 5), (3, 1)));
    let end = stream.position(usize::MAX);
    assert_eq!((end.line, end.column), (4, 1));
}

#[test]
fn routes_lead_to_nodes_and_back() {
    let text = "a:\n  - b: 1\n    c.d: [x, {e: 2}]\n---\n- 3\n";
    let stream = parse(text);
    let route = Route::root(0).key("a").index(0).key("c.d").index(1).key("e");
    let node = stream.resolve(&route).expect("the node");
    assert_eq!(
        (node.as_i64(), node.route(), route.to_string()),
        (Some(2), route.clone(), "a[0][\"c.d\"][1].e".to_owned())
    );
    assert_eq!(stream.resolve(&Route::root(1).index(0)).and_then(|node| node.as_i64()), Some(3));
    assert_eq!(stream.resolve(&Route::root(1).index(1)).map(|node| node.kind()), None);
    assert!(route.starts_with(&Route::root(0).key("a")) && !route.starts_with(&Route::root(1)));
    assert_eq!(
        (route.last(), route.parent().and_then(|route| route.parent())),
        (Some(&Step::from("e")), Some(Route::root(0).key("a").index(0).key("c.d")))
    );
}

/// The innermost text behind keys, through strings, and every character found again in the file.
fn innermost<'a>(stream: &'a Stream, keys: &[&str]) -> Node<'a> {
    let node = stream.resolve(&Route::root(0).keys(keys)).expect("the node");
    assert_eq!(node.route(), Route::root(0).keys(keys));
    let text = node.as_str().expect("a scalar");
    for (i, c) in text.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()) {
        assert!(stream.text()[node.outer_offset(i)..].starts_with(c), "{c} of {text:?}");
    }
    node
}

#[test]
fn strings_open_as_streams_at_any_depth() {
    let plain = parse("data:\n  c.yaml: |\n\n    a:\n      b: |-\n        c: 'd''e'\n    z: 1\n");
    let node = innermost(&plain, &["data", "c.yaml", "a", "b", "c"]);
    assert_eq!((node.as_str(), &plain.text()[node.span()]), (Some("d'e"), "'d''e'"));
    assert_eq!(&plain.text()[node.entry_span()], "c: 'd''e'");
    let json = parse(r#"{"data": {"c.yaml": "a:\n  b: |-\n    c: \"d\\u00e9\"\n  e: [1, 2]\n"}}"#);
    let node = innermost(&json, &["data", "c.yaml", "a", "b", "c"]);
    assert_eq!((node.as_str(), &json.text()[node.span()]), (Some("dé"), r#"\"d\\u00e9\""#));
    let e = json.resolve(&Route::root(0).keys(["data", "c.yaml", "a", "e"])).expect("e");
    assert_eq!(&json.text()[e.entry_span()], "e: [1, 2]");
    let folded = parse("c: >\n  a: \"x\n\n\n  y\"\n\n  b: z\n");
    let node = innermost(&folded, &["c", "b"]);
    assert_eq!((folded.position(node.span().start).line, &folded.text()[node.span()]), (7, "z"));
    let indented = parse("c: |2\n    a: b\n   \n    c: d\n");
    assert_eq!(&indented.text()[innermost(&indented, &["c", "c"]).span()], "d");
    let crlf = parse("c: |\r\n  a: b\r\n\r\n  d:\r\n");
    let d = crlf.resolve(&Route::root(0).keys(["c", "d"])).expect("d");
    assert_eq!((&crlf.text()[d.entry_span()], crlf.position(d.span().start).line), ("d:", 4));
    let stream = parse("c: |\n  a: 1\n  ---\n  b: 2\n");
    let inner = stream.document(0).and_then(|root| root.get("c")).and_then(|node| node.embedded()).expect("a stream");
    let b = inner.document(1).and_then(|root| root.get("b")).expect("b");
    assert_eq!((stream.resolve(&b.route()).map(|node| node.span()), &stream.text()[b.span()]), (Some(b.span()), "2"));
    let prose = parse("c: |\n  just text\nd: \"5\"\ne: 'x'\n");
    assert!(prose.document(0).expect("a document").entries().all(|(_, node)| node.embedded().is_none()));
}

#[test]
fn comments_are_found_inside_and_outside_strings() {
    let text = "# a\nb: 1 # c\nd: |\n  e: 1 # f\n";
    let stream = parse(text);
    let comments: Vec<_> = stream.comments().iter().map(|comment| comment.text.as_str()).collect();
    assert_eq!(comments, [" a", " c"]);
    let inner = stream.document(0).and_then(|root| root.get("d")).and_then(|node| node.embedded()).expect("a stream");
    assert_eq!(
        (&text[inner.comments()[0].span.clone()], stream.position(inner.comments()[0].span.start).line),
        ("# f", 4)
    );
}

#[track_caller]
fn fault(text: &str, kind: FaultKind, at: &str, document: usize) {
    let stream = parse(text);
    let fault = stream.faults().first().unwrap_or_else(|| panic!("no fault in {text:?}"));
    assert_eq!((&fault.kind, fault.document), (&kind, document), "{text:?}: {fault:?}");
    assert!(stream.text()[fault.span.start..].starts_with(at), "{text:?}: {fault:?}");
    assert!(!fault.message.is_empty());
}

#[test]
fn faults_have_their_place() {
    use FaultKind::{CyclicAlias, Refused, Syntax, UnknownAlias};
    fault("a: [b\n", Syntax, "[b", 0);
    fault("a: \"b\nc: d\n", Syntax, "\"b", 0);
    fault("a: b\n c: d\n", Syntax, ": d", 0);
    fault("a: \"\\q\"\n", Syntax, "\\q", 0);
    fault("a: \"b \\n \\x4 \"\n", Syntax, "\\x4", 0);
    fault("a: \"b \\\\ \\ud83d \"\n", Syntax, "\\ud83d", 0);
    fault("a: 1\n---\nb: @x\n", Syntax, "@x", 1);
    fault("a: b\n\u{0}", Syntax, "\u{0}", 0);
    fault("a: 1\n---\nb: \u{1b}\n", Syntax, "\u{1b}", 1);
    fault("a: *b\n", UnknownAlias, "*b", 0);
    fault("a: &a [*a]\n", CyclicAlias, "*a", 0);
    fault("a:\n\tb: 1\n", Syntax, "\t", 0);
    fault("\ta: 1\n", Refused, "\t", 0);
    fault("-\ta\n", Refused, "\t", 0);
    fault(": a\n", Refused, ":", 0);
    fault("? [a]\n: b\n", Refused, "[a]", 0);
    fault("a: 1\n...\nb: 1\n", Refused, "b: 1", 1);
    fault("<<: 1\n", Refused, "<<", 0);
    fault("a: &b.c 1\n", Refused, "&b.c", 0);
    fault("a: \"b\\/c\"\n", Refused, "\\/", 0);
    fault("a: 1\nb: 2\n\"a\": 3\n", FaultKind::DuplicateKey { first: 0..1 }, "\"a\"", 0);
    for fine in ["a:\tb\n", "a: |\n  \tb\n", "{\n\t\"a\":\t1\n}\n", "a: \"b\n\tc\"\n", "{\"a\": \"b\\/c\"}\n"] {
        assert!(parse(fine).faults().is_empty(), "{fine:?}: {:?}", parse(fine).faults());
    }
}

#[test]
fn a_faulty_document_leaves_the_others_alone() {
    let stream = parse("a: 1\n---\nkind: X\nb: [\n---\nc: 3\n");
    assert_eq!(
        stream.documents().map(|root| root.to_value().canonical()).collect::<Vec<_>>(),
        ["{\"a\":1}", "{\"b\":[],\"kind\":\"X\"}", "{\"c\":3}"]
    );
    assert_eq!((0..3).map(|i| stream.is_whole(i)).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(stream.faults().len(), 1);
    let inner = parse("c: |\n  a: 1\n  b: [\nd: 2\n");
    assert!(inner.faults().is_empty());
    let embedded = inner.document(0).and_then(|root| root.get("c")).and_then(|node| node.embedded()).expect("a stream");
    assert_eq!(inner.position(embedded.faults()[0].span.start).line, 3);
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let stream = parse("a: 1\na: 2\n");
    let root = stream.document(0).expect("a document");
    assert_eq!(
        (root.get("a").and_then(|node| node.as_i64()), root.len(), root.to_value()),
        (Some(2), 2, Value::map([("a", Value::Int(2))]))
    );
    let many: String = (0..100).map(|i| format!("k{}: 1\n", i % 99)).collect();
    assert_eq!(parse(many).faults().len(), 1);
}

#[test]
fn aliases_and_merges_lead_to_their_targets() {
    let stream = parse("a: &x\n  b: 1\nc: *x\nd:\n  <<: *x\n  e: 2\n");
    let root = stream.document(0).expect("a document");
    let c = root.get("c").expect("c");
    assert_eq!(
        (c.kind(), c.is_aliased(), &stream.text()[c.span()], c.route().to_string()),
        (Kind::Mapping, true, "*x", "c".to_owned())
    );
    let b = c.get("b").expect("b");
    assert_eq!((b.is_aliased(), b.route().to_string()), (true, "a.b".to_owned()));
    let d = root.get("d").expect("d");
    assert_eq!(
        d.entries().map(|(key, node)| (key, node.is_aliased())).collect::<Vec<_>>(),
        [("e", false), ("b", true)]
    );
    assert!(d.get("<<").is_none());
}

#[test]
fn bombs_and_depth_are_faults() {
    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        let _ = writeln!(laughs, "a{i}: &a{i} [{}]", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    let stream = parse(laughs);
    assert_eq!(stream.faults().iter().map(|fault| &fault.kind).collect::<Vec<_>>(), [&FaultKind::AliasBomb]);
    assert!(stream.document(0).expect("a document").to_value().canonical().len() < 4000);
    let mut merges = String::from("m0: &m0 {a: 1}\n");
    for i in 1..40 {
        let _ = writeln!(merges, "m{i}: &m{i} {{<<: [*m{}, *m{}], k{i}: 1}}", i - 1, i - 1);
    }
    let stream = parse(merges);
    assert!(stream.document(0).and_then(|root| root.get("m39")).is_some_and(|node| node.len() <= 40));
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000), "? ".repeat(100_000)] {
        let stream = parse(text.as_str());
        assert!(stream.faults().iter().any(|fault| fault.kind == FaultKind::TooDeep), "{:?}", stream.faults());
        let _ = stream.document(0).map(|root| root.to_value());
    }
    let deep: String = (0..600).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert_eq!(parse(deep).faults()[0].kind, FaultKind::TooDeep);
    // Enough values of its own that the share of aliases is allowed.
    let chain: String = (1..600).map(|i| format!("a{i}: &a{i} [*a{}]\n", i - 1)).collect();
    let own = "x, ".repeat(3000);
    assert_eq!(parse(format!("own: [{own}]\na0: &a0 [x]\n{chain}")).faults()[0].kind, FaultKind::TooDeep);
}

#[test]
fn strings_in_strings_end() {
    let mut text = String::from("a: b\n");
    for _ in 0..20 {
        text = format!("a: |\n{}", text.lines().map(|line| format!("  {line}\n")).collect::<String>());
    }
    let stream = parse(text);
    let mut node = stream.document(0).and_then(|root| root.get("a"));
    let mut depth = 0;
    while let Some(inner) = node.and_then(|node| node.embedded()) {
        node = inner.document(0).and_then(|root| root.get("a"));
        depth += 1;
    }
    assert_eq!(depth, 8);
}

#[test]
fn handles_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Stream>();
    shared::<Node<'_>>();
    assert_eq!(
        parse("a: 'b'").document(0).and_then(|root| root.get("a")).map(|node| node.style()),
        Some(ScalarStyle::Single)
    );
}
