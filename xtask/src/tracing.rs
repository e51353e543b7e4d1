//! A run as an OpenTelemetry trace: its clock, and its way to a collector.

use crate::commands::cluster::which::{runtime, said};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;
use cluster::{Access, Cluster, Heard};
use contract::{Contract, Intake};
use delivery::{Name, State};
use model::{Context, Repository};
use std::cell::RefCell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use trace::{CONTENT_TYPE, Outcome, PATH, Run, Told, Trace, Value};

/// For the delivery, connecting too: a release is over by then, and nobody waits for its trace.
const LIMIT: Duration = Duration::from_secs(3);

/// A run that is being traced.
pub(crate) struct Tracer {
    run: RefCell<Run>,
    began: (u64, Instant),
    way: RefCell<Option<(Access, Intake)>>,
}

impl Tracer {
    /// Begins with a command.
    pub(crate) fn begin(command: &str) -> Tracer {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let began = (nanoseconds(now), Instant::now());
        let run = Run::begin(fastrand::u128(..), command, began.0);
        Tracer { run: RefCell::new(run), began, way: RefCell::new(None) }
    }

    /// One that goes steadily: the machine's clock may be set.
    fn now(&self) -> u64 {
        self.began.0.saturating_add(nanoseconds(self.began.1.elapsed()))
    }

    /// The next step begins.
    pub(crate) fn step(&self, name: &str) {
        self.run.borrow_mut().step(name, self.now());
    }

    /// Says more about the run.
    pub(crate) fn set(&self, key: &str, value: impl Into<Value>) {
        self.run.borrow_mut().set(key, value);
    }

    /// Takes in a step of git's.
    pub(crate) fn git(&self, step: &git::Step<'_>) {
        match step {
            git::Step::WriteFile { .. } | git::Step::Commit => self.step("commit"),
            git::Step::Push { attempt, .. } => {
                self.step("push");
                let number = i64::try_from(*attempt).unwrap_or(i64::MAX);
                self.run.borrow_mut().event("attempt", self.now(), vec![("number", number.into())]);
            }
            git::Step::Fetch { .. } => self.run.borrow_mut().event("fetch", self.now(), vec![]),
            git::Step::Rebase { .. } => self.run.borrow_mut().event("rebase", self.now(), vec![]),
            _ => {}
        }
    }

    /// Takes in what a release says on its way.
    pub(crate) fn heard(&self, heard: &Heard<'_>) {
        let (mut run, now) = (self.run.borrow_mut(), self.now());
        match heard {
            Heard::State(state) => run.follow(state, now),
            Heard::Doing(effect) => run.act(effect, now),
            Heard::Trouble(error) => run.event("trouble", now, vec![("message", error.to_string().into())]),
        }
    }

    /// Takes in how a release ended.
    pub(crate) fn ended(&self, state: &State) {
        self.run.borrow_mut().ended(state);
    }

    /// The collector of this repository, in this cluster, is where the trace goes.
    pub(crate) fn to(&self, access: Access, repository: &Repository, context: &Context) {
        let intake = Contract::derive(repository, context).intake();
        *self.way.borrow_mut() = intake.map(|intake| (access, intake));
    }

    /// Only a build without this type leaves its trace to another one.
    pub(crate) fn elsewhere(&self) {}

    /// Ends the trace and hands it over; in one line where that does not work, for the run itself went as it went.
    pub(crate) fn finish(self, ui: &Ui, otlp: Option<&str>, result: &Result<Exit, CommandError>) {
        let outcome = match result {
            Ok(Exit::Done) => Outcome::Ok,
            Ok(exit) => Outcome::Error(format!("exit code {}", *exit as u8)),
            Err(error) => Outcome::Error(error.message.clone()),
        };
        let now = self.now();
        let trace = self.run.into_inner().finish(now, &outcome);
        let told = trace::endpoint(otlp, |name| std::env::var(name).ok());
        let (place, delivered) = match (told, self.way.into_inner()) {
            (Told::Off, _) | (Told::Nothing, None) => return,
            (Told::Unusable(why), _) => ("its receiver".to_owned(), Err(why)),
            (Told::To(endpoint), _) => {
                let sent = waited(async { trace::post(&trace, &endpoint, LIMIT).await.map_err(|e| e.to_string()) });
                (git::redact(&endpoint.url), sent)
            }
            (Told::Nothing, Some((access, to))) => {
                let place = format!("{}/{}:{}", to.namespace, to.service, to.port);
                (place, waited(through(&trace, &access, &to)))
            }
        };
        ui.status(&match delivered {
            Ok(()) => format!("trace {} of this run: {place} has it", trace.id()),
            Err(why) => format!("the trace of this run did not reach {place}: {}", why.replace('\n', " ")),
        });
    }
}

fn waited(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    runtime().map_err(|error| error.message)?.block_on(work)
}

async fn through(trace: &Trace, access: &Access, to: &Intake) -> Result<(), String> {
    let service = Name::new(to.namespace.as_str(), to.service.as_str());
    // A connection of its own: the release's may have ended with it.
    let cluster = Cluster::connect(access).await.map_err(|error| said(error).message)?;
    let sent = cluster.post(&service, to.port, PATH, CONTENT_TYPE, trace.encode(), LIMIT).await;
    sent.map_err(|error| said(error).message)
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
