use crate::make::{CONFIG, Text, at, sample};
use hyperspace_report::{Look, human};
use rules::{Judged, Report};

fn plain(report: &Report, text: &str) -> String {
    let look = Look { colour: false, width: 100, program: "cargo xtask".to_owned() };
    human(report, &Text(text.to_owned()), &look)
}

#[test]
fn a_cause_comes_with_its_source_consequence_echo_and_fix() {
    insta::assert_snapshot!(plain(&sample(), CONFIG));
}

#[test]
fn a_clean_report_says_what_was_judged() {
    let report = Report { findings: vec![], judged: Judged { files: 1, gates: 3, ..Judged::default() } };
    insta::assert_snapshot!(plain(&report, ""));
}

#[test]
fn a_report_over_nothing_is_not_clean() {
    insta::assert_snapshot!(plain(&Report::default(), ""));
}

#[test]
fn hostile_text_reaches_no_terminal() {
    let mut finding = at("yaml/syntax", [(2, 1), (2, 4)], &[]);
    finding.finding.message = "bad \u{1b}]0;owned\u{7} title".to_owned();
    finding.file = "a\u{1b}[2J.yaml".to_owned();
    let report = Report { findings: vec![finding], judged: Judged::default() };
    let text = plain(&report, "a: 1\nb\u{1b}[31m: \u{202e}2\r\nc: 3\n");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{text:?}");
    insta::assert_snapshot!(text);
}

#[test]
fn a_long_line_is_cut_around_the_mark() {
    let line = format!("{{\"data\": \"{}HERE{}\"}}", "é".repeat(5000), "x".repeat(5000));
    let column = line.chars().take_while(|&c| c != 'H').count() + 1;
    let report = Report {
        findings: vec![at("gate/query-syntax", [(1, column), (1, column + 4)], &[])],
        judged: Judged::default(),
    };
    insta::assert_snapshot!(plain(&report, &line));
}

#[test]
fn wide_characters_and_a_long_span() {
    let mut finding = at("gate/missing", [(1, 7), (9, 1)], &[]);
    finding.finding.message = "twelve lines".to_owned();
    let report = Report { findings: vec![finding], judged: Judged::default() };
    insta::assert_snapshot!(plain(&report, "\u{feff}名前: 宇宙\n- 1\n- 2\n- 3\n- 4\n- 5\n- 6\n- 7\n- 8\n"));
}

#[test]
fn spans_outside_the_text_do_no_harm() {
    for span in [[(0, 0), (0, 0)], [(1, 90), (1, 95)], [(3, 1), (3, 2)], [(99, 1), (99, 2)], [(2, 3), (1, 1)]] {
        let report = Report { findings: vec![at("yaml/syntax", span, &[])], judged: Judged::default() };
        for text in ["", "\n", "a\nb", "é\r\r\né"] {
            assert!(plain(&report, text).contains("yaml/syntax"));
        }
    }
}

#[test]
fn a_circle_of_causes_hides_nothing() {
    let mut report = sample();
    report.findings[0].finding.caused_by = Some(1);
    let text = plain(&report, CONFIG);
    assert!(text.contains("no receiver is configured") && text.contains("which nothing defines"), "{text}");
}

#[test]
fn colours_only_when_asked() {
    let look = Look { colour: true, width: 100, program: "hyperspace".to_owned() };
    assert!(human(&sample(), &Text(CONFIG.to_owned()), &look).contains("\u{1b}["));
    assert!(!plain(&sample(), CONFIG).contains('\u{1b}'));
}
