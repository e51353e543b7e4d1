//! Unified diffs of what the fixes changed.

use crate::visible::visible;
use annotate_snippets::renderer::{AnsiColor, Style};
use rules::Changed;
use similar::TextDiff;
use std::fmt::Write as _;

/// The changes as one patch that `git apply` and `patch -p1` take. `colour` is for terminals: it colours the lines and
/// spells control characters out, so that the text is for reading only.
pub fn diff(changed: &[Changed], colour: bool) -> String {
    changed.iter().map(|file| unified(&file.path, &file.before, &file.after, colour)).collect()
}

/// One file's part of [`diff`]; empty where nothing differs.
pub fn unified(path: &str, before: &str, after: &str, colour: bool) -> String {
    let diff = TextDiff::from_lines(before, after);
    let text = diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string();
    if colour { coloured(&text) } else { text }
}

fn coloured(text: &str) -> String {
    let (bold, hunk) = (Style::new().bold(), AnsiColor::Cyan.on_default());
    let (added, removed) = (AnsiColor::Green.on_default(), AnsiColor::Red.on_default());
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => bold,
            [b'@', b'@', ..] => hunk,
            [b'+', ..] => added,
            [b'-', ..] => removed,
            _ => Style::new(),
        };
        // Writing to a String cannot fail.
        let _ = writeln!(out, "{style}{}{style:#}", visible(line));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn a_patch_keeps_line_ends_and_says_where_the_last_one_lacks() {
        insta::assert_snapshot!(unified("otel/a.yaml", "a: 1\r\nb: 2", "a: 1\r\nb: 3", false).replace('\r', "<CR>"), @r"
        --- a/otel/a.yaml
        +++ b/otel/a.yaml
        @@ -1,2 +1,2 @@
         a: 1<CR>
        -b: 2
        \ No newline at end of file
        +b: 3
        \ No newline at end of file
        ");
    }

    #[test]
    fn nothing_changed_is_no_patch() {
        assert_eq!(unified("a", "x: 1\n", "x: 1\n", false), "");
    }

    #[test]
    fn on_a_terminal_control_codes_are_spelled_out() {
        let text = unified("a", "x: 1\n", "x: \u{1b}[2J\n", true);
        assert!(text.contains("\\u{1b}[2J"), "{text}");
        assert!(!text.contains("\u{1b}[2J"), "{text}");
    }
}
