//! SARIF 2.1.0 (OASIS), as code scanning services take it: one run, one rule entry a rule, one result a finding.
//!
//! Written here: serde-sarif 0.8 needs serde's `derive` without asking for it, and its build script (schemafy, syn 1)
//! costs more CPU than this whole crate, for what a few structs say.

use crate::{Place, Sources, groups};
use rules::{Fix, Report, Reported, Severity};
use serde_json::{Value, json};
use std::fmt::Write as _;
use yaml::Step;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The report as a SARIF log, pretty-printed, without a last line end. `prefix` leads from the repository's root to the
/// checked folder (`""` for the root itself): URIs are relative to the root. `version` is this program's.
///
/// A root is an `error` or a `warning`; its echoes are its related locations, so that a dashboard counts a cause once. A
/// fix comes as replacements of text, as far as `sources` can tell them.
///
/// # Errors
/// None that a report can cause: there are only string keys.
pub fn sarif(report: &Report, sources: &dyn Sources, prefix: &str, version: &str) -> Result<String, serde_json::Error> {
    let rules = rules::rules();
    let results: Vec<Value> =
        groups(report).iter().map(|(root, echoes)| result(root, echoes, sources, prefix)).collect();
    let driver = json!({
        "name": "hyperspace",
        "version": version,
        "rules": rules.iter().map(describe).collect::<Vec<_>>(),
    });
    let notifications: Vec<Value> =
        report.judged.notes.iter().map(|note| json!({ "level": "note", "message": { "text": note } })).collect();
    serde_json::to_string_pretty(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "columnKind": "unicodeCodePoints",
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": notifications }],
            "results": results,
        }],
    }))
}

fn describe(rule: &rules::Rule) -> Value {
    json!({
        "id": rule.name,
        "shortDescription": { "text": rule.summary },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": rule.severity.as_str() },
        "properties": { "fix": rule.fix, "fixSafety": rule.safety },
    })
}

fn result(root: &Reported, echoes: &[&Reported], sources: &dyn Sources, prefix: &str) -> Value {
    let finding = &root.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = finding.message.clone();
    if !finding.consequence.is_empty() {
        text.push_str("\n\nAt run time: ");
        text.push_str(&finding.consequence);
    }
    let mut result = json!({
        "ruleId": finding.rule,
        "level": level,
        "message": { "text": text },
        "locations": [location(root, prefix)],
        "partialFingerprints": { "place/v1": fingerprint(root) },
    });
    let Some(fields) = result.as_object_mut() else { return result };
    if let Some(index) = rules::rules().iter().position(|rule| rule.name == finding.rule) {
        fields.insert("ruleIndex".to_owned(), index.into());
    }
    let places = finding.related.iter().filter_map(|(location, label)| Some((sources.place(location)?, label)));
    let related = places
        .map(|(place, label)| json!({ "message": { "text": label }, "physicalLocation": physical(&place, prefix) }))
        .chain(echoes.iter().map(|echo| {
            json!({ "message": { "text": echo.finding.message }, "physicalLocation": physical(&place(echo), prefix) })
        }));
    let related: Vec<Value> = related.collect();
    if !related.is_empty() {
        fields.insert("relatedLocations".to_owned(), related.into());
    }
    if let Some(fix) = &finding.fix {
        fields.insert("properties".to_owned(), json!({ "fix": fix.title, "fixSafety": fix.safety.as_str() }));
        if let Some(changes) = changes(fix, sources, prefix) {
            let fix = json!({ "description": { "text": fix.title }, "artifactChanges": changes });
            fields.insert("fixes".to_owned(), json!([fix]));
        }
    }
    result
}

/// A fix is offered whole or not at all.
fn changes(fix: &Fix, sources: &dyn Sources, prefix: &str) -> Option<Vec<Value>> {
    let mut changes = Vec::new();
    for edit in &fix.edits {
        let replacements = sources.replacements(edit)?;
        let Some(first) = replacements.first() else { continue };
        let artifact = artifact(&first.place.file, prefix);
        let replacements = replacements.iter().map(|replacement| {
            json!({ "deletedRegion": region(&replacement.place), "insertedContent": { "text": replacement.text } })
        });
        changes.push(json!({ "artifactLocation": artifact, "replacements": replacements.collect::<Vec<_>>() }));
    }
    (!changes.is_empty()).then_some(changes)
}

fn location(finding: &Reported, prefix: &str) -> Value {
    json!({
        "physicalLocation": physical(&place(finding), prefix),
        "logicalLocations": [{ "fullyQualifiedName": route(&finding.path) }],
    })
}

fn physical(place: &Place, prefix: &str) -> Value {
    json!({ "artifactLocation": artifact(&place.file, prefix), "region": region(place) })
}

fn artifact(file: &str, prefix: &str) -> Value {
    json!({ "uri": uri(&joined(prefix, file)), "uriBaseId": "%SRCROOT%" })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.start.line.max(1),
        "startColumn": place.start.column.max(1),
        "endLine": place.end.line.max(1),
        "endColumn": place.end.column.max(1),
    })
}

fn place(finding: &Reported) -> Place {
    Place { file: finding.file.clone(), start: finding.start, end: finding.end }
}

/// Stays the same while lines above the finding come and go.
fn fingerprint(finding: &Reported) -> String {
    format!("{}|{}|{}", finding.finding.rule, finding.file, route(&finding.path))
}

fn route(path: &[Step]) -> String {
    yaml::Route { document: 0, steps: path.to_vec() }.to_string()
}

/// `file` below `prefix`.
pub(crate) fn joined(prefix: &str, file: &str) -> String {
    let prefix = prefix.trim_matches('/');
    if prefix.is_empty() || prefix == "." { file.to_owned() } else { format!("{prefix}/{file}") }
}

/// A relative URI reference (RFC 3986): everything that is no unreserved character or `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(byte as char);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{joined, uri};

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri(&joined("deploy/", "a b/ü:1%.yaml")), "deploy/a%20b/%C3%BC%3A1%25.yaml");
        assert_eq!(joined(".", "a.yaml"), "a.yaml");
    }
}
