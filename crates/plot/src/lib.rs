//! Measurements against their bounds, as one page that needs nothing else: no script, no fonts, no pictures from elsewhere.
//!
//! Whatever text comes in is text on the page; a link is one only where it is http or https. No IO.

mod draw;

use askama::Template;
use draw::Drawn;
use gate::condition::Measured;

/// A page.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What it is about.
    pub title: String,
    /// How it ended, in a word.
    pub verdict: String,
    /// Whether that is as it should be.
    pub good: bool,
    /// The same as text.
    pub summary: String,
    /// Whatever was measured, side by side.
    pub sections: Vec<Section>,
}

/// What was measured together.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// Of what.
    pub name: String,
    /// How it ended.
    pub verdict: String,
    /// In a sentence.
    pub what: String,
    /// A plot a metric.
    pub plots: Vec<Plot>,
    /// Lists below the plots.
    pub lists: Vec<List>,
}

/// A metric.
#[derive(Clone, Debug, Default)]
pub struct Plot {
    /// Its name.
    pub name: String,
    /// Its status in a word.
    pub status: String,
    /// Whether it stops the release.
    pub stops: bool,
    /// The bound in words.
    pub wants: String,
    /// The bound as a number.
    pub bound: Option<f64>,
    /// Its measurements.
    pub points: Vec<Point>,
    /// What it asks, by what that is called: the query, conditions.
    pub texts: Vec<(String, String)>,
    /// Where to look further.
    pub links: Vec<Item>,
}

/// A measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// When it was taken, after the start.
    pub seconds: f64,
    /// The value; `None` where there is none.
    pub value: Option<Measured>,
    /// What it counts as.
    pub mark: Mark,
    /// In words.
    pub says: String,
}

/// What a measurement counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It passes.
    Pass,
    /// It fails.
    Fail,
    /// Neither.
    Neither,
}

/// A list.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Of what.
    pub title: String,
    /// Its lines.
    pub items: Vec<Item>,
}

/// A line, which may lead somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// The text.
    pub text: String,
    /// An http or https address; anything else is left out.
    pub link: Option<String>,
}

impl Item {
    /// The address, where it is one that a page may lead to.
    fn href(&self) -> Option<&str> {
        self.link.as_deref().filter(|link| link.starts_with("http://") || link.starts_with("https://"))
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Filled<'a> {
    page: &'a Page,
    sections: Vec<(&'a Section, Vec<Drawn<'a>>)>,
}

impl Page {
    /// The page as HTML.
    ///
    /// # Errors
    /// Where the template cannot be filled, which no input brings about.
    pub fn render(&self) -> Result<String, askama::Error> {
        let sections = self.sections.iter();
        let sections = sections.map(|section| (section, section.plots.iter().map(draw::draw).collect())).collect();
        Filled { page: self, sections }.render()
    }
}
