//! `rules`: list them.

use crate::args::{ListFormat, RulesArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use rules::Rule;
use serde_json::json;

/// Runs `rules`.
pub(crate) fn cmd_rules(ui: &Ui, args: &RulesArgs) -> Result<Exit, CommandError> {
    let rules = rules::rules();
    match args.format {
        ListFormat::Human => {
            ui.out(&table(rules))?;
            ui.status(&format!("\n{} rules; `{} explain RULE` tells all about one", rules.len(), ui.program));
        }
        ListFormat::Json => {
            let list: Vec<_> = rules.iter().map(entry).collect();
            ui.line(&serde_json::to_string_pretty(&list)?)?;
        }
    }
    Ok(Exit::Done)
}

fn entry(rule: &Rule) -> serde_json::Value {
    json!({
        "rule": rule.name,
        "severity": rule.severity.as_str(),
        "finds": rule.summary,
        "fix": rule.fix,
        "safety": rule.safety,
    })
}

fn table(rules: &[Rule]) -> String {
    let width = rules.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for rule in rules {
        let fix = match (rule.fix, rule.safety) {
            (None, _) => "no fix",
            (Some(_), Some("safe")) => "fix",
            (Some(_), Some("unsafe")) => "unsafe fix",
            (Some(_), _) => "fix*",
        };
        text.push_str(&format!("{:width$}  {:7}  {:10}  {}\n", rule.name, rule.severity.as_str(), fix, rule.summary));
    }
    if text.contains("fix*") {
        text.push_str("\n* safe where one reading is left, else unsafe\n");
    }
    text
}
