//! Runs the rules, and applies their fixes until nothing changes.

use crate::draft::{Draft, Drafts};
use crate::finding::{FileEdit, Fix, Safety, Severity};
use crate::outcome::{Applied, Changed, Evidence, Fixed, Judged, Report, Reported};
use crate::registry::{Rule, rules};
use crate::resolve::resolve;
use crate::suppress::suppress;
use contract::Contract;
use gate::analysis::{strongest_abort, weakest_promotion};
use model::{Context, Repository, Role, SourceFile};
use rayon::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Checks a repository.
pub fn check(repository: &Repository, context: &Context) -> Report {
    let contract = Contract::derive(repository, context);
    let findings = resolve(repository, drafts(&contract));
    let (findings, notes) = suppress(repository, context, findings);
    let mut judged = judged(repository, evidence(&contract));
    judged.notes.extend(notes);
    Report { findings, judged }
}

/// What every rule says, rule by rule.
fn drafts(contract: &Contract<'_>) -> Vec<Draft> {
    let check = |rule: &Rule| {
        let mut drafts = Drafts::default();
        (rule.check)(contract, &mut drafts);
        drafts.list
    };
    if contract.repository.is_small() {
        rules().iter().flat_map(check).collect()
    } else {
        let lists: Vec<Vec<Draft>> = rules().par_iter().map(check).collect();
        lists.into_iter().flatten().collect()
    }
}

fn evidence(contract: &Contract<'_>) -> Vec<Evidence> {
    let repository = contract.repository;
    let gates = contract.gates.iter().filter_map(|gate| {
        let counted = gate.counted()?;
        let metric = gate.metric(contract)?;
        Some(Evidence {
            gate: metric.name.clone(),
            file: repository.path(&metric.at).to_owned(),
            rollout: gate.rollout.and_then(|r| repository.rollouts.get(r)).map(|r| r.name.clone()),
            promotes: weakest_promotion(&counted).map(|e| e.to_string()),
            aborts: strongest_abort(&counted).map(|e| e.to_string()),
        })
    });
    gates.collect()
}

fn judged(repository: &Repository, evidence: Vec<Evidence>) -> Judged {
    let templates = repository.files.iter().filter(|f| f.role == Role::Template).count();
    let mut notes = Vec::new();
    if templates > 0 {
        let files =
            if templates == 1 { "1 file is a template".to_owned() } else { format!("{templates} files are templates") };
        notes.push(format!(
            "{files}: not read. Render first, then check the result (`helm template … | hyperspace check -`)"
        ));
    }
    Judged {
        files: repository.files.iter().filter(|f| f.counts()).count(),
        collectors: repository.collectors.len(),
        gates: repository.templates.iter().map(|t| t.metrics.len()).sum(),
        rollouts: repository.rollouts.len(),
        evidence,
        notes,
    }
}

/// More rounds than any real repository needs; a bound, not a goal.
const ROUNDS: usize = 200;

/// Applies every fix up to `level` until nothing changes. A fix after which the repository would be worse is not applied.
pub fn fix(files: Vec<SourceFile>, context: &Context, level: Safety) -> Fixed {
    let originals = files.clone();
    let repository = Repository::read(&files, context);
    let report = check(&repository, context);
    let mut state = State { files, repository, report };
    let mut applied = Vec::new();
    let mut refused: HashSet<u64> = HashSet::new();
    let mut seen: HashSet<u64> = HashSet::from([state.fingerprint()]);
    let mut refused_at = applied.len();
    for _ in 0..ROUNDS {
        let chosen = state.choose(level, &refused);
        if chosen.is_empty() {
            if refused.is_empty() || refused_at == applied.len() {
                break;
            }
            // What did harm to an earlier state may be right in this one: a second run would apply it.
            refused.clear();
            refused_at = applied.len();
            continue;
        }
        match state
            .apply(&chosen, context)
            .filter(|next| next.improves(&state, &chosen) && seen.insert(next.fingerprint()))
        {
            Some(next) => {
                applied.extend(chosen.iter().filter_map(|i| state.describe(*i)));
                state = next;
            }
            // Together they do harm: one by one, and what does harm alone is refused.
            None => {
                for index in chosen {
                    let one = [index];
                    let key = state.key(index);
                    match state
                        .apply(&one, context)
                        .filter(|next| next.improves(&state, &one) && seen.insert(next.fingerprint()))
                    {
                        Some(next) => {
                            applied.extend(state.describe(index));
                            state = next;
                            break;
                        }
                        None => {
                            refused.insert(key);
                        }
                    }
                }
            }
        }
    }
    let changed = changed(&originals, &state.files);
    Fixed { changed, applied, report: state.report, files: state.files, repository: state.repository }
}

/// What one fix alone makes of the files that it touches, by their index; `None` where it cannot be applied.
pub fn patched(repository: &Repository, fix: &Fix) -> Option<Vec<(usize, String)>> {
    let patch = |edit: &FileEdit| {
        let stream = repository.files.get(edit.file)?.stream.as_ref()?;
        Some((edit.file, yaml::apply(stream, &edit.ops).ok()?))
    };
    fix.edits.iter().map(patch).collect()
}

fn changed(before: &[SourceFile], after: &[SourceFile]) -> Vec<Changed> {
    let pairs = before.iter().zip(after);
    let texts = pairs.filter_map(|(b, a)| Some((&b.path, b.content.as_ref().ok()?, a.content.as_ref().ok()?)));
    texts
        .filter(|(_, before, after)| before != after)
        .map(|(path, before, after)| Changed {
            path: path.clone(),
            before: before.to_string(),
            after: after.to_string(),
        })
        .collect()
}

struct State {
    files: Vec<SourceFile>,
    repository: Repository,
    report: Report,
}

/// Fixes are computed from what exists, so what makes things exist comes first.
fn stage(rule: &str) -> usize {
    match rule.split('/').next() {
        // A hash over the configuration: only when nothing else is left that may change it.
        Some("collector") if rule == "collector/stale-after-change" => 6,
        Some("yaml") => 0,
        Some("collector") => 1,
        Some("wiring") => 2,
        Some("release") => 3,
        Some("gitops") => 4,
        _ => 5,
    }
}

impl State {
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for file in &self.files {
            file.content.as_ref().ok().hash(&mut hasher);
        }
        hasher.finish()
    }

    fn key(&self, index: usize) -> u64 {
        let mut hasher = DefaultHasher::new();
        if let Some(r) = self.report.findings.get(index) {
            (r.finding.rule, &r.file, &r.finding.at.route, &r.finding.message).hash(&mut hasher);
        }
        hasher.finish()
    }

    fn describe(&self, index: usize) -> Option<Applied> {
        let reported = self.report.findings.get(index)?;
        let fix = reported.finding.fix.as_ref()?;
        Some(Applied {
            rule: reported.finding.rule,
            title: fix.title.clone(),
            file: reported.file.clone(),
            safety: fix.safety,
        })
    }

    /// The fixes of one round: the earliest stage that has any, and at most one that touches each file.
    fn choose(&self, level: Safety, refused: &HashSet<u64>) -> Vec<usize> {
        let fixable =
            |r: &Reported| r.finding.caused_by.is_none() && r.finding.fix.as_ref().is_some_and(|f| f.safety <= level);
        let candidates: Vec<usize> = (0..self.report.findings.len())
            .filter(|i| self.report.findings.get(*i).is_some_and(fixable) && !refused.contains(&self.key(*i)))
            .collect();
        let stage_of = |i: &usize| self.report.findings.get(*i).map_or(usize::MAX, |r| stage(r.finding.rule));
        let Some(first) = candidates.iter().map(stage_of).min() else { return Vec::new() };
        let mut touched: BTreeSet<usize> = BTreeSet::new();
        let mut chosen = Vec::new();
        for index in candidates.into_iter().filter(|i| stage_of(i) == first) {
            let Some(reported) = self.report.findings.get(index) else { continue };
            let edits = reported.finding.fix.iter().flat_map(|f| &f.edits).map(|e| e.file);
            let related = reported.finding.related.iter().map(|(l, _)| l.file);
            let files: BTreeSet<usize> = edits.chain(related).chain([reported.finding.at.file]).collect();
            if files.is_disjoint(&touched) {
                touched.extend(files);
                chosen.push(index);
            }
        }
        chosen
    }

    fn apply(&self, chosen: &[usize], context: &Context) -> Option<State> {
        let mut files = self.files.clone();
        for index in chosen {
            let fix = self.report.findings.get(*index)?.finding.fix.as_ref()?;
            self.apply_one(fix, &mut files)?;
        }
        let repository = Repository::read(&files, context);
        let report = check(&repository, context);
        Some(State { files, repository, report })
    }

    fn apply_one(&self, fix: &Fix, files: &mut [SourceFile]) -> Option<()> {
        for (file, text) in patched(&self.repository, fix)? {
            files.get_mut(file)?.content = Ok(text.into());
        }
        Some(())
    }

    /// Whether this state is better than the one before: no document became unreadable, the collectors have no new faults
    /// of their own, and what was to be mended is gone.
    fn improves(&self, before: &State, chosen: &[usize]) -> bool {
        let count = |state: &State, group: &str| {
            let findings = state.report.findings.iter();
            findings
                .filter(|r| {
                    r.finding.rule.starts_with(group)
                        && r.finding.severity == Severity::Error
                        && r.finding.caused_by.is_none()
                })
                .count()
        };
        if count(self, "yaml/") > count(before, "yaml/") || count(self, "collector/") > count(before, "collector/") {
            return false;
        }
        chosen.iter().all(|index| {
            let key = before.key(*index);
            !(0..self.report.findings.len()).any(|i| self.key(i) == key)
        })
    }
}
