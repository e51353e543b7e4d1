use crate::make::sample;

#[test]
fn one_annotation_a_root_with_everything_escaped() {
    let mut report = sample();
    report.findings[2].finding.message = "95 %, two\nlines".to_owned();
    report.findings[2].file = "a,b:c.yaml".to_owned();
    insta::assert_snapshot!(hyperspace_report::github(&report, "deploy/"));
}
