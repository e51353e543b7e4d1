//! In the place of the trace, in a program that was built without what delivers it.

use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// A run that leaves no trace.
#[derive(Default)]
pub(crate) struct Tracer {
    elsewhere: std::cell::Cell<bool>,
}

impl Tracer {
    pub(crate) fn begin(_command: &str) -> Tracer {
        Tracer::default()
    }

    /// Another build leaves it.
    pub(crate) fn elsewhere(&self) {
        self.elsewhere.set(true);
    }

    pub(crate) fn step(&self, _name: &str) {}

    pub(crate) fn git(&self, _step: &git::Step<'_>) {}

    pub(crate) fn finish(self, ui: &Ui, otlp: Option<&str>, _result: &Result<Exit, CommandError>) {
        if let Some(url) = otlp.filter(|_| !self.elsewhere.get()) {
            ui.status(&format!(
                "{} got no trace of this run: this program was built without the feature `cluster`",
                git::redact(url)
            ));
        }
    }
}
