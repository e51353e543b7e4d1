//! The traces of a rollout as a table.

use super::Origin;
use super::filter::{Filter, Sort, Time};
use super::versions::{self, Version};
use super::words::took;
use crate::analysis::Period as RunPeriod;
use crate::html::shown;
use crate::live::{Live, Sources, State, Stream, encode};
use crate::page::{Frame, count};
use crate::release::Crumbs;
use crate::serve::Shared;
use crate::time;
use crate::upstream::{Known, Question, Reply, TraceSearch, Who};
use askama::Template;
use delivery::Name;
use jiff::Timestamp;
use std::collections::BTreeSet;
use telemetry::{Digest, Found, Search};

/// Rows of a page.
const PAGE: usize = 50;
/// Services that can be chosen.
const MOST_SERVICES: usize = 100;

#[derive(Template)]
#[template(path = "traces.html", blocks = ["live"])]
pub(crate) struct TracesPage<'a> {
    frame: Frame<'a>,
    stream: Option<Stream>,
    sources: Sources,
    crumbs: Crumbs,
    form: Form,
    /// What there is, or why nothing can be shown: a sentence and what to set.
    table: Result<Table, Absent>,
}

/// Why there is no table.
pub(crate) struct Absent {
    pub(crate) title: &'static str,
    pub(crate) why: String,
    pub(crate) hint: String,
}

/// The filter, to be changed.
struct Form {
    action: String,
    /// Value, label, whether it is chosen.
    versions: Vec<(String, String, bool)>,
    services: Vec<(String, String, bool)>,
    errors: [(&'static str, &'static str, bool); 3],
    times: Vec<(&'static str, &'static str, bool)>,
    sorts: Vec<(&'static str, &'static str, bool)>,
    min: String,
    run: Option<String>,
    /// The same without any of it.
    all: Option<String>,
}

struct Table {
    headline: String,
    /// Something about what is shown that a reader must know.
    notes: Vec<String>,
    bad: bool,
    versions: Vec<VersionRow>,
    rows: Vec<Row>,
    heads: Vec<Head>,
    page: usize,
    pages: usize,
    earlier: Option<String>,
    later: Option<String>,
    /// The same search in Jaeger.
    jaeger: Option<String>,
}

/// What there is of one version, whatever else is chosen.
struct VersionRow {
    label: String,
    hash: String,
    address: String,
    here: bool,
    traces: usize,
    failed: usize,
    median: String,
    p95: String,
}

/// A column's head, which may sort.
struct Head {
    label: &'static str,
    address: Option<String>,
    here: bool,
}

/// A trace.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) service: String,
    pub(crate) address: String,
    pub(crate) jaeger: Option<String>,
    pub(crate) versions: Vec<(&'static str, String)>,
    pub(crate) began: String,
    pub(crate) took: String,
    /// Of the longest that is shown, in a thousand parts.
    pub(crate) part: i64,
    /// Whether its root failed.
    pub(crate) failed: bool,
    pub(crate) errors: u32,
    pub(crate) spans: u32,
    pub(crate) services: String,
}

/// What the page needs to know; more, once what was asked first is known.
pub(crate) fn questions(shared: &Shared, state: &State, name: &Name, filter: &Filter) -> Vec<Question> {
    let mut all = vec![Question::Folder, Question::Pages(Who::Jaeger)];
    if let Ok(Ok((_, search))) = sought(shared, state, name, filter) {
        all.push(Question::Traces(search));
    }
    all
}

type Sought = (Origin, TraceSearch);

/// The search; inside, why there can be none; outside, that it is not known yet.
fn sought(shared: &Shared, state: &State, name: &Name, filter: &Filter) -> Result<Result<Sought, Absent>, Known> {
    let absent = |title, why: String, hint: &str| Ok(Err(Absent { title, why, hint: hint.to_owned() }));
    if shared.shelf.upstream().jaeger.is_none() {
        return Ok(Err(no_jaeger()));
    }
    let known = shared.shelf.look(&Question::Folder);
    let Some(Reply::Folder(folder)) = &known.reply else { return Err(known) };
    let Some(origin) = Origin::of(&folder.origins, name) else { return Ok(Err(no_origin(shared, name))) };
    let (hash, period) = match &filter.run {
        None => (None, filter.time.period()),
        Some(asked) => {
            let at = Name::new(&name.namespace, asked);
            let run = state.view.runs.get(&at).and_then(|seen| seen.object.as_ref());
            let Some((run, period)) = run.and_then(|run| Some((run, RunPeriod::of(run)?))) else {
                return absent(
                    "No such analysis run",
                    format!("The cluster has no analysis run {}.", shown(asked)),
                    "It keeps those of the last few releases; the table without `run=` shows all traces.",
                );
            };
            (Some(run.hash.as_str()), period.asked())
        }
    };
    match origin.search(name, hash, period) {
        Ok(search) => Ok(Ok((origin.clone(), search))),
        Err(why) => Ok(Err(untold(&why))),
    }
}

/// Without a server to ask.
pub(crate) fn no_jaeger() -> Absent {
    Absent {
        title: "No Jaeger",
        why: "This console has no Jaeger to ask for traces.".to_owned(),
        hint: "`--jaeger URL` names its query service, such as http://localhost:30103.".to_owned(),
    }
}

/// Without a rollout in the repository.
pub(crate) fn no_origin(shared: &Shared, name: &Name) -> Absent {
    Absent {
        title: "Its traces cannot be told",
        why: format!(
            "The repository {} has no rollout {}, so nothing says which service its requests reach first and which \
             attribute tells its versions apart.",
            shared.folder(),
            shown(&name.to_string())
        ),
        hint: "Start the console on the folder that deploys it: `console FOLDER`.".to_owned(),
    }
}

/// Where the repository says too little.
pub(crate) fn untold(why: &str) -> Absent {
    Absent {
        title: "Its traces cannot be told",
        why: format!("By the repository, {}.", shown(why)),
        hint: "`check` says what is wrong with the collector; the policy says what a workload emits.".to_owned(),
    }
}

impl<'a> TracesPage<'a> {
    /// The same, going on.
    pub(crate) fn with(self, stream: Option<Stream>) -> Self {
        Self { stream, ..self }
    }

    pub(crate) fn of(shared: &'a Shared, live: &Live, state: &State, name: &Name, filter: &Filter) -> TracesPage<'a> {
        let mut sources = Sources::of(live, state);
        let versions = versions::versions(state, name);
        let mut services = BTreeSet::new();
        let table = match sought(shared, state, name, filter) {
            Err(known) => {
                sources.upstream(&Question::Folder, &known);
                None
            }
            Ok(Err(absent)) => Some(Err(absent)),
            Ok(Ok((origin, search))) => {
                let question = Question::Traces(search.clone());
                let known = shared.shelf.look(&question);
                sources.upstream(&question, &known);
                match &known.reply {
                    Some(Reply::Traces(found)) => {
                        services = found.digests.iter().flat_map(|digest| digest.services.keys().cloned()).collect();
                        Some(Ok(Table::of(&Asked { shared, name, filter, versions: &versions, origin, search }, found)))
                    }
                    _ => None,
                }
            }
        };
        // The sources say what is missing, or that it is being read.
        let unread = || Absent { title: "Traces", why: String::new(), hint: String::new() };
        TracesPage {
            frame: shared.frame("/rollouts/"),
            stream: None,
            sources,
            crumbs: Crumbs::of(name, "traces"),
            form: Form::of(name, filter, &versions, &services),
            table: table.unwrap_or_else(|| Err(unread())),
        }
    }
}

impl Form {
    fn of(name: &Name, filter: &Filter, versions: &[Version], services: &BTreeSet<String>) -> Form {
        let chosen = |value: &Option<String>, key: &str| value.as_deref().unwrap_or_default() == key;
        let mut all_versions = vec![(String::new(), "all versions".to_owned(), filter.version.is_none())];
        for version in versions {
            let key = if version.role.is_empty() { shown(&version.hash) } else { version.role.to_owned() };
            let here = filter.version.as_deref().is_some_and(|asked| asked == key || asked == version.hash);
            all_versions.push((key, version.label(), here));
        }
        let mut names: BTreeSet<&String> = services.iter().take(MOST_SERVICES).collect();
        names.extend(&filter.service);
        let mut all_services = vec![(String::new(), "any service".to_owned(), filter.service.is_none())];
        all_services.extend(names.into_iter().map(|key| (shown(key), shown(key), chosen(&filter.service, key))));
        Form {
            action: format!("{}/traces", crate::live::address(name)),
            versions: all_versions,
            services: all_services,
            errors: [
                ("", "failed or not", filter.error.is_none()),
                ("true", "failed", filter.error == Some(true)),
                ("false", "not failed", filter.error == Some(false)),
            ],
            times: Time::ALL.map(|time| (time.key(), time.label(), filter.time == time)).to_vec(),
            sorts: Sort::ALL.map(|sort| (sort.key(), sort.label(), filter.sort == sort)).to_vec(),
            min: filter.min.as_deref().map(shown).unwrap_or_default(),
            run: filter.run.as_deref().map(shown),
            all: (*filter != Filter::default()).then(|| Filter::default().address(name)),
        }
    }
}

/// What a table is made for.
struct Asked<'a> {
    shared: &'a Shared,
    name: &'a Name,
    filter: &'a Filter,
    versions: &'a [Version],
    origin: Origin,
    search: TraceSearch,
}

impl Table {
    fn of(asked: &Asked<'_>, found: &Found) -> Table {
        let Asked { shared, name, filter, versions, .. } = *asked;
        let (least, mut notes) = match filter.least() {
            Ok(least) => (least, Vec::new()),
            Err(text) => (0, vec![format!("“{}” is no duration; 200ms and 1.5s are.", shown(text))]),
        };
        let version = filter.version.as_deref().map(|text| versions::meant(versions, text));
        if let Some(None) = version {
            let text = shown(filter.version.as_deref().unwrap_or_default());
            notes.push(format!("There is no version “{text}” now: a canary that was promoted is the stable version."));
        }
        if found.more {
            notes.push(format!("These are the newest {} of that time.", found.digests.len()));
        }
        let fits = |digest: &&Digest| {
            digest.duration >= least
                && filter.error.is_none_or(|failed| digest.failed == failed)
                && filter.service.as_ref().is_none_or(|service| digest.services.contains_key(service))
        };
        let fitting: Vec<&Digest> = found.digests.iter().filter(fits).collect();
        let mut rows: Vec<&Digest> = match version {
            None => fitting.clone(),
            Some(None) => Vec::new(),
            Some(Some(version)) => {
                fitting.iter().copied().filter(|digest| versions::took_part(version, digest)).collect()
            }
        };
        sort(&mut rows, filter.sort);
        let failed = rows.iter().filter(|digest| digest.failed).count();
        let pages = rows.len().div_ceil(PAGE).max(1);
        let page = filter.page.min(pages - 1);
        let at = |page: usize| Filter { page, ..filter.clone() }.address(name);
        let linked = shared.jaeger_pages();
        Table {
            headline: headline(filter, &rows, failed),
            notes,
            bad: failed > 0,
            versions: versions
                .iter()
                .map(|version| {
                    let own: Vec<&Digest> =
                        fitting.iter().copied().filter(|digest| versions::took_part(version, digest)).collect();
                    version_row(name, filter, version, &own)
                })
                .filter(|row| row.traces > 0 || row.here || !row.label.starts_with("revision"))
                .collect(),
            heads: heads(name, filter),
            earlier: (page > 0).then(|| at(page - 1)),
            later: (page + 1 < pages).then(|| at(page + 1)),
            page: page + 1,
            pages,
            jaeger: linked.map(|jaeger| jaeger.search_page(&in_jaeger(asked, least, version.flatten()))),
            rows: {
                let longest = rows.iter().map(|digest| digest.duration).max().unwrap_or(1).max(1);
                let shown = rows.iter().skip(page * PAGE).take(PAGE);
                shown.map(|digest| row(name, versions, digest, longest, linked)).collect()
            },
        }
    }
}

/// In a sentence.
fn headline(filter: &Filter, rows: &[&Digest], failed: usize) -> String {
    let time = match &filter.run {
        Some(run) => format!("in the time of {}", shown(run)),
        None => format!("in {}", filter.time.label()),
    };
    if rows.is_empty() {
        return format!("No such trace {time}");
    }
    let slowest = rows.iter().map(|digest| digest.duration).max().unwrap_or_default();
    let failed = if failed == 0 { "none failed".to_owned() } else { format!("{failed} failed") };
    format!("{} {time}: {failed}, the slowest took {}", count(rows.len(), "trace"), took(slowest))
}

/// Failed first, then the slowest; or as asked.
pub(crate) fn sort(rows: &mut [&Digest], sort: Sort) {
    rows.sort_by(|one, other| {
        let slower = other.duration.cmp(&one.duration);
        match sort {
            Sort::Worst => other.failed.cmp(&one.failed).then(slower),
            Sort::Slowest => slower,
            Sort::Newest => other.start.cmp(&one.start),
            Sort::Errors => other.errors.cmp(&one.errors).then(slower),
            Sort::Spans => other.spans().cmp(&one.spans()).then(slower),
        }
        .then_with(|| one.id.cmp(&other.id))
    });
}

fn version_row(name: &Name, filter: &Filter, version: &Version, own: &[&Digest]) -> VersionRow {
    let mut durations: Vec<i64> = own.iter().map(|digest| digest.duration).collect();
    durations.sort_unstable();
    let share = |share: f64| {
        let at = ((durations.len() as f64 * share).ceil() as usize).saturating_sub(1);
        durations.get(at).map_or_else(|| "–".to_owned(), |duration| took(*duration))
    };
    let key = if version.role.is_empty() { &version.hash } else { version.role };
    VersionRow {
        label: version.label(),
        hash: shown(&version.hash),
        address: filter.but(|other| other.version = Some(key.to_owned())).address(name),
        here: filter.version.as_deref().is_some_and(|asked| asked == version.role || asked == version.hash),
        traces: own.len(),
        failed: own.iter().filter(|digest| digest.failed).count(),
        median: share(0.5),
        p95: share(0.95),
    }
}

fn heads(name: &Name, filter: &Filter) -> Vec<Head> {
    let head = |label, sort: Option<Sort>| Head {
        label,
        address: sort.map(|sort| filter.but(|other| other.sort = sort).address(name)),
        here: sort == Some(filter.sort),
    };
    vec![
        head("Trace", None),
        head("Version", None),
        head("Began", Some(Sort::Newest)),
        head("Took", Some(Sort::Slowest)),
        head("Failed spans", Some(Sort::Errors)),
        head("Spans", Some(Sort::Spans)),
        head("Services", None),
    ]
}

/// A trace as a row.
pub(crate) fn row(
    name: &Name,
    versions: &[Version],
    digest: &Digest,
    longest: i64,
    jaeger: Option<&telemetry::Jaeger>,
) -> Row {
    let (service, operation) = &digest.root;
    let services: Vec<String> = digest.services.iter().map(|(service, spans)| format!("{service} {spans}")).collect();
    let versions = versions::of_digest(versions, digest);
    Row {
        name: if operation.is_empty() { "no root".to_owned() } else { shown(operation) },
        service: shown(service),
        address: format!("/traces/{}?of={}", encode(&digest.id), encode(&name.to_string())),
        jaeger: jaeger.map(|jaeger| jaeger.trace_page(&digest.id)),
        versions: versions.iter().map(|version| (version.role, version.label())).collect(),
        began: Timestamp::from_microsecond(digest.start).map(time::moment).unwrap_or_default(),
        took: took(digest.duration),
        part: (digest.duration.max(0) as f64 / longest as f64 * 1000.0) as i64,
        failed: digest.failed,
        errors: digest.errors,
        spans: digest.spans(),
        services: shown(&services.join(", ")),
    }
}

/// The same search as Jaeger takes it.
fn in_jaeger(asked: &Asked<'_>, least: i64, version: Option<&Version>) -> Search {
    let Asked { filter, origin, search, .. } = asked;
    let mut all = search.search(Timestamp::now().as_microsecond());
    // A minute's end, so that the page is the same for a while.
    let minute = |at: i64| at.div_euclid(60_000_000) * 60_000_000;
    (all.start, all.end) = (minute(all.start), minute(all.end) + 60_000_000);
    all.limit = 100;
    all.min_duration = least;
    if let Some(service) = &filter.service {
        all.service.clone_from(service);
    }
    if let Some((attribute, version)) = origin.hash_attribute().zip(version) {
        all.tags.insert(attribute.to_owned(), version.hash.clone());
    }
    if filter.error == Some(true) {
        all.tags.insert("error".to_owned(), "true".to_owned());
    }
    all
}
