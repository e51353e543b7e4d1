use crate::make::sample;

#[test]
fn a_log() {
    insta::assert_snapshot!(hyperspace_report::sarif(&sample(), "deploy", "0.1.0").unwrap());
}
