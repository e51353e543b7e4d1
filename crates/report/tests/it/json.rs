use crate::make::sample;
use rules::Report;
use serde_json::Value;

fn parsed(report: &Report) -> Value {
    serde_json::from_str(&hyperspace_report::json(report).unwrap()).unwrap()
}

#[test]
fn the_contract() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&parsed(&sample())).unwrap());
}

#[test]
fn both_a_full_and_an_empty_report_keep_the_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for report in [sample(), Report::default()] {
        let report = parsed(&report);
        let errors: Vec<String> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    let mut broken = parsed(&sample());
    broken["findings"][0]["path"] = serde_json::json!([1.5]);
    assert!(!validator.is_valid(&broken));
}

#[test]
fn it_is_one_line_and_schema_comes_first() {
    let text = hyperspace_report::json(&sample()).unwrap();
    assert!(text.starts_with("{\"schema\":1,\"findings\":["), "{text}");
    assert!(!text.contains('\n'));
}
