//! `report`: an analysis run as one HTML file.

use super::evidence::{self, About, Evidence};
use super::measured::{shown, time};
use super::trail::{Pointer, Trail, Window};
use super::which::{Scope, run, said};
use crate::args::{ReportArgs, Target};
use crate::error::{CommandError, Doing};
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use contract::Contract;
use delivery::{FailedGate, Metric, Name, Run, View};
use gate::condition::{self, Measured, ResultType, Threshold};
use jiff::Timestamp;
use model::Repository;
use plot::{Item, List, Mark, Page, Plot, Point, Section};
use std::path::PathBuf;

/// Runs `report`.
pub(crate) fn cmd_report(ui: &Ui, args: &ReportArgs) -> Result<Exit, CommandError> {
    args.endpoints.open()?;
    run(async {
        let scope = Scope::of(ui, &args.cluster).await?;
        let view = scope.cluster.look(&scope.release(None)).await.map_err(said)?;
        let (name, run) = chosen(&view, args.run.as_deref())?;
        let (page, found) = page(args, &view, name, run).await?;
        let page = page.render().map_err(|error| CommandError::internal("cannot fill the page").because(&error))?;
        let file = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.html", name.name)));
        files::replace(&file, page.as_bytes()).doing(format!("write {}", file.display()))?;
        ui.line(&report::visible(&format!("{name} is {}; written to {}", run.phase, file.display())))?;
        ui.out(&evidence::text(&found))?;
        Ok(Exit::Done)
    })
}

/// The run that was named, or the newest one.
fn chosen<'v>(view: &'v View, named: Option<&str>) -> Result<(&'v Name, &'v Run), CommandError> {
    let mut all = view.all_runs();
    let Some(named) = named else {
        return all.pop().ok_or_else(|| {
            CommandError::user("there is no analysis run").hint("the cluster keeps those of the last few releases")
        });
    };
    let matching: Vec<_> =
        all.iter().filter(|(name, _)| name.name == named || name.to_string() == named).copied().collect();
    let list = |some: &[(&Name, &Run)]| some.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>().join(", ");
    match matching.as_slice() {
        [one] => Ok(*one),
        [] if all.is_empty() => Err(CommandError::user("there is no analysis run")),
        [] => {
            Err(CommandError::user(format!("there is no analysis run {named}"))
                .hint(format!("there are {}", list(&all))))
        }
        several => Err(CommandError::user(format!("several runs are called {named}")).hint(list(several))),
    }
}

/// The page, and what there is to gates that failed.
async fn page(args: &ReportArgs, view: &View, name: &Name, run: &Run) -> Result<(Page, Vec<Evidence>), CommandError> {
    let trail = Trail::find(&args.endpoints).await?;
    let window = Window::of(run, Timestamp::now());
    let owner = view.rollouts.iter().find(|(_, seen)| seen.object.as_ref().is_some_and(|r| r.uid == run.owner));
    let owner = owner.map(|(name, _)| name.clone());
    let mut lists = Vec::new();
    let mut found: Vec<Evidence> = Vec::new();
    let mut notes = trail.silent.clone();
    match Input::load(&Target { path: args.folder.clone(), policy: None }) {
        Ok(input) => {
            let repository = Repository::read(&input.files, &input.context);
            let contract = Contract::derive(&repository, &input.context);
            let wanted = owner.as_ref().and_then(|owner| evidence::wanted(&contract, owner, &run.hash));
            let rollout = wanted.as_ref().map(|(index, _)| *index);
            let mut searched = None;
            match (wanted.map(|(_, wanted)| wanted.trace), &window) {
                (Some(Ok(wanted)), Some(window)) => {
                    if let Some((search, traces)) = trail.traces(&wanted, window).await {
                        searched = Some(search.clone());
                        let title = format!("Traces of its pods in that time (service {})", wanted.service);
                        lists.push(List { title, items: std::iter::once(search).chain(traces).map(item).collect() });
                    }
                }
                (Some(Err(why)), _) => notes.push(format!("no traces: {why}")),
                _ => notes.push(format!("no traces: {} has no such rollout", args.folder.display())),
            }
            let failed = FailedGate::of(run);
            if owner.is_some() && !failed.is_empty() {
                let checked = rules::check(&repository, &input.context);
                let about = About { trail: &trail, window, rollout, traces: searched };
                found = evidence::evidence(&about, &contract, &checked, &failed);
            }
        }
        Err(error) => notes.push(format!("no traces: {error}")),
    }
    for evidence in found.iter().filter(|evidence| !evidence.findings.is_empty()) {
        let items = evidence.findings.iter().map(|text| Item { text: text.clone(), link: None }).collect();
        lists.push(List { title: format!("What the check says of {}", evidence.gate), items });
    }
    if !notes.is_empty() {
        let items = notes.into_iter().map(|text| Item { text, link: None }).collect();
        lists.push(List { title: "What could not be had".to_owned(), items });
    }
    Ok((assemble(name, run, owner.as_ref(), lists, |query| trail.query(query, &window?)), found))
}

/// The page of what was found.
fn assemble(
    name: &Name,
    run: &Run,
    owner: Option<&Name>,
    lists: Vec<List>,
    look: impl Fn(&str) -> Option<Pointer>,
) -> Page {
    let of = owner.map_or_else(|| "a rollout that is gone".to_owned(), ToString::to_string);
    let plots = run.metrics.iter().map(|metric| plot(run, metric, &look)).collect();
    Page {
        title: format!("Analysis run {name}"),
        verdict: if run.phase.is_empty() { "not begun".to_owned() } else { run.phase.clone() },
        good: run.phase == "Successful" && !run.terminated,
        summary: summary(run, &of),
        sections: vec![Section {
            name: of,
            verdict: format!("canary {}", run.hash),
            what: run.message.clone(),
            plots,
            lists,
        }],
    }
}

fn item(pointer: Pointer) -> Item {
    Item { text: pointer.text, link: Some(pointer.link) }
}

fn summary(run: &Run, owner: &str) -> String {
    let mut lines = vec![format!("rollout    {owner}, canary {}", run.hash)];
    let mut add = |label: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            lines.push(format!("{label:10} {text}"));
        }
    };
    add("revision", run.revision.clone());
    add("step", run.step.map(|step| (step + 1).to_string()).or_else(|| Some("in the background".to_owned())));
    add("started", run.started.clone().or_else(|| Some(run.created.clone())));
    add("ended", run.completed.clone());
    add("ended by", run.terminated.then(|| "whoever set `spec.terminate`".to_owned()));
    add("says", Some(run.message.clone()));
    lines.push(String::new());
    let width = run.metrics.iter().map(|metric| metric.name.chars().count()).max().unwrap_or(0);
    for metric in &run.metrics {
        let of = metric.of.map(|of| format!(" of {of}")).unwrap_or_default();
        let values: Vec<String> = metric.measurements.iter().map(|taken| shown(&taken.value)).collect();
        let dry = if metric.dry_run { ", dry" } else { "" };
        let name = &metric.name;
        lines.push(format!("{name:width$}  {}{dry}  {}{of}  {}", metric.phase, metric.count, values.join(", ")));
    }
    lines.join("\n")
}

fn plot(run: &Run, metric: &Metric, look: &impl Fn(&str) -> Option<Pointer>) -> Plot {
    let start = time(run.started.as_deref()).or_else(|| time(Some(&run.created)));
    let seconds = |finished: Option<&str>| {
        let taken = time(finished).zip(start).map(|(taken, start)| taken.duration_since(start).as_secs_f64());
        taken.unwrap_or_default().max(0.0)
    };
    let points = metric.measurements.iter().map(|taken| {
        let at = seconds(taken.finished.as_deref());
        let why = if taken.message.is_empty() { String::new() } else { format!(" ({})", taken.message) };
        Point {
            seconds: at,
            value: Measured::read(&taken.value),
            mark: match taken.phase.as_str() {
                "Successful" => Mark::Pass,
                "Failed" => Mark::Fail,
                _ => Mark::Neither,
            },
            says: format!("{at:.0} s: {} {}{why}", shown(&taken.value), taken.phase),
        }
    });
    let bound = bound(metric);
    let requires = &metric.requires;
    let texts = [
        ("query", metric.query.clone().unwrap_or_default()),
        ("successCondition", requires.success.clone()),
        ("failureCondition", requires.failure.clone()),
        ("says", metric.message.clone()),
    ];
    Plot {
        name: metric.name.clone(),
        status: if metric.phase.is_empty() { "not measured".to_owned() } else { metric.phase.clone() },
        stops: metric.stops(),
        wants: bound.as_ref().map_or_else(
            || "what its conditions say".to_owned(),
            |bound| format!("{} {}", bound.op.text(), condition::short(bound.value)),
        ),
        bound: bound.map(|bound| bound.value),
        points: points.collect(),
        texts: texts
            .into_iter()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(name, text)| (name.to_owned(), text.trim().to_owned()))
            .collect(),
        links: metric.query.as_deref().and_then(look).map(item).into_iter().collect(),
    }
}

/// The bound of its conditions; what it measured tells their type.
fn bound(metric: &Metric) -> Option<Threshold> {
    let scalar =
        metric.measurements.iter().any(|taken| matches!(Measured::read(&taken.value), Some(Measured::Scalar(_))));
    let ty = if scalar { ResultType::Scalar } else { ResultType::Vector };
    condition::bound_of(&metric.requires.success, &metric.requires.failure, ty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use delivery::{Measurement, Observed, Requires};

    const EVIL: &str = "</pre></script><script>alert(1)</script>\"'><img src=x onerror=alert(1)> {{ 7 }} &amp;";

    fn measured(value: &str, phase: &str, finished: &str) -> Measurement {
        Measurement {
            phase: phase.to_owned(),
            value: value.to_owned(),
            message: String::new(),
            finished: Some(finished.to_owned()),
        }
    }

    fn slow() -> Run {
        let metric = Metric {
            name: "p95".to_owned(),
            phase: "Failed".to_owned(),
            count: 1,
            of: Some(5),
            measurements: vec![
                measured("[772.4]", "Successful", "2026-01-01T00:01:30Z"),
                measured("[4749.5]", "Failed", "2026-01-01T00:01:40Z"),
                measured("[]", "Error", "2026-01-01T00:01:50Z"),
            ],
            query: Some("histogram_quantile(0.95, x)".to_owned()),
            requires: Requires { success: "len(result) > 0 && result[0] < 1000".to_owned(), ..Requires::default() },
            ..Metric::default()
        };
        Run {
            created: "2026-01-01T00:00:00Z".to_owned(),
            started: Some("2026-01-01T00:00:00Z".to_owned()),
            hash: "abc".to_owned(),
            phase: "Failed".to_owned(),
            metrics: vec![metric],
            ..Run::default()
        }
    }

    fn render(run: &Run, lists: Vec<List>) -> String {
        let owner = Name::new("hotrod", "hotrod");
        let look = |query: &str| {
            Some(Pointer { text: format!("graph of {query}"), link: "http://localhost:30102/graph?x=1&y=2".to_owned() })
        };
        assemble(&Name::new("hotrod", "run-1"), run, Some(&owner), lists, look).render().expect("a page")
    }

    #[test]
    fn measurements_stand_against_their_bound() {
        let page = render(&slow(), Vec::new());
        assert_eq!(page.matches("<circle").count(), 3, "{page}");
        assert!(page.contains("class=\"fail\"") && page.contains("<title>100 s: 4750 Failed</title>"), "{page}");
        assert!(page.contains("wants &#60; 1000") && page.contains("class=\"bound\""), "{page}");
        assert!(page.contains("<title>110 s: no data Error</title>"), "{page}");
        assert!(page.contains("href=\"http://localhost:30102/graph?x=1&#38;y=2\""), "{page}");
        // Without a condition there is no line.
        let mut run = slow();
        run.metrics[0].requires = Requires::default();
        assert!(!render(&run, Vec::new()).contains("<line class=\"bound\""));
    }

    #[test]
    fn hostile_strings_stay_text() {
        let mut run = slow();
        run.hash = EVIL.to_owned();
        run.phase = EVIL.to_owned();
        run.message = EVIL.to_owned();
        let metric = &mut run.metrics[0];
        (metric.name, metric.message, metric.query) = (EVIL.to_owned(), EVIL.to_owned(), Some(EVIL.to_owned()));
        (metric.requires.success, metric.requires.failure) = (EVIL.to_owned(), EVIL.to_owned());
        metric.measurements[0] = measured(EVIL, EVIL, EVIL);
        metric.measurements[1].message = EVIL.to_owned();
        let items = ["javascript:alert(1)", "data:text/html,x", EVIL, "https://x/\" onclick=\"alert(1)"];
        let items = items.map(|link| Item { text: EVIL.to_owned(), link: Some(link.to_owned()) }).to_vec();
        let page = render(&run, vec![List { title: EVIL.to_owned(), items }]);
        assert!(!page.contains("<script") && !page.contains("<img") && page.contains("{{ 7 }}"), "{page}");
        assert!(!page.contains("javascript:") && !page.contains("href=\"data:"), "{page}");
        assert!(!page.contains("\" onclick"), "{page}");
        assert_eq!(page.matches("<a ").count(), 2, "the graph, and the one address that is one");
    }

    #[test]
    fn the_newest_run_is_meant() {
        let mut view = View::default();
        for (name, created) in [("a-2-1", "2026-01-01T00:00:02Z"), ("a-2-10", "2026-01-01T00:00:02Z"), ("b", "2025")] {
            let run = Run { created: created.to_owned(), ..Run::default() };
            view.runs.insert(Name::new("n", name), Observed { version: 1, object: Some(run) });
        }
        let name = |named: Option<&str>| chosen(&view, named).map(|(name, _)| name.name.clone());
        assert_eq!(name(None).expect("one"), "a-2-10");
        assert_eq!(name(Some("n/b")).expect("one"), "b");
        let error = name(Some("x")).expect_err("none");
        assert!(error.hint.is_some_and(|hint| hint.contains("n/a-2-1")));
        assert!(chosen(&View::default(), None).is_err());
    }
}
