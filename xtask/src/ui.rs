//! The only place that prints: results to standard output, progress and errors to standard error.

use crate::args::Color;
use crate::error::{CommandError, Kind};
use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use report::{Look, visible};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

/// Columns where the output is no terminal.
const WIDTH: usize = 120;

/// The person's terminal, or what stands in for it.
pub(crate) struct Ui {
    /// How this program was called: `cargo xtask` or `hyperspace`.
    pub(crate) program: String,
    colour_out: bool,
    colour_err: bool,
    quiet: bool,
    /// Whether results go to standard error: another format has standard output.
    aside: bool,
}

/// `cargo xtask` for the binary that cargo's alias runs, else the binary's own name.
pub(crate) fn program_name() -> String {
    let name = std::env::args_os().next().and_then(|arg| Some(Path::new(&arg).file_stem()?.to_str()?.to_owned()));
    match name.as_deref() {
        Some("xtask") => "cargo xtask".to_owned(),
        _ => "hyperspace".to_owned(),
    }
}

impl Ui {
    pub(crate) fn new(program: String, color: Color, quiet: bool) -> Ui {
        let wanted = |auto: ColorChoice| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => !matches!(auto, ColorChoice::Never),
        };
        Ui {
            program,
            colour_out: wanted(AutoStream::choice(&io::stdout())),
            colour_err: wanted(AutoStream::choice(&io::stderr())),
            quiet,
            aside: false,
        }
    }

    /// The same with results on standard error, for who prints something else on standard output.
    pub(crate) fn aside(&self) -> Ui {
        Ui { program: self.program.clone(), colour_out: self.colour_err, aside: true, ..*self }
    }

    /// How reports on standard output look.
    pub(crate) fn look(&self) -> Look {
        Look { colour: self.colour_out, width: width(), program: self.program.clone() }
    }

    /// Prints a result as it is.
    ///
    /// A reader that went away (`| head`) is no error: the exit code still tells what was found.
    pub(crate) fn out(&self, text: &str) -> Result<(), CommandError> {
        if self.aside {
            self.status(text.trim_end_matches('\n'));
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => Err(CommandError::internal("cannot write to standard output").because(&error)),
            Ok(()) => Ok(()),
        }
    }

    /// Prints a line of a result.
    pub(crate) fn line(&self, text: &str) -> Result<(), CommandError> {
        self.out(&format!("{text}\n"))
    }

    /// Prints a heading of a result.
    pub(crate) fn heading(&self, text: &str) -> Result<(), CommandError> {
        if self.colour_out {
            self.line(&format!("\n\u{1b}[1m{text}\u{1b}[0m"))
        } else {
            self.line(&format!("\n{text}"))
        }
    }

    /// Prints commands to try next, each with what it does.
    pub(crate) fn next(&self, commands: &[(String, &str)]) -> Result<(), CommandError> {
        let width = commands.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        commands.iter().try_for_each(|(command, what)| self.line(&format!("  {command:width$}  {what}")))
    }

    /// Says on standard error what goes on; not when quiet.
    pub(crate) fn status(&self, text: &str) {
        if !self.quiet {
            eprint(&format!("{text}\n"));
        }
    }

    /// Tells somebody who looks elsewhere that something lasting has ended: the terminal's title, and its bell.
    #[cfg(feature = "cluster")]
    pub(crate) fn announce(&self, title: &str) {
        if !self.quiet && io::stderr().is_terminal() {
            eprint(&format!("\u{1b}]2;{}\u{7}\u{7}", visible(title).replace('\n', " ")));
        }
    }

    /// Reports why a command could not run.
    pub(crate) fn error(&self, error: &CommandError) {
        let kind = match error.kind {
            Kind::User => "error:",
            Kind::Config => "policy error:",
            Kind::Internal => "internal error:",
        };
        let mut text = format!("{} {}\n", self.paint("1;31", kind), visible(&error.message));
        for cause in &error.causes {
            // A cause may bring the last lines of a program's log.
            let mut lines = cause.lines();
            text.push_str(&format!("  because: {}\n", visible(lines.next().unwrap_or_default())));
            lines.for_each(|line| text.push_str(&format!("    {}\n", visible(line))));
        }
        if let Some(hint) = &error.hint {
            text.push_str(&format!("{} {}\n", self.paint("36", "hint:"), visible(hint)));
        }
        eprint(&text);
    }

    /// Shows that something lasts: a spinner on a terminal, plain lines elsewhere, nothing when quiet.
    pub(crate) fn progress(&self) -> Progress {
        let bar = if self.quiet || !io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        };
        Progress { bar, plain: !self.quiet && !io::stderr().is_terminal() }
    }

    /// Lines that are rewritten on a terminal, and follow each other elsewhere.
    pub(crate) fn lines(&self, count: usize) -> Lines {
        let screen = !self.quiet && io::stderr().is_terminal();
        let all = MultiProgress::with_draw_target(if screen {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        });
        let style = ProgressStyle::with_template("{wide_msg}");
        let bars = (0..count).map(|_| {
            let bar = all.add(ProgressBar::new_spinner());
            if let Ok(style) = &style {
                bar.set_style(style.clone());
            }
            bar
        });
        Lines { bars: bars.collect(), all, plain: !self.quiet && !screen }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour_err { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Columns of the terminal behind standard output.
fn width() -> usize {
    if !io::stdout().is_terminal() {
        return WIDTH;
    }
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0))
}

fn eprint(text: &str) {
    // When standard error is gone there is nobody left to tell.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// A block of lines about things that go on side by side.
pub(crate) struct Lines {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
    plain: bool,
}

impl Lines {
    /// Rewrites a line; where there is no terminal, prints `plain`.
    pub(crate) fn set(&self, line: usize, text: &str, plain: &str) {
        if self.plain {
            eprint(&format!("{}\n", visible(plain)));
        } else if let Some(bar) = self.bars.get(line) {
            bar.set_message(visible(text).into_owned());
            bar.tick();
        }
    }

    /// Whether there is a terminal whose lines are rewritten.
    #[cfg(feature = "cluster")]
    pub(crate) fn rewrites(&self) -> bool {
        !self.plain && !self.all.is_hidden()
    }

    /// Says something above the block.
    pub(crate) fn say(&self, text: &str) {
        if self.plain {
            eprint(&format!("{}\n", visible(text)));
        } else {
            // A terminal that is gone has nobody to tell.
            let _ = self.all.println(visible(text));
        }
    }

    /// Takes the block away.
    pub(crate) fn done(&self) {
        let _ = self.all.clear();
    }
}

/// Steps of something that lasts.
pub(crate) struct Progress {
    bar: ProgressBar,
    plain: bool,
}

impl Progress {
    /// A new step begins.
    pub(crate) fn step(&self, text: &str) {
        self.bar.set_message(visible(text).into_owned());
        if self.plain {
            eprint(&format!("{}\n", visible(text)));
        }
    }

    /// Something within a step, for those who watch.
    pub(crate) fn detail(&self, text: &str) {
        self.bar.set_message(visible(text).into_owned());
    }

    /// Takes the spinner away.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done();
    }
}
