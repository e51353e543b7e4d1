//! The report for people: cause with its source, consequence at run time, fix, and echoes under their cause.

use crate::excerpt::Excerpts;
use crate::visible::visible;
use crate::{Sources, groups};
use annotate_snippets::renderer::{AnsiColor, Style};
use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};
use rules::{Judged, Report, Reported, Safety, Severity};
use std::fmt::Write as _;

/// Echoes named under their cause; the others are counted.
const MOST_ECHOES: usize = 6;

/// How a report looks.
#[derive(Clone, Debug)]
pub struct Look {
    /// ANSI colours.
    pub colour: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// How the reader calls this program, for the hints: `cargo xtask`, `hyperspace`.
    pub program: String,
}

/// Every root finding with an excerpt, its consequence, fix and echoes, then the [`summary`]. Ends with a line end.
pub fn human(report: &Report, sources: &dyn Sources, look: &Look) -> String {
    let renderer = if look.colour { Renderer::styled() } else { Renderer::plain() }.term_width(look.width.max(40));
    let mut excerpts = Excerpts::default();
    let mut out = String::new();
    for (root, echoes) in groups(report) {
        let group = describe(root, &echoes, sources, &mut excerpts);
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out.push_str(&summary(report, look));
    out
}

fn describe<'a>(
    root: &'a Reported,
    echoes: &[&'a Reported],
    sources: &'a dyn Sources,
    excerpts: &mut Excerpts<'a>,
) -> Group<'a> {
    let finding = &root.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut elements: Vec<Element<'a>> = Vec::new();
    let path = visible(&root.file);
    let excerpt = sources.text(&root.file).and_then(|text| excerpts.of(root, text));
    let whole = excerpt.as_ref().is_some_and(|excerpt| !excerpt.cut);
    if !whole {
        // The renderer counts columns in the excerpt, which is not the file's line here.
        let origin = Origin::path(path.clone()).line(root.start.line).char_column(root.start.column);
        elements.push(origin.into());
    }
    if let Some(excerpt) = excerpt {
        let mark = AnnotationKind::Primary.span(excerpt.mark);
        let snippet = Snippet::source(excerpt.text).line_start(excerpt.first).fold(false).annotation(mark);
        elements.push(if whole { snippet.path(path) } else { snippet }.into());
    }
    let mut say = |level: Level<'a>, text: String| elements.push(level.message(text).into());
    if !finding.consequence.is_empty() {
        say(Level::NOTE.with_name("at run time"), visible(&finding.consequence).into_owned());
    }
    for (location, label) in &finding.related {
        let place = sources
            .place(location)
            .map(|place| format!(" ({}:{}:{})", visible(&place.file), place.start.line, place.start.column));
        say(Level::NOTE, format!("{}{}", visible(label), place.unwrap_or_default()));
    }
    for echo in echoes.iter().take(MOST_ECHOES) {
        let text = format!(
            "{} ({}:{}:{}, {})",
            visible(&echo.finding.message),
            visible(&echo.file),
            echo.start.line,
            echo.start.column,
            echo.finding.rule
        );
        say(Level::NOTE.with_name("hence"), text);
    }
    if echoes.len() > MOST_ECHOES {
        say(Level::NOTE.with_name("hence"), format!("{} more", echoes.len() - MOST_ECHOES));
    }
    if let Some(fix) = &finding.fix {
        let name = match fix.safety {
            Safety::Safe => "fix",
            Safety::Unsafe => "unsafe fix",
        };
        say(Level::HELP.with_name(name), visible(&fix.title).into_owned());
    }
    level.primary_title(visible(&finding.message)).id(finding.rule).elements(elements)
}

/// The closing lines: what was found, what was judged, what a fix would mend, what was passed over.
pub fn summary(report: &Report, look: &Look) -> String {
    let (errors, warnings) = (report.errors(), report.warnings());
    let paint =
        |style: Style, text: &str| if look.colour { format!("{style}{text}{style:#}") } else { text.to_owned() };
    let red = AnsiColor::BrightRed.on_default().bold();
    let yellow = AnsiColor::Yellow.on_default().bold();
    let green = AnsiColor::BrightGreen.on_default().bold();
    let mut out = String::new();
    let verdict = match (errors, warnings) {
        (0, 0) if report.judged.nothing() => paint(yellow, "nothing to judge"),
        (0, 0) => paint(green, "clean"),
        (0, w) => paint(yellow, &count(w, "warning")),
        (e, 0) => paint(red, &count(e, "error")),
        (e, w) => format!("{}, {}", paint(red, &count(e, "error")), paint(yellow, &count(w, "warning"))),
    };
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(out, "{verdict}: {}", judged(&report.judged));
    if let Some(hint) = mendable(report, &look.program) {
        let _ = writeln!(out, "{hint}");
    }
    if report.judged.nothing() {
        let _ = writeln!(
            out,
            "{}: no collector configuration, no gate and no rollout was found here: the rules had nothing to look at",
            paint(yellow, "warning")
        );
    }
    out.push_str(&evidence(&report.judged));
    for note in &report.judged.notes {
        let _ = writeln!(out, "note: {}", visible(note));
    }
    out
}

fn judged(judged: &Judged) -> String {
    format!(
        "judged {}, {} and {} in {}",
        count(judged.collectors, "collector"),
        count(judged.gates, "gate"),
        count(judged.rollouts, "rollout"),
        count(judged.files, "manifest")
    )
}

/// More gates than this are not told one by one; `gates` has them all.
const TOLD: usize = 12;

/// What it takes to promote and to abort.
fn evidence(judged: &Judged) -> String {
    let mut out = String::new();
    for e in judged.evidence.iter().take(TOLD) {
        let promotes = e.promotes.as_deref().unwrap_or("nothing");
        let aborts = e.aborts.as_deref().unwrap_or("nothing");
        let _ = writeln!(out, "gate {}: promotes on {promotes}; aborts on {aborts}", visible(&e.gate));
    }
    if judged.evidence.len() > TOLD {
        let _ = writeln!(out, "… and {} more gates", judged.evidence.len() - TOLD);
    }
    out
}

fn mendable(report: &Report, program: &str) -> Option<String> {
    let fixes = |safety| {
        let of =
            |f: &&Reported| f.finding.caused_by.is_none() && f.finding.fix.as_ref().is_some_and(|x| x.safety == safety);
        report.findings.iter().filter(of).count()
    };
    match (fixes(Safety::Safe), fixes(Safety::Unsafe)) {
        (0, 0) => None,
        (safe, 0) => Some(format!("`{program} fix` mends {safe} of them")),
        (0, n) => Some(format!("`{program} fix --unsafe-fixes` mends {n} of them; look at the diff first")),
        (safe, n) => Some(format!("`{program} fix` mends {safe} of them, --unsafe-fixes {n} more")),
    }
}

/// `1 error`, `2 errors`.
fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}
