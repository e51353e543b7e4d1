//! A gate's power: how often a canary of a given badness passes, by chance.

use super::card::row;
use contract::gates::{Gate, GateKind};
use gate::analysis::{Power, error_gate_pass_probability, traffic_gate_pass_probability};
use model::Context;
use std::time::Duration;

/// Shares of failing requests that a person asks about.
const FAILING: [f64; 5] = [0.02, 0.05, 0.1, 0.2, 0.5];

/// Lines about a gate on errors or traffic with a bound; `None` for others: of a latency nothing is known but the bound.
pub(crate) fn lines(gate: &Gate, context: &Context) -> Option<String> {
    let counted = gate.counted()?;
    let bound = gate.bound_op()?.value;
    let selectors = gate.query()?.selectors();
    let window = selectors.iter().filter_map(|selector| selector.range).max().filter(|window| !window.is_zero())?;
    let rate = context.policy.expected_rate;
    let power = Power { rate, window };
    let cells: Vec<String> = match gate.kind {
        GateKind::ErrorRate => {
            let pass = |share| error_gate_pass_probability(&counted, &power, share, bound);
            FAILING.iter().map(|share| format!("{} failing pass {}", percent(*share), percent(pass(*share)))).collect()
        }
        GateKind::Traffic => [0.0, bound / 2.0, bound, bound * 2.0]
            .iter()
            .map(|rate| {
                let pass = traffic_gate_pass_probability(&counted, &Power { rate: *rate, window }, bound);
                format!("{} req/s pass {}", number(*rate), percent(pass))
            })
            .collect(),
        GateKind::Latency | GateKind::Other => return None,
    };
    let basis = match gate.kind {
        GateKind::Traffic => String::new(),
        _ => format!(" (at {} req/s, {} requests in a window)", number(rate), number(expected(rate, window))),
    };
    Some(row("by chance", &format!("{}{basis}", cells.join(", "))))
}

fn expected(rate: f64, window: Duration) -> f64 {
    (rate * window.as_secs_f64()).round()
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.05 {
        "<0.1 %".to_owned()
    } else {
        format!("{} %", number((percent * 10.0).round() / 10.0))
    }
}

/// At most four digits behind the point, none that are zero.
fn number(value: f64) -> String {
    format!("{}", (value * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::{number, percent};

    #[test]
    fn numbers_are_short() {
        assert_eq!([percent(0.05), percent(0.0), percent(0.00001), percent(1.0)], ["5 %", "0 %", "<0.1 %", "100 %"]);
        assert_eq!(number(0.1 + 0.2), "0.3");
    }
}
