use crate::make::{at, keys, sample};
use hyperspace_report::introduced;
use rules::{Report, Reported};

fn report(findings: Vec<Reported>) -> Report {
    Report { findings, ..Report::default() }
}

fn finding(file: &str, path: &[&str], message: &str) -> Reported {
    let mut finding = at("gate/arbitrary-series", [(1, 1), (1, 2)], &keys(path));
    finding.file = file.to_owned();
    finding.finding.message = message.to_owned();
    finding
}

fn messages(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|f| f.finding.message.as_str()).collect()
}

#[test]
fn nothing_changed_brings_nothing_in() {
    assert!(introduced(&sample(), sample(), |_, _| false).findings.is_empty());
}

#[test]
fn all_is_new_against_nothing_and_indices_hold() {
    let new = introduced(&Report::default(), sample(), |_, _| false);
    assert_eq!(new.findings.len(), 3);
    assert_eq!(new.findings[1].finding.caused_by, Some(0));
}

#[test]
fn moved_within_a_file_or_renamed_is_not_new() {
    let before = report(vec![finding("a.yaml", &["x"], "one"), finding("b.yaml", &["x"], "two")]);
    let after = report(vec![finding("a.yaml", &["y"], "one"), finding("c.yaml", &["x"], "two")]);
    assert!(introduced(&before, after, |_, _| false).findings.is_empty());
}

#[test]
fn one_old_finding_answers_for_one_new_one() {
    let before = report(vec![finding("a.yaml", &["x"], "one")]);
    let after = report(vec![finding("a.yaml", &["y"], "one"), finding("a.yaml", &["x"], "one")]);
    let new = introduced(&before, after, |_, _| false);
    assert_eq!(new.findings.len(), 1);
    assert_eq!(new.findings[0].path, keys(&["y"]), "the one at the old place is the old one");
}

#[test]
fn another_message_at_the_same_place_is_new_where_the_text_changed() {
    let before = || report(vec![finding("a.yaml", &["x"], "reads foo")]);
    let after = || report(vec![finding("a.yaml", &["x"], "reads bar")]);
    assert_eq!(messages(&introduced(&before(), after(), |_, _| false)), ["reads bar"]);
    assert!(introduced(&before(), after(), |_, _| true).findings.is_empty());
}

#[test]
fn an_echo_goes_with_its_known_cause() {
    let mut before = sample();
    before.findings.remove(1);
    let new = introduced(&before, sample(), |_, _| false);
    assert!(new.findings.is_empty(), "{:?}", messages(&new));
}
