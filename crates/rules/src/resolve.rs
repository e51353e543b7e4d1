//! From routes to spans, and from echoes to causes.

use crate::draft::{Draft, Echo};
use crate::finding::{Finding, Location};
use crate::outcome::Reported;
use model::{Repository, Role};
use yaml::{Position, Route, Step};

/// Resolves places, orders findings by file and position, and joins echoes to their causes.
pub(crate) fn resolve(repository: &Repository, drafts: Vec<Draft>) -> Vec<Reported> {
    let causes = causes(&drafts);
    let mut reported: Vec<(usize, Option<usize>, Reported)> = drafts
        .into_iter()
        .enumerate()
        .map(|(index, draft)| (index, causes.get(index).copied().flatten(), report(repository, draft.finding)))
        .collect();
    reported.sort_by(|(_, _, a), (_, _, b)| {
        let key = |r: &Reported| (r.file.clone(), r.start.line, r.start.column, r.finding.rule);
        key(a).cmp(&key(b))
    });
    let order: Vec<usize> = reported.iter().map(|(index, ..)| *index).collect();
    let position = |index: usize| order.iter().position(|i| *i == index);
    reported
        .into_iter()
        .map(|(_, cause, mut r)| {
            r.finding.caused_by = cause.and_then(position);
            r
        })
        .collect()
}

/// For every draft the root draft that explains it. A draft whose explanation is not there stands for itself.
pub(crate) fn causes(drafts: &[Draft]) -> Vec<Option<usize>> {
    let mut causes: Vec<Option<usize>> = vec![None; drafts.len()];
    let mut root: Vec<bool> = drafts.iter().map(|d| d.echo_of.is_empty()).collect();
    // Two rounds: echoes of plain roots first, then of those that turned out to be roots.
    for _ in 0..2 {
        for (index, draft) in drafts.iter().enumerate() {
            if draft.echo_of.is_empty() || causes.get(index).copied().flatten().is_some() {
                continue;
            }
            let found = draft.echo_of.iter().find_map(|echo| {
                drafts
                    .iter()
                    .enumerate()
                    .position(|(j, d)| j != index && root.get(j) == Some(&true) && matches(echo, d))
            });
            if let (Some(found), Some(slot)) = (found, causes.get_mut(index)) {
                *slot = Some(found);
                if let Some(flag) = root.get_mut(index) {
                    *flag = false;
                }
            }
        }
        for (index, flag) in root.iter_mut().enumerate() {
            // A draft that explains one of its own explanations must not explain itself in a circle.
            *flag = causes.get(index).copied().flatten().is_none();
        }
    }
    // What is left may be an echo of an echo: then its cause is that one's.
    for (index, draft) in drafts.iter().enumerate() {
        if draft.echo_of.is_empty() || causes.get(index).copied().flatten().is_some() {
            continue;
        }
        let cause_of = |j: usize| causes.get(j).copied().flatten().filter(|c| *c != index);
        let found = draft.echo_of.iter().find_map(|echo| {
            drafts.iter().enumerate().find_map(|(j, d)| cause_of(j).filter(|_| j != index && matches(echo, d)))
        });
        if let (Some(found), Some(slot)) = (found, causes.get_mut(index)) {
            *slot = Some(found);
        }
    }
    break_circles(&mut causes);
    causes
}

fn break_circles(causes: &mut [Option<usize>]) {
    for start in 0..causes.len() {
        let mut at = start;
        for _ in 0..causes.len() {
            match causes.get(at).copied().flatten() {
                Some(next) if next == start => {
                    if let Some(slot) = causes.get_mut(start) {
                        *slot = None;
                    }
                    break;
                }
                Some(next) => at = next,
                None => break,
            }
        }
    }
}

fn matches(echo: &Echo, draft: &Draft) -> bool {
    let finding = &draft.finding;
    let named = finding.rule == echo.rule || (echo.rule.ends_with('/') && finding.rule.starts_with(echo.rule));
    // A value of a wrong type, which quotes mend, hides nothing: only text that can't be read does.
    let named = named && (echo.rule != "yaml/" || finding.fix.is_none());
    let Some(place) = echo.within.as_ref().filter(|_| named) else { return named };
    if echo.exact {
        // One finding may speak for several places.
        let mut places = std::iter::once(&finding.at).chain(finding.related.iter().map(|(at, _)| at));
        return places.any(|at| at.file == place.file && at.route == place.route);
    }
    finding.at.file == place.file && finding.at.route.starts_with(&place.route)
}

fn report(repository: &Repository, finding: Finding) -> Reported {
    let file = repository.files.get(finding.at.file).map(|f| f.path.clone()).unwrap_or_default();
    let (path, start, end) = span(repository, &finding.at);
    Reported { finding, file, path, start, end }
}

/// Path and span of the nearest ancestor that exists.
pub(crate) fn span(repository: &Repository, at: &Location) -> (Vec<Step>, Position, Position) {
    let origin = Position { line: 1, column: 1 };
    let file = repository.files.get(at.file);
    let Some(stream) = file.and_then(|f| f.stream.as_ref()) else {
        // Without a text there is no node, but the first byte that is none has its place.
        let bad = file.and_then(|f| match &f.role {
            Role::Unreadable(unreadable) => unreadable.at,
            _ => None,
        });
        let (start, end) = bad.map_or((origin, origin), |(line, column)| {
            (Position { line, column }, Position { line, column: column + 1 })
        });
        return (Vec::new(), start, end);
    };
    if at.route.document == usize::MAX {
        let range = at.within.clone().unwrap_or_default();
        let end = stream.position(range.end.max(range.start));
        return (at.route.steps.clone(), stream.position(range.start), end);
    }
    let mut route: Route = at.route.clone();
    let mut whole = true;
    let node = loop {
        match stream.resolve(&route) {
            Some(node) => break node,
            None => match route.parent() {
                Some(parent) => {
                    whole = false;
                    route = parent;
                }
                None => return (Vec::new(), origin, origin),
            },
        }
    };
    let range = match &at.within {
        Some(within) if whole => node.outer_range(within.clone()),
        _ => node.entry_span(),
    };
    (route.steps.clone(), stream.position(range.start), stream.position(range.end))
}
