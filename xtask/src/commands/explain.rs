//! `explain`: all about a rule.

use crate::args::ExplainArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::markdown;
use crate::ui::Ui;

/// At most this many names are suggested.
const SUGGESTIONS: usize = 3;

/// Runs `explain`.
pub(crate) fn cmd_explain(ui: &Ui, args: &ExplainArgs) -> Result<Exit, CommandError> {
    let name = args.rule.trim();
    let Some(rule) = rules::rule(name) else {
        let names: Vec<&str> = rules::rules().iter().map(|rule| rule.name).collect();
        let near = nearest(name, &names);
        let hint = if near.is_empty() {
            format!("`{} rules` lists them all", ui.program)
        } else {
            format!("did you mean {}? `{} rules` lists them all", near.join(" or "), ui.program)
        };
        return Err(CommandError::user(format!("there is no rule {name:?}")).hint(hint));
    };
    ui.out(&markdown::render(rule.page, &ui.look()))?;
    Ok(Exit::Done)
}

/// The names that a slip or a forgotten group would have meant, best first.
fn nearest<'a>(name: &str, names: &[&'a str]) -> Vec<&'a str> {
    let score = |candidate: &str| {
        let tail = candidate.rsplit('/').next().unwrap_or(candidate);
        let own = name.rsplit('/').next().unwrap_or(name);
        let contained = own.len() > 2 && (tail.contains(own) || own.contains(tail));
        let likeness = strsim::jaro_winkler(name, candidate).max(strsim::jaro_winkler(own, tail));
        if contained { likeness.max(0.95) } else { likeness }
    };
    let mut scored: Vec<(f64, &str)> = names.iter().map(|&name| (score(name), name)).collect();
    scored.retain(|(score, _)| *score > 0.8);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    // Beside a good guess, poor ones only distract.
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| *score > best - 0.05);
    scored.into_iter().take(SUGGESTIONS).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const NAMES: [&str; 4] = ["gate/vacuous", "gate/missing", "collector/no-receiver", "release/wrong-image"];

    #[test]
    fn a_slip_or_a_forgotten_group() {
        assert_eq!(nearest("gate/vacous", &NAMES), ["gate/vacuous"]);
        assert_eq!(nearest("no-receiver", &NAMES), ["collector/no-receiver"]);
        assert_eq!(nearest("receiver", &NAMES), ["collector/no-receiver"]);
    }

    #[test]
    fn nothing_like_it() {
        assert!(nearest("xyzzy", &NAMES).is_empty());
    }
}
