//! The quick reader and the parser, side by side: where the quick one answers at all, both build the same tree.
#![cfg(test)]
#![allow(clippy::expect_used, clippy::panic, reason = "a test may end at the first surprise")]

#[path = "../../tests/generate/mod.rs"]
#[allow(dead_code, unreachable_pub, reason = "the integration tests use the rest")]
mod generate;

use super::{parsed, quick};
use generate::{document, layout, write};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Whether the quick reader answered; panics where the two differ.
fn compare(text: &str) -> bool {
    let Some(quick) = quick::read(text) else { return false };
    let parsed = parsed(text);
    let show = |(tree, faults): &(crate::tree::Tree, Vec<crate::Fault>)| {
        let lines = tree.nodes.iter().map(|node| format!("{node:?}\n")).collect::<String>();
        format!(
            "{lines}{:?}\n{:?}\n{:?}\n{:?}\n{}\n{faults:?}",
            tree.children,
            tree.decoded,
            tree.roots,
            tree.comments,
            tree.embedded.len()
        )
    };
    let (quick, parsed) = (show(&quick), show(&parsed));
    if quick != parsed {
        let differs = quick.lines().zip(parsed.lines()).find(|(quick, parsed)| quick != parsed);
        panic!("{text:?}\nquick and parsed: {differs:#?}");
    }
    true
}

fn manifests(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            manifests(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            found.push(path);
        }
    }
}

/// Every manifest of this repository.
fn texts() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["manifests", "appset", "crates", "xtask"] {
        manifests(&root.join(folder), &mut found);
    }
    found.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

#[test]
fn manifests_are_read_quickly_and_alike() {
    let texts = texts();
    let quick = texts.iter().filter(|text| compare(text)).count();
    assert!(texts.len() > 50, "{} files", texts.len());
    assert!(quick * 10 > texts.len() * 8, "{quick} of {} files were read quickly", texts.len());
}

#[test]
fn rare_forms_are_read_alike() {
    let quick = [
        "",
        "# only\n",
        "a:\nb: 1\n",
        "a: b # c\n",
        "a: 'it''s'\nb: \"x\\ty\"\n",
        "- a\n-\n- - b\n  - c\n-\n  d: e\n",
        "a:\n- b\n- c\nd:\n  - e\n",
        "a: |\n  b\n\n   c\n\n\nd: >-\n  e\n  f\n\n  g\n   h\n  i\n",
        "a: |+\n\n  b\n \n\nc: >\n  d",
        "a: |\n  b",
        "a: one\n  two\n\n  three # end\nb: c\n",
        "{\"a\":[1,-2,\"b\\\\\",{}],\n\"c\":null}\n",
        "a: [b, 'c', {d: e},\n]\n",
        "---\na: 1\n---\n# none\n---\n- b\n...\n---\nc: d\n",
        "---\n",
        "---\n---\n",
        "# one\n---\n# two\na: b # three\n# four\n",
        "a:\n  # why\n  b: c\n # here\nd:   # there\n  e: f\n",
        "a: 1\na: 2\n",
        "url: http://x:1/#y\ntime: 10:30\n- : x\n".trim_end_matches("- : x\n"),
        "\"a b\": c\n'd': e\n",
        "a: ~\nb: null\nc: é ü\n",
    ];
    for text in quick {
        assert!(compare(text), "left to the parser: {text:?}");
    }
    let left = [
        "a: &b c\n",
        "a: *b\n",
        "!t a: b\n",
        "? a\n: b\n",
        "a: b: c\n",
        "a:\n    b: c\n  d: e\n",
        "a: b\n c: d\n",
        "a: 'b\n  c'\n",
        "a:\tb\n",
        "a: [b\n",
        "a\n",
        "%YAML 1.2\n---\na: b\n",
        "a: |2\n   b\n",
        "<<: {a: b}\n",
        "a: \u{feff}b\n",
        "a: b\r\n",
        "a: \"\\u00e9\"\n",
        "a: [b: c]\n",
        "{a, b}\n",
        "a: # b\n  - c\n d: e\n",
        "a: b\n- c\n",
        "a:\n  - b\n  c: d\n",
    ];
    for text in left {
        assert!(!compare(text), "read quickly: {text:?}");
    }
}

/// Pieces that YAML is made of: more of what the quick reader knows than of what it leaves alone.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        20 => prop::sample::select(vec![
            "a", "b: ", "c:", "- ", "-", ": ", ":", "\n", "\n", "\n  ", "\n  ", "\n    ", "\n- ", "\n  - ", " ", "  ", " # d", "#", "\n# e\n", "|\n",
            ">\n", "|-\n  ", ">+\n    ", "'", "\"", "''", "\\n", "\\\\", "[", "]", "{", "}", ", ", ",", "~", "key: value\n", "list:\n",
            "text: |\n  one\n   two\n\n", "x: >-\n  one\n  two\n\n  three\n", "é", "---\n", "\n---\n", "...\n", "1.5", "\"q\": ", "'q': ", "\"q\":1",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "\t", "\r\n", "&a ", "*a", "!!str ", "<<: ", "%YAML 1.2\n", "? ", "😀", "\u{feff}", "\0", "\u{85}", "\u{a0}", "\r", "@", "`", "|2+\n",
            "\\u00e9",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A change that a slip of the hand makes: a piece put in, taken out, moved or written twice.
fn slipped(text: &str, at: usize, len: usize, piece: &str, kind: u8) -> String {
    let boundary = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = boundary(at % (text.len() + 1));
    let end = boundary(start + len).max(start);
    let (head, tail) = (&text[..start], &text[end..]);
    match kind % 4 {
        0 => format!("{head}{piece}{}", &text[start..]),
        1 => format!("{head}{tail}"),
        2 => format!("{head}{piece}{tail}"),
        _ => format!("{}{}", &text[..end], &text[start..]),
    }
}

fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases * 8, failure_persistence: None, max_shrink_iters: 4096, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_text_is_read_alike(text in soup()) {
        compare(&text);
    }

    #[test]
    fn documents_are_read_alike(value in document(), layout in layout(), slips in slips()) {
        let mut text = write(&value, &layout);
        compare(&text);
        for (at, len, piece, kind) in slips {
            text = slipped(&text, at, len, piece, kind);
            compare(&text);
        }
    }

    #[test]
    fn mutated_manifests_are_read_alike(pick in any::<prop::sample::Index>(), slips in slips()) {
        static TEXTS: std::sync::OnceLock<Vec<String>> = std::sync::OnceLock::new();
        let mut text = pick.get(TEXTS.get_or_init(texts)).clone();
        for (at, len, piece, kind) in slips {
            text = slipped(&text, at, len, piece, kind);
            compare(&text);
        }
    }
}

fn slips() -> impl Strategy<Value = Vec<(usize, usize, &'static str, u8)>> {
    let piece = prop::sample::select(vec![
        "", " ", "  ", "\n", "\n\n", "- ", ": ", ":", "#", " # x", "'", "\"", "[", "]", "{", "}", ",", "|\n", ">",
        "\n---\n", "a", "\t", "é", "\\", "-", "&a ", "*a ", "\n  ",
    ]);
    proptest::collection::vec((any::<usize>(), prop_oneof![3 => 0..4usize, 1 => 0..40usize], piece, any::<u8>()), 1..6)
}
