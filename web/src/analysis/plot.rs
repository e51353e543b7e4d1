//! Measurements against their threshold, with another version's values beside them, as SVG: drawn here, so that a page needs no
//! script for it.

use super::beside::Beside;
use super::words::{self, Bound, Value};
use crate::html::shown;
use crate::time;
use delivery::Metric;
use gate::condition::{Op, short};

/// Size in the drawing's own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 196.0;
/// Room for labels.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const ABOVE: f64 = 12.0;
const BELOW: f64 = 56.0;
/// A label's width.
const LABEL: f64 = 72.0;

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
    /// The other version's values, in unbroken stretches.
    pub(crate) beside: Vec<String>,
    /// Where it has none, on a strip below the ground.
    pub(crate) beside_gaps: Vec<Gap>,
    pub(crate) highest: String,
    pub(crate) times: Vec<(String, String)>,
}

pub(crate) struct Dot {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) class: &'static str,
    pub(crate) title: String,
}

/// A stretch without a number.
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

/// Where things stand.
struct Axes {
    /// Of each measurement.
    places: Vec<f64>,
    /// Seconds at the left end and for one unit; none where measurements have no times.
    time: Option<(f64, f64)>,
    highest: f64,
}

impl Axes {
    fn of(metric: &Metric, highest: f64, beside: Option<&Beside>) -> Axes {
        let all = &metric.measurements;
        let times: Option<Vec<f64>> =
            all.iter().map(|taken| Some(time::parse(taken.finished.as_deref()?)?.as_second() as f64)).collect();
        let broad = WIDTH - LEFT - RIGHT;
        let Some(times) = times.filter(|times| times.is_sorted() && !times.is_empty()) else {
            let step = broad / all.len() as f64;
            return Axes {
                places: (0..all.len()).map(|n| LEFT + step * (n as f64 + 0.5)).collect(),
                time: None,
                highest,
            };
        };
        let others = || beside.iter().flat_map(|beside| beside.values.iter().map(|(at, _)| *at as f64));
        let first = times.iter().copied().chain(others()).fold(f64::INFINITY, f64::min);
        let last = times.iter().copied().chain(others()).fold(f64::NEG_INFINITY, f64::max);
        let room = ((last - first) * 0.06).max(5.0);
        let unit = (last - first + 2.0 * room) / broad;
        let places = times.iter().map(|at| LEFT + (at - first + room) / unit).collect();
        Axes { places, time: Some((first - room, unit)), highest }
    }

    fn y(&self, value: f64) -> f64 {
        GROUND - (GROUND - ABOVE) * (value / self.highest).clamp(0.0, 1.0)
    }

    /// How broad a measurement's own place is.
    fn room(&self) -> f64 {
        let apart = self.places.windows(2).map(|two| two[1] - two[0]).fold(LABEL, f64::min);
        apart.clamp(12.0, LABEL)
    }
}

const GROUND: f64 = HEIGHT - BELOW;

/// None where nothing was measured.
pub(crate) fn plot(metric: &Metric, beside: Option<&Beside>) -> Option<Plot> {
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
    let others = beside.iter().flat_map(|beside| beside.values.iter().filter_map(|(_, value)| *value));
    let others = others.filter(|value| value.is_finite());
    let highest = numbers.chain(others).chain(bound.map(|bound| bound.value)).fold(0.0, f64::max) * 1.15;
    let axes = Axes::of(metric, if highest > 0.0 { highest } else { 1.0 }, beside);
    let mut drawn = Plot {
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: at(WIDTH - RIGHT),
        ground: at(GROUND),
        top: ABOVE,
        label: String::new(),
        line: Vec::new(),
        dots: Vec::new(),
        gaps: Vec::new(),
        bound: bound.map(|bound| threshold(metric, bound, axes.y(bound.value))),
        beside: Vec::new(),
        beside_gaps: Vec::new(),
        highest: short(axes.highest),
        times: Vec::new(),
    };
    measurements(&mut drawn, metric, &values, &axes);
    if let Some((beside, (start, unit))) = beside.zip(axes.time) {
        others_values(&mut drawn, beside, &axes, |at| LEFT + (at as f64 - start) / unit);
    }
    let said: Vec<String> = all.iter().map(|measurement| words::said(metric, measurement)).collect();
    let needs = words::needs(metric).map(|needs| format!(", needs {needs}")).unwrap_or_default();
    drawn.label = shown(&format!("{} measurements of {}{needs}: {}", all.len(), metric.name, said.join(", ")));
    Some(drawn)
}

fn measurements(drawn: &mut Plot, metric: &Metric, values: &[Value], axes: &Axes) {
    let all = &metric.measurements;
    let room = axes.room();
    let mut stretch = Vec::new();
    // Labels have room so far apart.
    let mut free = 0.0;
    for ((measurement, value), x) in all.iter().zip(values).zip(&axes.places) {
        let when = measurement.finished.as_deref().and_then(time::clock);
        let title = shown(&format!(
            "{}: {}, {}",
            when.as_deref().unwrap_or("?"),
            words::said(metric, measurement),
            measurement.phase
        ));
        match value {
            Value::Number(number) if number.is_finite() => {
                stretch.push(format!("{},{}", at(*x), at(axes.y(*number))));
                drawn.dots.push(Dot {
                    x: at(*x),
                    y: at(axes.y(*number)),
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
                let label = match other {
                    Value::NaN => "NaN",
                    Value::Nothing => "no data",
                    Value::Missing(_) => "error",
                    Value::Number(_) => "Inf",
                    Value::Text(_) => "several",
                };
                drawn.gaps.push(Gap {
                    x: at(*x),
                    from: at(x - room / 2.0),
                    width: at(room),
                    label: label.to_owned(),
                    title,
                });
            }
        }
        if *x >= free {
            drawn.times.extend(when.map(|when| (at(*x), when)));
            free = x + LABEL;
        }
    }
    end(&mut stretch, &mut drawn.line);
}

fn others_values(drawn: &mut Plot, beside: &Beside, axes: &Axes, x: impl Fn(i64) -> f64) {
    let mut stretch = Vec::new();
    // Begin, end and kind of a stretch without numbers.
    let mut gap: Option<(f64, f64, &'static str)> = None;
    let half = beside.step / 2;
    let close = |gap: &mut Option<(f64, f64, &'static str)>, drawn: &mut Plot| {
        let Some((from, to, kind)) = gap.take() else { return };
        let label = format!("{}: {kind}", beside.label);
        // Seven units a letter; what has no room is told by its title, and by the words below.
        let room = label.chars().count() as f64 * 7.0 < to - from;
        drawn.beside_gaps.push(Gap {
            x: at((from + to) / 2.0),
            from: at(from),
            width: at((to - from).max(2.0)),
            label: if room { label.clone() } else { String::new() },
            title: label,
        });
    };
    for &(when, value) in &beside.values {
        match value.filter(|value| value.is_finite()) {
            Some(number) => {
                close(&mut gap, drawn);
                stretch.push(format!("{},{}", at(x(when)), at(axes.y(number))));
            }
            None => {
                end(&mut stretch, &mut drawn.beside);
                let kind = match value {
                    None => "no data",
                    Some(value) if value.is_nan() => "NaN",
                    Some(_) => "Inf",
                };
                let (from, to) = (x(when - half), x(when + half).min(WIDTH - RIGHT));
                match &mut gap {
                    Some((_, until, same)) if *same == kind => *until = to,
                    other => {
                        close(other, drawn);
                        *other = Some((from.max(LEFT), to, kind));
                    }
                }
            }
        }
    }
    close(&mut gap, drawn);
    end(&mut stretch, &mut drawn.beside);
}

fn end(stretch: &mut Vec<String>, lines: &mut Vec<String>) {
    if stretch.len() > 1 {
        lines.push(stretch.join(" "));
    }
    stretch.clear();
}

fn threshold(metric: &Metric, bound: Bound, y: f64) -> Threshold {
    let (from, to) = match bound.op {
        Op::Lt | Op::Le => (ABOVE, y),
        Op::Gt | Op::Ge => (y, GROUND),
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
    use crate::analysis::beside::Beside;
    use delivery::{Measurement, Metric, Requires};

    fn metric(values: &[&str], timed: bool) -> Metric {
        let measurement = |(index, value): (usize, &&str)| Measurement {
            value: (*value).to_owned(),
            finished: timed.then(|| format!("2026-01-01T00:00:{}0Z", index)),
            ..Measurement::default()
        };
        Metric {
            measurements: values.iter().enumerate().map(measurement).collect(),
            requires: Requires { success: "result[0] < 3.5".to_owned(), ..Requires::default() },
            ..Metric::default()
        }
    }

    #[test]
    fn gaps_break_the_line_and_have_names() {
        for timed in [false, true] {
            let plot = plot(&metric(&["[2]", "[3]", "[NaN]", "[]", "", "[4]"], timed), None).expect("a plot");
            let labels: Vec<&str> = plot.gaps.iter().map(|gap| gap.label.as_str()).collect();
            assert_eq!(labels, ["NaN", "no data", "error"]);
            // The last one stands alone.
            assert_eq!((plot.line.len(), plot.dots.len()), (1, 3));
            assert_eq!(plot.bound.expect("a threshold").label, "needs < 3.5");
        }
    }

    #[test]
    fn another_versions_values_stand_on_the_same_axes_with_gaps_of_their_own() {
        // 2026-01-01T00:00:00Z
        let start = 1_767_225_600;
        let values = [Some(1.0), Some(2.0), None, None, Some(f64::NAN), Some(1.5), Some(1.0)];
        let values = values.into_iter().enumerate().map(|(n, value)| (start + 10 * n as i64, value)).collect();
        let beside = Beside { label: "stable".to_owned(), values, step: 10 };
        let drawn = plot(&metric(&["[2]", "[2]"], true), Some(&beside)).expect("a plot");
        let titles: Vec<&str> = drawn.beside_gaps.iter().map(|gap| gap.title.as_str()).collect();
        assert_eq!(titles, ["stable: no data", "stable: NaN"]);
        assert_eq!(drawn.beside.len(), 2);
        // The second value of both is the same at the same time: one place.
        let place = drawn.beside[0].split(' ').nth(1).expect("a place");
        assert_eq!(place, format!("{},{}", drawn.dots[1].x, drawn.dots[1].y));
    }
}
