//! How the pages' sources do, in words.

use super::{Feed, Live, State};
use crate::html::shown;
use crate::time;
use crate::upstream::{Known, Question, Who};

/// What stands above every live page.
pub(crate) struct Sources {
    pub(crate) context: String,
    /// Watches that have not shown everything yet.
    pub(crate) reading: Vec<&'static str>,
    pub(crate) troubles: Vec<Trouble>,
    /// Servers that have not answered a page's first question yet.
    pub(crate) asking: Vec<&'static str>,
}

/// Watches that show nothing, or what was.
pub(crate) struct Trouble {
    pub(crate) what: String,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) since: String,
    /// Whether what is shown is how it was.
    pub(crate) stale: bool,
}

impl Sources {
    pub(crate) fn of(live: &Live, state: &State) -> Sources {
        let mut troubles: Vec<Trouble> = Vec::new();
        let mut reading = Vec::new();
        for (name, feed) in &state.feeds {
            match feed {
                Feed::Current => {}
                Feed::Reading => reading.push(*name),
                Feed::Broken { since, message, hint, stale } => {
                    let message = shown(message);
                    // A cluster that is away breaks all of them in the same words.
                    match troubles.iter_mut().find(|trouble| trouble.message == message && trouble.stale == *stale) {
                        Some(trouble) => {
                            trouble.what.push_str(", ");
                            trouble.what.push_str(name);
                        }
                        None => troubles.push(Trouble {
                            what: (*name).to_owned(),
                            message,
                            hint: hint.as_deref().map(shown),
                            since: time::moment(*since),
                            stale: *stale,
                        }),
                    }
                }
            }
        }
        Sources { context: shown(live.context()), reading, troubles, asking: Vec::new() }
    }

    /// Of a page that shows nothing of the cluster's objects.
    pub(crate) fn none(live: &Live) -> Sources {
        let (reading, troubles, asking) = (Vec::new(), Vec::new(), Vec::new());
        Sources { context: shown(live.context()), reading, troubles, asking }
    }

    /// The same with a server that a page asks.
    pub(crate) fn upstream(&mut self, question: &Question, known: &Known) {
        let what = question.who();
        if known.pending() && !self.asking.contains(&what) {
            self.asking.push(what);
        }
        let Some((since, message)) = &known.trouble else { return };
        let trouble = Trouble {
            what: what.to_owned(),
            message: shown(message),
            hint: Some(hint(question).to_owned()),
            since: time::moment(*since),
            stale: known.reply.is_some(),
        };
        if !self.troubles.iter().any(|had| had.what == trouble.what && had.message == trouble.message) {
            self.troubles.push(trouble);
        }
    }
}

/// What a person can do.
fn hint(question: &Question) -> &'static str {
    match question {
        Question::Folder | Question::Commits => "It says which traces are whose; `check` shows the same.",
        Question::Traces(_) | Question::Trace(_) | Question::Pages(Who::Jaeger) => {
            "`--jaeger URL` names its query service."
        }
        Question::Values(_) | Question::Samples(_) | Question::Pages(Who::Prometheus) => "`--prometheus URL` names it.",
    }
}
