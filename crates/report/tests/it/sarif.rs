use crate::make::{CONFIG, Text, sample};
use hyperspace_report::Sources;
use rules::{FileEdit, Report};
use serde_json::Value;
use yaml::{Op, Route};

fn log(report: &Report, sources: &dyn Sources, prefix: &str) -> Value {
    serde_json::from_str(&hyperspace_report::sarif(report, sources, prefix, "0.1.0").unwrap()).unwrap()
}

#[test]
fn a_log() {
    let mut log = log(&sample(), &Text(CONFIG.to_owned()), "deploy");
    // The registry's business: the next test's.
    let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
    for result in log["runs"][0]["results"].as_array_mut().unwrap() {
        if let Some(index) = result.as_object_mut().unwrap().remove("ruleIndex") {
            assert_eq!(rules[index.as_u64().unwrap() as usize]["id"], result["ruleId"]);
        }
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

#[test]
fn every_rule_is_described() {
    let log = log(&Report::default(), &Text(String::new()), "");
    let described = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(described.len(), rules::rules().len());
    assert!(described.iter().all(|rule| rule["id"].is_string() && rule["help"]["markdown"].is_string()));
}

#[test]
fn a_fix_comes_as_replacements_and_related_places_with_their_position() {
    let file = model::SourceFile { path: "otel/config.yaml".to_owned(), content: Ok(CONFIG.into()) };
    let context = model::Context::default();
    let repository = model::Repository::read(&[file], &context);
    let name = Route::root(0).keys(["metadata", "name"]);
    let mut report = sample();
    let finding = &mut report.findings[0].finding;
    finding.related[0].0.route = name.clone();
    if let Some(fix) = &mut finding.fix {
        fix.edits.push(FileEdit { file: 0, ops: vec![Op::Set { route: name, value: "other".into() }] });
    }
    let log = log(&report, &repository, "");
    let result = &log["runs"][0]["results"][0];
    insta::assert_snapshot!(result["fixes"][0]["artifactChanges"][0]["replacements"][0].to_string(), @r#"{"deletedRegion":{"endColumn":25,"endLine":3,"startColumn":9,"startLine":3},"insertedContent":{"text":"other"}}"#);
    insta::assert_snapshot!(result["relatedLocations"][0].to_string(), @r#"{"message":{"text":"HotROD sends to port 4318"},"physicalLocation":{"artifactLocation":{"uri":"otel/config.yaml","uriBaseId":"%SRCROOT%"},"region":{"endColumn":25,"endLine":3,"startColumn":9,"startLine":3}}}"#);
}
