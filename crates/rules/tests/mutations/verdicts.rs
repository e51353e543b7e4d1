//! Faults in what a gate makes of what it reads: conditions, thresholds, counting, timing, fallbacks.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::mutator::{Mutator, mutator, on_template, with};
use crate::spec::{Gate, KINDS, Kind, Template};
use crate::state::ROLLOUT;

pub(crate) const MUTATORS: &[Mutator] = &[
    mutator("vacuous: a fallback on the whole", fallback),
    mutator("vacuous: every sample may fail", all_may_fail),
    mutator("vacuous: dry run", dry_run),
    mutator("vacuous: dry run by the rollout", rollout_dry_run),
    mutator("vacuous: no condition", no_condition),
    mutator("vacuous: a failure condition alone", failure_only),
    mutator("vacuous: true without data", true_without_data),
    mutator("vacuous: always true", always_true),
    mutator("threshold: another number", other_number),
    mutator("threshold: another comparison", other_comparison),
    mutator("threshold: another unit", other_unit),
    mutator("threshold: another bound in the query", other_bound),
    mutator("threshold: another quantile", other_quantile),
    mutator("threshold: the mean", the_mean),
    mutator("threshold: failed requests a second", absolute_errors),
    mutator("condition: of the wrong type", wrong_type),
    mutator("condition: errors on no data", unguarded),
    mutator("condition: true on NaN", true_on_nan),
    mutator("counting: most may fail", most_may_fail),
    mutator("counting: refused numbers", refused_numbers),
    mutator("timing: samples before data", too_early),
];

fn bound(gate: &Gate) -> (&'static str, String) {
    let text = gate.success.clone().unwrap();
    let upper = gate.kind != Kind::Traffic && !gate.query.form.contains("{good} / {all}")
        || gate.query.form.starts_with("1 - ")
        || gate.query.form.starts_with("(1 - ");
    let op = match (gate.kind, upper) {
        (Kind::Traffic, _) => ">=",
        (_, true) => "<",
        _ => ">",
    };
    let numbers = ["0.05", "0.95", "1000", "1.0", "95", "5", "3", "1"];
    let value = numbers.into_iter().find(|n| text.split(|c: char| !c.is_ascii_digit() && c != '.').any(|w| w == *n));
    (op, value.unwrap().to_owned())
}

fn scalar(gate: &Gate) -> bool {
    gate.query.form.contains("scalar")
}

/// Adds a fallback that reads as good data.
fn fallback(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.success.as_deref().is_some_and(|s| !s.contains("len(result) == 1")));
        if scalar(gate) {
            return false;
        }
        let good = match bound(gate).0 {
            "<" => "0",
            _ => "1000",
        };
        let query = gate.query.text();
        let text = match dice.below(6) {
            0 => format!("{query}\nor vector({good})"),
            1 => format!("({query}) or on() vector({good})"),
            2 => format!("{query} OR on() vector({good})"),
            3 => format!("(({query}) or vector({good}))"),
            4 => format!("sum({query} or vector({good}))"),
            _ => format!("{query} or on () (vector({good}) + 0)"),
        };
        gate.raw = Some(text);
        true
    })
}

fn all_may_fail(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (count, limit) = dice.pick(&[
            ("5", "5"),
            ("3", "3"),
            ("3", "10"),
            ("\"5\"", "\"5\""),
            ("4", "\"4\""),
            ("5", "-1"),
            ("1", "1"),
        ]);
        (gate.count, gate.limit) = (count.to_owned(), limit.to_owned());
        true
    })
}

/// A step that waits for ever, or an interval that is none.
fn refused_numbers(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        match dice.below(3) {
            0 => gate.count = "0".to_owned(),
            1 => gate.interval = "10 seconds".to_owned(),
            _ => gate.count = "five".to_owned(),
        }
        true
    })
}

fn dry_run(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        if t.style == crate::spec::Style::Json {
            return false;
        }
        let kind = dice.pick(&KINDS);
        let name = match dice.below(3) {
            0 => "\".*\"".to_owned(),
            1 => format!("^{}$", t.gate(kind).name),
            _ => t.gate(kind).name.clone(),
        };
        t.more = format!("  dryRun:\n    - metricName: {name}\n");
        true
    })
}

fn rollout_dry_run(dice: &mut Dice) -> Option<Case> {
    let mut name = String::new();
    let case = on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        name = if dice.once_in(2) { "\".*\"".to_owned() } else { t.gate(dice.pick(&KINDS)).name.clone() };
        true
    })?;
    let mut after = case.before.clone();
    let templates = "            templates:\n              - templateName: hotrod-analysis\n";
    after.swap(ROLLOUT, templates, &format!("            dryRun:\n              - metricName: {name}\n{templates}"));
    Some(Case { after, ..case })
}

fn no_condition(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        gate.success = dice.pick(&[None, Some("\"\"")]).map(str::to_owned);
        true
    })
}

fn failure_only(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        if scalar(gate) {
            return false;
        }
        let (op, value) = bound(gate);
        let (bad, mirrored) = match op {
            "<" => (">=", "<="),
            ">" => ("<=", ">="),
            _ => ("<", ">"),
        };
        gate.success = None;
        gate.failure = Some(match dice.below(4) {
            0 => format!("result[0] {bad} {value}"),
            1 => format!("len(result) > 0 && result[0] {bad} {value}"),
            2 => format!("{value} {mirrored} result[0]"),
            _ => format!("any(result, # {bad} {value})"),
        });
        true
    })
}

fn true_without_data(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        if scalar(gate) {
            return false;
        }
        let (op, value) = bound(gate);
        let opposite = match op {
            "<" => ">=",
            ">" => "<=",
            _ => "<",
        };
        gate.success = Some(match dice.below(6) {
            0 => format!("len(result) == 0 || result[0] {op} {value}"),
            1 => format!("all(result, # {op} {value})"),
            2 => format!("none(result, {{# {opposite} {value}}})"),
            3 => format!("count(result, # {opposite} {value}) == 0"),
            4 => format!("len(result) > 0 ? result[0] {op} {value} : true"),
            _ => format!("len(filter(result, {{# {opposite} {value}}})) == 0"),
        });
        true
    })
}

fn always_true(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/vacuous"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        let condition =
            if scalar(gate) { "result == result || true" } else { dice.pick(&["true", "len(result) >= 0", "1 == 1"]) };
        gate.success = Some(condition.to_owned());
        true
    })
}

fn other_number(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (_, value) = bound(gate);
        let number: f64 = value.parse().unwrap();
        let by = dice.pick(&[2.0, 5.0, 0.5, 1.02, 10.0]);
        let other = format!("{}", (number * by * 1e6).round() / 1e6);
        replace_number(gate, &value, &other)
    })
}

/// Replaces a number, not a part of one.
fn replace_number(gate: &mut Gate, value: &str, other: &str) -> bool {
    let text = gate.success.clone().unwrap();
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
    let whole = |at: &usize| {
        let after = text[at + value.len()..].chars().next();
        let before = text[..*at].chars().next_back();
        !digit(after)
            && !digit(before)
            && before != Some('[')
            && !text[..*at].ends_with("len(result) == ")
            && !text[..*at].ends_with("len(result) < ")
    };
    let Some(at) = text.match_indices(value).map(|(at, _)| at).filter(|at| whole(at)).last() else { return false };
    gate.success = Some(format!("{}{other}{}", &text[..at], &text[at + value.len()..]));
    true
}

fn other_comparison(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        if scalar(gate) {
            return false;
        }
        let (op, value) = bound(gate);
        let other = match op {
            "<" => dice.pick(&["<=", ">", ">="]),
            ">" => dice.pick(&[">=", "<"]),
            _ => dice.pick(&[">", "<", "<="]),
        };
        gate.success = Some(match dice.below(3) {
            0 => format!("len(result) > 0 && result[0] {other} {value}"),
            1 => format!("len(result) > 0 && !isNaN(result[0]) && result[0] {other} {value}"),
            _ => format!("any(result, {{# {other} {value}}})"),
        });
        true
    })
}

fn other_unit(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| g.kind != Kind::Traffic);
        let (_, value) = bound(gate);
        let other = match value.as_str() {
            "0.05" => "5",
            "5" => "0.05",
            "0.95" => "95",
            "95" => "0.95",
            "1000" => "1",
            _ => "1000",
        };
        gate.kind != Kind::Traffic && replace_number(gate, &value, other)
    })
}

fn other_bound(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Traffic);
        gate.query.function = "rate";
        gate.query.form = "{all}".to_owned();
        let number = dice.pick(&["0.5", "0.01", "0.0005", "5"]);
        let (sign, condition) = dice.pick(&[
            (">=", "len(result) > 0"),
            (">= bool", "len(result) > 0 && result[0] == 1"),
            (">=", "len(result) == 1"),
        ]);
        gate.raw = Some(format!("{} {sign} {number}", gate.query.text()));
        gate.success = Some(condition.to_owned());
        true
    })
}

fn other_quantile(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Latency);
        let form = gate.query.form.clone();
        let written = ["0.950", "0.95", ".95"].into_iter().find(|q| form.contains(&format!("({q},"))).unwrap();
        let other = dice.pick(&["0.5", "0.99", "0.9", "0.75", ".50", "1", "95"]);
        gate.query.form = form.replacen(&format!("({written},"), &format!("({other},"), 1);
        true
    })
}

fn the_mean(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Latency);
        let query = &mut gate.query;
        query.aggregate = "sum(%)".to_owned();
        let all = {
            query.form = "{all}".to_owned();
            query.text()
        };
        let (sum, count) = (all.replace("_bucket", "_sum"), all.replace("_bucket", "_count"));
        gate.raw = Some(dice.pick(&["%/%%", "% / %%", "(%)\n/\n(%%)"]).replace("%%", &count).replacen('%', &sum, 1));
        gate.success = Some("len(result) > 0 && result[0] < 1000".to_owned());
        true
    })?;
    Some(case.elsewhere())
}

fn absolute_errors(dice: &mut Dice) -> Option<Case> {
    let case = on_template(dice, &["gate/threshold-deviates"], Mends::Clean, |t, dice| {
        let gate = t.gate(Kind::Errors);
        gate.query.form = "{bad}".to_owned();
        gate.query.aggregate = "sum(%)".to_owned();
        gate.name = dice.pick(&["errors", "error-rate", "failures"]).to_owned();
        gate.success = Some(dice.pick(&["len(result) > 0 && result[0] < 0.05", "any(result, # < 0.05)"]).to_owned());
        true
    })?;
    Some(case.elsewhere())
}

fn wrong_type(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/condition-type"], Mends::Perhaps, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (op, value) = bound(gate);
        gate.success = Some(if scalar(gate) {
            dice.pick(&["result[0] >= 0.05", "len(result) > 0 && result[0] >= 0.05", "any(result, # >= 0.05)"])
                .to_owned()
        } else {
            match dice.below(7) {
                5 => format!("default(result[0], 0) {op} {value}"),
                6 => format!("!isNil(result[0]) && result[0] {op} {value}"),
                0 => format!("result {op} {value}"),
                1 => format!("!isNaN(result) && result {op} {value}"),
                2 => format!("result[0] {op} {value} &"),
                3 => format!("result.value {op} {value}"),
                _ => format!("len(result) > 0 && result {op} {value}"),
            }
        });
        true
    })
}

fn unguarded(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/errors-on-no-data"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        if scalar(gate) {
            return false;
        }
        let (op, value) = bound(gate);
        gate.success = Some(match dice.below(4) {
            0 => format!("result[0] {op} {value}"),
            1 => format!("result[0] {op} {value} && !isNaN(result[0])"),
            2 => format!("!isNaN(result[0]) && result[0] {op} {value}"),
            _ => format!("not isNil(result) and result[0] {op} {value}"),
        });
        true
    })
}

fn true_on_nan(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/passes-on-nan"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |g| !scalar(g));
        let (op, value) = bound(gate);
        let opposite = match op {
            "<" => ">=",
            ">" => "<=",
            _ => "<",
        };
        gate.success = Some(match (scalar(gate), dice.below(4)) {
            (true, _) => format!("!(result {opposite} {value})"),
            (_, 0) => format!("len(result) > 0 && !(result[0] {opposite} {value})"),
            (_, 1) => format!("len(result) > 0 && none(result, # {opposite} {value})"),
            (_, 2) => format!("len(result) > 0 && (isNaN(result[0]) || result[0] {op} {value})"),
            _ => format!("len(result) != 0 and not (result[0] {opposite} {value})"),
        });
        true
    })
}

fn most_may_fail(dice: &mut Dice) -> Option<Case> {
    on_template(dice, &["gate/tolerates-mostly-failed"], Mends::Clean, |t, dice| {
        let gate = with(t, dice, |_| true);
        let (count, limit) =
            dice.pick(&[("5", "3"), ("5", "4"), ("3", "2"), ("10", "7"), ("\"5\"", "\"3\""), ("4", "3"), ("9", "5")]);
        (gate.count, gate.limit) = (count.to_owned(), limit.to_owned());
        true
    })
}

fn too_early(dice: &mut Dice) -> Option<Case> {
    let delay = dice.pick(&["", "0s", "5s"]);
    let make = |t: &mut Template, dice: &mut Dice| {
        let gate = with(t, dice, |_| true);
        gate.delay = delay.to_owned();
        gate.interval = "1s".to_owned();
        let (count, limit) = dice.pick(&[("3", "1"), ("2", "0"), ("3", "0")]);
        (gate.count, gate.limit) = (count.to_owned(), limit.to_owned());
        true
    };
    on_template(dice, &["gate/samples-before-data"], Mends::Clean, make)
}
