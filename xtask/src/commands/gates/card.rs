//! A gate's card as text.

use contract::gates::Gate;
use contract::{Card, CardSeries, Contract};
use gate::condition::{Row, Situation, Verdict};
use report::visible;

/// Name, kind and where it stands.
pub(crate) fn title(card: &Card) -> String {
    let runs = match &card.rollout {
        Some(rollout) => format!("run by rollout {rollout}"),
        None => "run by no rollout here".to_owned(),
    };
    visible(&format!("{} ({}), {runs}, {}:{}", card.name, card.kind, card.file, card.line)).into_owned()
}

/// Whether a card describes this gate.
pub(crate) fn is_of(card: &Card, gate: &Gate, contract: &Contract<'_>) -> bool {
    let repository = contract.repository;
    let named = gate.metric(contract).is_some_and(|metric| metric.name == card.name);
    let template = repository.templates.get(gate.template).is_some_and(|template| template.name == card.template);
    let rollout = gate.rollout.and_then(|index| repository.rollouts.get(index)).map(|rollout| &rollout.name);
    named && template && rollout == card.rollout.as_ref()
}

/// What it reads, what its conditions make of that, and how its samples are counted.
pub(crate) fn body(card: &Card) -> String {
    let mut text = String::new();
    match &card.query {
        Some(query) => {
            text.push_str("  query\n");
            for line in query.trim_end().lines() {
                text.push_str(&format!("    {}\n", visible(line)));
            }
        }
        None => text.push_str("  query       none: this metric does not ask Prometheus\n"),
    }
    for (index, series) in card.series.iter().enumerate() {
        text.push_str(&row(if index == 0 { "series" } else { "" }, &self::series(series)));
    }
    for (index, (who, value)) in card.reads.iter().enumerate() {
        text.push_str(&row(if index == 0 { "reads" } else { "" }, &format!("{who}: {value}")));
    }
    for (key, condition) in &card.conditions {
        let label = if *key == "failureCondition" { "fails if" } else { "passes if" };
        text.push_str(&row(label, condition));
    }
    if let Some(truth) = &card.truth {
        let cells: Vec<String> = truth.rows.iter().map(cell).collect();
        text.push_str(&row("which is", &cells.join("; ")));
    }
    text.push_str(&row("samples", &samples(card)));
    text.push_str(&row("promotes on", card.weakest.as_deref().unwrap_or("nothing: no run passes")));
    text.push_str(&row("aborts on", card.strongest.as_deref().unwrap_or("nothing: no run fails")));
    text
}

/// A labelled line.
pub(crate) fn row(label: &str, text: &str) -> String {
    format!("  {label:11} {}\n", visible(text))
}

fn series(series: &CardSeries) -> String {
    let state = match series.exists {
        Some(true) => "exists",
        Some(false) => "does not exist",
        None => "unknown: nothing here describes what would emit it",
    };
    if series.labels.is_empty() {
        return format!("{}: {state}", series.name);
    }
    format!("{}: {state}, with {}", series.name, series.labels.join(", "))
}

fn cell(row: &Row) -> String {
    let situation = match row.situation {
        Situation::NoData => "no data",
        Situation::NaN => "NaN",
        Situation::Below => "below",
        Situation::At => "at the bound",
        Situation::Above => "above",
        Situation::Inf => "Inf",
        Situation::BelowAbove => "[below, above]",
        Situation::AboveBelow => "[above, below]",
        Situation::NaNBelow => "[NaN, below]",
        Situation::NaNAbove => "[NaN, above]",
    };
    let verdict = match &row.verdict {
        Verdict::True => "true",
        Verdict::False => "false",
        Verdict::Error(_) => "error",
    };
    format!("{situation} {verdict}")
}

fn samples(card: &Card) -> String {
    let due: Vec<String> = card.due.iter().map(|seconds| format!("{seconds:.0}")).collect();
    let end = match card.seconds {
        Some(seconds) => format!("a healthy run takes {seconds:.0} s"),
        None => "it never ends by itself".to_owned(),
    };
    if due.is_empty() { end } else { format!("at {} s; {end}", due.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::{body, title};
    use contract::{Card, CardSeries};

    #[test]
    fn a_card() {
        let card = Card {
            name: "errors".to_owned(),
            template: "hotrod-analysis".to_owned(),
            rollout: Some("hotrod".to_owned()),
            file: "hotrod/analysis.yaml".to_owned(),
            line: 12,
            kind: "error rate",
            query: Some("sum(rate(x[2m]))\n  / sum(rate(y[2m]))\n".to_owned()),
            series: vec![
                CardSeries { name: "x".to_owned(), exists: Some(true), labels: vec!["error".to_owned()] },
                CardSeries { name: "y".to_owned(), exists: None, labels: vec![] },
            ],
            conditions: vec![("successCondition", "result[0] < 0.05".to_owned())],
            truth: None,
            due: vec![60.0, 70.0],
            seconds: Some(70.0),
            weakest: Some("1 good sample of 2, 1 NaN".to_owned()),
            strongest: None,
            reads: vec![("healthy", "0: Successful".to_owned()), ("idle", "no data: Error".to_owned())],
        };
        insta::assert_snapshot!(format!("{}\n{}", title(&card), body(&card)));
    }
}
