//! Measurements against their threshold, as SVG: drawn here, so that a page needs no script for it.

use super::words::{self, Bound, Value};
use crate::html::shown;
use crate::time;
use delivery::Metric;
use gate::condition::Op;

/// Size in the drawing's own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 180.0;
/// Room for labels.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const ABOVE: f64 = 12.0;
const BELOW: f64 = 40.0;

pub(crate) struct Plot {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) left: f64,
    pub(crate) right: String,
    pub(crate) ground: String,
    pub(crate) top: f64,
    /// In words, for who does not see it.
    pub(crate) label: String,
    pub(crate) line: Vec<String>,
    pub(crate) dots: Vec<Dot>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) bound: Option<Threshold>,
    pub(crate) highest: String,
    pub(crate) times: Vec<(String, String)>,
}

pub(crate) struct Dot {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) class: &'static str,
    pub(crate) title: String,
}

/// A measurement without a number.
pub(crate) struct Gap {
    pub(crate) x: String,
    pub(crate) from: String,
    pub(crate) width: String,
    pub(crate) label: String,
    pub(crate) title: String,
}

/// The threshold's line, and the ground on its wrong side.
pub(crate) struct Threshold {
    pub(crate) y: String,
    pub(crate) label_y: String,
    pub(crate) label: String,
    pub(crate) wrong_y: String,
    pub(crate) wrong_height: String,
}

/// None where nothing was measured.
pub(crate) fn plot(metric: &Metric) -> Option<Plot> {
    let all = &metric.measurements;
    if all.is_empty() {
        return None;
    }
    let values: Vec<Value> = all.iter().map(words::value).collect();
    let bound = words::bound(metric);
    let numbers = values.iter().filter_map(|value| match value {
        Value::Number(number) if number.is_finite() => Some(*number),
        _ => None,
    });
    let highest = numbers.chain(bound.map(|bound| bound.value)).fold(0.0, f64::max) * 1.15;
    let highest = if highest > 0.0 { highest } else { 1.0 };
    let ground = HEIGHT - BELOW;
    // In equal steps: measurements come at an interval, and a retry after an error is no other time to people.
    let step = (WIDTH - LEFT - RIGHT) / all.len() as f64;
    let x = |index: usize| LEFT + step * (index as f64 + 0.5);
    let y = |value: f64| ground - (ground - ABOVE) * (value / highest).clamp(0.0, 1.0);
    let mut drawn = Plot {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: at(WIDTH - RIGHT),
        ground: at(ground),
        top: ABOVE,
        label: String::new(),
        line: Vec::new(),
        dots: Vec::new(),
        gaps: Vec::new(),
        bound: bound.map(|bound| threshold(metric, bound, y(bound.value), ground)),
        highest: words::number(highest),
        times: Vec::new(),
    };
    let mut stretch = Vec::new();
    for (index, (measurement, value)) in all.iter().zip(&values).enumerate() {
        let when = measurement.finished.as_deref().and_then(time::clock);
        let title = shown(&format!(
            "{}: {}, {}",
            when.as_deref().unwrap_or("?"),
            words::said(metric, measurement),
            measurement.phase
        ));
        match value {
            Value::Number(number) if number.is_finite() => {
                stretch.push(format!("{},{}", at(x(index)), at(y(*number))));
                drawn.dots.push(Dot {
                    x: at(x(index)),
                    y: at(y(*number)),
                    class: match measurement.phase.as_str() {
                        "Successful" => "pass",
                        "Failed" => "fail",
                        _ => "none",
                    },
                    title,
                });
            }
            other => {
                end(&mut stretch, &mut drawn.line);
                drawn.gaps.push(Gap {
                    x: at(x(index)),
                    from: at(x(index) - step.min(72.0) / 2.0),
                    width: at(step.min(72.0)),
                    label: match other {
                        Value::NaN => "NaN",
                        Value::Nothing => "no data",
                        Value::Missing(_) => "error",
                        Value::Number(_) => "Inf",
                        Value::Text(_) => "several",
                    }
                    .to_owned(),
                    title,
                });
            }
        }
        // So many labels have room.
        let every = all.len().div_ceil(6);
        if index % every == 0 || index + 1 == all.len() {
            drawn.times.extend(when.map(|when| (at(x(index)), when)));
        }
    }
    end(&mut stretch, &mut drawn.line);
    let said: Vec<String> = all.iter().map(|measurement| words::said(metric, measurement)).collect();
    let needs = words::needs(metric).map(|needs| format!(", needs {needs}")).unwrap_or_default();
    drawn.label = shown(&format!("{} measurements of {}{needs}: {}", all.len(), metric.name, said.join(", ")));
    Some(drawn)
}

fn end(stretch: &mut Vec<String>, lines: &mut Vec<String>) {
    if stretch.len() > 1 {
        lines.push(stretch.join(" "));
    }
    stretch.clear();
}

fn threshold(metric: &Metric, bound: Bound, y: f64, ground: f64) -> Threshold {
    let (from, to) = match bound.op {
        Op::Lt | Op::Le => (ABOVE, y),
        Op::Gt | Op::Ge => (y, ground),
    };
    Threshold {
        y: at(y),
        label_y: at((y - 5.0).max(ABOVE + 10.0)),
        label: format!("needs {}", words::needs(metric).unwrap_or_default()),
        wrong_y: at(from),
        wrong_height: at((to - from).max(0.0)),
    }
}

fn at(value: f64) -> String {
    format!("{value:.1}")
}

#[cfg(test)]
mod tests {
    use super::plot;
    use delivery::{Measurement, Metric, Requires};

    #[test]
    fn gaps_break_the_line_and_have_names() {
        let values = ["[2]", "[3]", "[NaN]", "[]", "", "[4]"];
        let measurement = |value: &&str| Measurement { value: (*value).to_owned(), ..Measurement::default() };
        let metric = Metric {
            measurements: values.iter().map(measurement).collect(),
            requires: Requires { success: "result[0] < 3.5".to_owned(), ..Requires::default() },
            ..Metric::default()
        };
        let plot = plot(&metric).expect("a plot");
        let labels: Vec<&str> = plot.gaps.iter().map(|gap| gap.label.as_str()).collect();
        assert_eq!(labels, ["NaN", "no data", "error"]);
        // The last one stands alone.
        assert_eq!((plot.line.len(), plot.dots.len()), (1, 3));
        assert_eq!(plot.bound.expect("a threshold").label, "needs < 3.5");
    }
}
