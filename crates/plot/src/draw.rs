//! From measurements to places on a plot.

use crate::{Mark, Plot, Point};
use gate::condition::{Measured, short};

/// Plot size in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 120.0;
/// Room for labels.
const LEFT: f64 = 52.0;
const BELOW: f64 = 18.0;

/// A plot with its places.
pub(crate) struct Drawn<'a> {
    pub(crate) plot: &'a Plot,
    /// Height of the bound's line, and its label.
    pub(crate) bound: Option<(String, String)>,
    pub(crate) top: String,
    pub(crate) dots: Vec<Dot<'a>>,
    pub(crate) line: String,
    pub(crate) ticks: Vec<(String, String)>,
}

pub(crate) struct Dot<'a> {
    pub(crate) x: String,
    pub(crate) y: String,
    pub(crate) class: &'static str,
    pub(crate) title: &'a str,
}

fn values(point: &Point) -> &[f64] {
    match &point.value {
        None => &[],
        Some(Measured::Scalar(value)) => std::slice::from_ref(value),
        Some(Measured::Vector(values)) => values,
    }
}

pub(crate) fn draw(plot: &Plot) -> Drawn<'_> {
    let ends = plot.points.iter().map(|point| point.seconds).filter(|s| s.is_finite()).fold(1.0, f64::max);
    let all = plot.points.iter().flat_map(values).copied();
    let top = all.chain(plot.bound).filter(|value| value.is_finite()).fold(0.0, f64::max) * 1.1;
    let top = if top > 0.0 { top } else { 1.0 };
    let x = |seconds: f64| LEFT + (WIDTH - LEFT - 8.0) * (seconds / ends).clamp(0.0, 1.0);
    let y = |value: f64| (HEIGHT - BELOW) - (HEIGHT - BELOW - 8.0) * (value / top).clamp(0.0, 1.0);
    let at = |value: f64| format!("{value:.1}");
    let mut dots = Vec::new();
    for point in &plot.points {
        // What has no height stands on the ground.
        let heights = if values(point).is_empty() { &[0.0][..] } else { values(point) };
        for height in heights {
            dots.push(Dot {
                x: at(x(point.seconds)),
                y: at(y(if height.is_finite() { *height } else { 0.0 })),
                class: match point.mark {
                    Mark::Pass => "pass",
                    Mark::Fail => "fail",
                    Mark::Neither => "none",
                },
                title: &point.says,
            });
        }
    }
    let line: Vec<String> = dots.iter().map(|dot| format!("{},{}", dot.x, dot.y)).collect();
    let first = plot.points.first().map_or(0.0, |point| point.seconds);
    Drawn {
        plot,
        bound: plot.bound.map(|value| (at(y(value)), short(value))),
        top: short(top),
        line: line.join(" "),
        dots,
        ticks: [0.0, first, ends].iter().map(|s| (at(x(*s)), format!("{s:.0} s"))).collect(),
    }
}
