//! Facts become checks.

use crate::facts::{Facts, Git, PodCount, Seen, Trace};
use crate::{Check, TraceWanted};
use delivery::{Name, Release, RolloutTarget, Standing, assess, short};
use gate::analysis::Outcome;
use gate::condition::Measured;
use model::{image_tag, older_tag, same_image};

/// Judges everything: a line each, in the order of the chain from git to the gates.
pub fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![clean(&facts.git), pushed(&facts.git)];
    checks.extend(applications(facts));
    if facts.releases.is_empty() && facts.undeployed.is_empty() {
        checks.push(Check::fail(
            "rollout",
            "nothing here is released by gates",
            "a Rollout with an analysis is missing",
        ));
    }
    for name in &facts.undeployed {
        let found = "no Application that follows this repository deploys it";
        checks
            .push(Check::fail(format!("rollout {name}"), found, "push it, and wait for the sync (`watch`)").for_now());
    }
    for seen in &facts.releases {
        checks.push(image(facts, seen));
        checks.push(promoted(facts, seen));
        checks.push(series(seen));
        checks.push(trace(seen));
        checks.extend(gates(seen));
    }
    checks
}

fn clean(git: &Git) -> Check {
    match git.uncommitted.as_slice() {
        [] => Check::ok("tree clean", "everything is committed"),
        some => {
            let more = if some.len() > 3 { format!(" and {} more", some.len() - 3) } else { String::new() };
            let first: Vec<&str> = some.iter().take(3).map(String::as_str).collect();
            let found = format!("not committed: {}{more}", first.join(", "));
            Check::fail("tree clean", found, "commit it, or put it away (`git stash -u`)")
        }
    }
}

fn pushed(git: &Git) -> Check {
    const NAME: &str = "commit pushed";
    let (branch, url) = (&git.branch, &git.url);
    match &git.remote {
        None => Check::fail(NAME, "there is no branch or no remote to push to", "`git remote -v` lists the remotes"),
        Some(Err(error)) => Check::fail(NAME, format!("{url} does not say: {error}"), "`git ls-remote` tells more"),
        Some(Ok(None)) => {
            Check::fail(NAME, format!("{url} has no branch {branch}"), "push it: `fix-and-push`, or `git push`")
        }
        Some(Ok(Some(there))) if *there == git.commit && !there.is_empty() => {
            Check::ok(NAME, format!("{branch} of {url} is at {}", short(there)))
        }
        Some(Ok(Some(there))) => {
            let found = format!("{branch} of {url} is at {}, not at {}", short(there), short(&git.commit));
            Check::fail(NAME, found, "push it: `fix-and-push`, or `git push`; or pull what is new there")
        }
    }
}

fn applications(facts: &Facts) -> Vec<Check> {
    if facts.applications.is_empty() {
        let they = match facts.elsewhere.as_str() {
            "" => String::new(),
            elsewhere => format!(": they follow {elsewhere}"),
        };
        let found = format!("no Application follows branch {} of {}{they}", facts.git.branch, facts.git.url);
        let todo = "apply the ApplicationSet with this repository's URL and branch, or name the branch that it follows \
                    (`--branch`); a policy's `repositories` pairs two URLs of one";
        return vec![Check::fail("applications", found, todo)];
    }
    let each = facts.applications.iter().map(|name| {
        let release =
            Release { commit: Some(facts.git.commit.clone()), applications: vec![name.clone()], ..Release::default() };
        let check = format!("application {}", name.name);
        match assess(&release, &facts.view) {
            Ok(_) => Check::ok(check, format!("Synced and Healthy at {}", short(&facts.git.commit))),
            Err(why) => standing(check, &why, "`refresh` asks Argo CD to look into git, `status` shows its complaints"),
        }
    });
    each.collect()
}

fn standing(name: String, why: &Standing, todo: &str) -> Check {
    let check = Check::fail(name, why.to_string(), todo);
    if matches!(why, Standing::Waiting(_)) { check.for_now() } else { check }
}

fn image(facts: &Facts, seen: &Seen) -> Check {
    let name = format!("image of {}", seen.wanted.rollout);
    let Some(rollout) = facts.view.rollout(&seen.wanted.rollout) else {
        return Check::fail(name, "the rollout is not there", "`status` shows what is").for_now();
    };
    let Some((image, target)) = &seen.wanted.target else {
        return match rollout.images.as_slice() {
            [] => Check::fail(name, "its template names none", "`kubectl argo rollouts get rollout` shows it"),
            images => Check::ok(name, images.join(", ")),
        };
    };
    let Some(has) = rollout.images.iter().find(|has| same_image(image, has)) else {
        let found = format!("it runs {}, and not {image}", rollout.images.join(", "));
        return Check::fail(name, found, "the policy's `rollouts` says which image is asked for");
    };
    match image_tag(has) {
        Some(tag) if !older_tag(tag, target) && (tag == target || older_tag(target, tag)) => {
            Check::ok(name, format!("{has}; {target} is asked for"))
        }
        _ => Check::fail(name, format!("{has}, and {target} is asked for"), "`fix` sets the tag; commit and push it"),
    }
}

fn promoted(facts: &Facts, seen: &Seen) -> Check {
    let wanted = &seen.wanted;
    let target =
        RolloutTarget { name: wanted.rollout.clone(), image: None, gates: wanted.measured, ..RolloutTarget::default() };
    let release = Release { rollouts: vec![target], ..Release::default() };
    let name = format!("promotion of {}", wanted.rollout);
    let todo = "only a release whose gates measured and passed counts: `watch` follows it, `retry` takes an aborted one up, \
                and a new pod template begins another";
    match assess(&release, &facts.view) {
        Ok(runs) if runs.is_empty() => Check::fail(name, "no analysis run let it through", todo),
        Ok(runs) => {
            let runs: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
            Check::ok(name, format!("by {}, with at least {} gates measured", runs.join(", "), wanted.measured))
        }
        Err(why) => standing(name, &why, todo),
    }
}

/// The pods that the series must be of.
fn pods(seen: &Seen) -> Result<&[String], String> {
    match &seen.pods {
        Err(error) => Err(format!("its pods cannot be listed: {error}")),
        Ok(pods) if pods.is_empty() => Err("no pod of its current template runs".to_owned()),
        Ok(pods) => Ok(pods),
    }
}

fn series(seen: &Seen) -> Check {
    let name = format!("span metrics of {}", seen.wanted.rollout);
    let todo =
        "`gates` shows which series are expected; do requests reach every pod, and is the collector's target up?";
    let pods = match pods(seen) {
        Ok(pods) => pods,
        Err(why) => return Check::fail(name, why, "`status` shows the rollout").for_now(),
    };
    let wanted = match &seen.wanted.series {
        Ok(wanted) if !wanted.is_empty() => wanted,
        Ok(_) => return Check::fail(name, "none are expected", todo),
        Err(why) => return Check::fail(name, why.clone(), "`check` finds what is missing in the collector"),
    };
    for (at, one) in wanted.iter().enumerate() {
        let counts = match seen.series.get(at) {
            Some(Ok(counts)) => counts,
            Some(Err(error)) => {
                return Check::fail(name, error.clone(), "does --prometheus name the cluster's?").for_now();
            }
            None => return Check::fail(name, format!("{} was not asked for", one.metric), todo),
        };
        let missing: Vec<&str> = match one.pod {
            Some(_) => pods.iter().map(String::as_str).filter(|pod| !has(counts, pod)).collect(),
            None if counts.iter().any(|sample| sample.count > 0.0) => Vec::new(),
            None => vec!["its current pods"],
        };
        if !missing.is_empty() {
            let found = format!("Prometheus has no {} of {}", one.metric, missing.join(", "));
            return Check::fail(name, found, todo).for_now();
        }
    }
    let metrics: Vec<&str> = wanted.iter().map(|one| one.metric.as_str()).collect();
    Check::ok(name, format!("{} of {}", metrics.join(", "), pods.join(", ")))
}

fn has(counts: &[PodCount], pod: &str) -> bool {
    counts.iter().any(|sample| sample.pod == pod && sample.count > 0.0)
}

/// Jaeger does not store who delivered a span. What proves the way: the pods' only exporter points at the collector (so
/// says the commit that is deployed), and the collector counts the spans of the very pod that sent this trace.
fn trace(seen: &Seen) -> Check {
    let name = format!("trace of {}", seen.wanted.rollout);
    let wanted = match &seen.wanted.trace {
        Ok(wanted) => wanted,
        Err(why) => return Check::fail(name, why.clone(), "`check` finds what is missing on the spans' way"),
    };
    let todo = "send a ride; `lab logs`, or the collector's log, says whether it reaches Jaeger";
    let traces = match &seen.traces {
        Ok(traces) => traces,
        Err(error) => return Check::fail(name, error.clone(), "does --jaeger name the cluster's?").for_now(),
    };
    if traces.is_empty() {
        let found = format!("Jaeger has no trace of {} from its current pods", wanted.service);
        return Check::fail(name, found, todo).for_now();
    }
    let pods = match pods(seen) {
        Ok(pods) => pods,
        Err(why) => return Check::fail(name, why, "`status` shows the rollout").for_now(),
    };
    let all: Vec<(&str, Option<&str>)> =
        traces.iter().filter_map(|trace| Some((trace.id.as_str(), of(trace, wanted, pods)?))).collect();
    let Some((id, pod)) = all.iter().find(|(_, pod)| counted(seen, *pod)).or(all.first()).copied() else {
        let found = format!("none of {} traces is of {} in its current pods", traces.len(), wanted.service);
        return Check::fail(name, found, todo).for_now();
    };
    let who = pod.unwrap_or("its pods");
    if !counted(seen, pod) {
        // Who does not answer has counted neither this way nor the other.
        if let Some(error) = seen.series.iter().find_map(|counts| counts.as_ref().err()) {
            let found = format!("{id} is of {who}; whether it came through {} nobody says: {error}", wanted.collector);
            return Check::fail(name, found, "does --prometheus name the cluster's?").for_now();
        }
        let found =
            format!("{id} is of {who}, but {} has counted no span of it: it came another way", wanted.collector);
        return Check::fail(name, found, "`check` finds spans that pass the collector by").for_now();
    }
    Check::ok(name, format!("{id} of {who}, which sends to {} alone, and whose spans that counts", wanted.collector))
}

/// The trace that proves the way through the collector.
pub fn proof(seen: &Seen) -> Option<&str> {
    let (wanted, pods, traces) = (seen.wanted.trace.as_ref().ok()?, pods(seen).ok()?, seen.traces.as_ref().ok()?);
    let proves = |trace: &&Trace| of(trace, wanted, pods).is_some_and(|pod| counted(seen, pod));
    traces.iter().find(proves).map(|trace| trace.id.as_str())
}

/// Whether the collector has counted spans of that pod.
fn counted(seen: &Seen, pod: Option<&str>) -> bool {
    let samples = seen.series.iter().filter_map(|counts| counts.as_ref().ok()).flatten();
    samples.into_iter().any(|sample| sample.count > 0.0 && pod.is_none_or(|pod| sample.pod == pod))
}

/// The pod that sent the trace, where it is one of the current ones; `Some(None)` where only the hash tells.
fn of<'t>(trace: &'t Trace, wanted: &TraceWanted, pods: &[String]) -> Option<Option<&'t str>> {
    let hash = wanted.hash.as_ref().and_then(|name| wanted.attributes.get(name));
    let ours = |span: &&crate::Span| {
        span.service == wanted.service && hash.is_none_or(|hash| span.hash.as_ref() == Some(hash))
    };
    trace.spans.iter().filter(ours).find_map(|span| match (&wanted.pod, &span.pod) {
        (Some(_), Some(pod)) if pods.contains(pod) => Some(Some(pod.as_str())),
        (None, _) if hash.is_some() => Some(None),
        _ => None,
    })
}

fn gates(seen: &Seen) -> Vec<Check> {
    let rollout = &seen.wanted.rollout;
    if seen.wanted.gates.is_empty() {
        return vec![Check::fail(format!("gates of {rollout}"), "it has none", "`check` says what is missing")];
    }
    seen.wanted.gates.iter().enumerate().map(|(at, gate)| self::gate(rollout, gate, seen.measured.get(at))).collect()
}

fn gate(
    rollout: &Name,
    gate: &Result<contract::BoundGate, contract::Unmeasurable>,
    measured: Option<&Result<Measured, String>>,
) -> Check {
    let gate = match gate {
        Ok(gate) => gate,
        Err(why) => {
            return Check::fail(
                format!("gate {}", why.metric),
                format!("{rollout}: it {}", why.why),
                "`gates` shows it",
            );
        }
    };
    let name = format!("gate {}", gate.name);
    let measured = match measured {
        Some(Ok(measured)) => measured,
        Some(Err(error)) => return Check::fail(name, error.clone(), "does --prometheus name the cluster's?").for_now(),
        None => return Check::fail(name, "it was not asked for", "`gates` shows its query"),
    };
    let (outcome, error) = gate.judge(measured);
    let found = format!("{measured} now; wants {}", gate.wants());
    if outcome == Outcome::Successful && finite(measured) {
        return Check::ok(name, found);
    }
    let why = match (error, finite(measured)) {
        (Some(error), _) => format!("{found}: {error}"),
        (None, false) => format!("{found}: that proves nothing"),
        (None, true) => found,
    };
    Check::fail(name, why, "`report` shows what it measured during the release; are there riders?").for_now()
}

/// At least one value, and every one a number.
fn finite(measured: &Measured) -> bool {
    match measured {
        Measured::Scalar(value) => value.is_finite(),
        Measured::Vector(values) => !values.is_empty() && values.iter().all(|value| value.is_finite()),
    }
}
