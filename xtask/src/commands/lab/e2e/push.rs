//! From a push to what Argo CD has applied: a change of one object in one Application or in each, and no release.

use super::canary;
use super::eyes::{self, Eyes};
use super::record::{Row, Table};
use super::stage::{Stage, fork, git, run as ran};
use crate::error::{CommandError, Doing};
use crate::ui::Ui;
use lab::cluster::Start;
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// For one push. Without the webhook Argo CD asks the repository every three minutes.
const LIMIT: Duration = Duration::from_secs(240);

/// The annotation that is changed.
const KEY: &str = "lab-e2e-push";

/// An object of each Application: its file, the line after which the annotation goes, and what kubectl calls it.
const OBJECTS: [(&str, &str, [&str; 3]); 3] = [
    ("manifests/hotrod/rollout.yaml", "  name: hotrod\n", ["rollout/hotrod", "-n", "hotrod"]),
    ("manifests/otel/daemonset.yaml", "  name: collector\n", ["daemonset/collector", "-n", "otel"]),
    (
        "manifests/traffic-generator/deployment.yaml",
        "  name: traffic-generator\n",
        ["deployment/traffic-generator", "-n", "traffic-generator"],
    ),
];

/// An object has this value since then.
type Change = (usize, String, SystemTime);

/// A clone that is pushed from, and watches of the objects.
pub(super) struct Pushes<'a> {
    stage: &'a Stage,
    scratch: TempDir,
    eyes: Eyes,
    changes: Receiver<Change>,
    watches: Vec<Child>,
    number: usize,
    /// Until it was applied, of those that change one Application, and of those that change all.
    times: [Vec<Duration>; 2],
}

impl<'a> Pushes<'a> {
    /// The repository's own release on the old version, when it has become quiet.
    pub(super) fn begin(ui: &Ui, stage: &'a Stage, healthy: &Start) -> Result<Pushes<'a>, CommandError> {
        let scratch = stage.clone_of(ui, healthy)?;
        let eyes = Eyes::open(stage.kubeconfig());
        canary::calm(&eyes)?;
        let (sender, changes) = channel();
        let mut pushes =
            Pushes { stage, scratch, eyes, changes, watches: Vec::new(), number: 0, times: [vec![], vec![]] };
        for (index, (_, _, object)) in OBJECTS.iter().enumerate() {
            let watch = pushes.watch(index, object, sender.clone())?;
            pushes.watches.push(watch);
        }
        Ok(pushes)
    }

    fn watch(&self, index: usize, object: &[&str], sender: Sender<Change>) -> Result<Child, CommandError> {
        let value = format!("jsonpath={{.metadata.annotations.{KEY}}}{{\"\\n\"}}");
        let mut command = self.stage.kubectl_command();
        command.arg("get").args(object).args(["--watch", "-o", &value]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut watch = command.spawn().doing("start kubectl")?;
        let lines = watch.stdout.take().map(BufReader::new);
        thread::spawn(move || {
            for line in lines.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
                if sender.send((index, line, SystemTime::now())).is_err() {
                    return;
                }
            }
        });
        Ok(watch)
    }

    /// One push, until every Application has synced it. They change one Application and all of them by turns.
    pub(super) fn one(&mut self, ui: &Ui) -> Result<Row, CommandError> {
        let (turn, all) = (self.number / 2 % OBJECTS.len(), self.number % 2 == 1);
        self.number += 1;
        let changed: Vec<usize> = if all { (0..OBJECTS.len()).collect() } else { vec![turn] };
        let (fork, value) = (fork(&self.scratch), self.number.to_string());
        for (file, after, _) in changed.iter().filter_map(|index| OBJECTS.get(*index)) {
            let path = fork.join(file);
            let text = fs::read_to_string(&path).doing(format!("read {file}"))?;
            let text = annotated(&text, after, &value);
            let text = text.ok_or_else(|| CommandError::user(format!("{file} has no place for an annotation")))?;
            fs::write(&path, text).doing(format!("write {file}"))?;
        }
        ran(git(&fork).args(["commit", "--quiet", "--all", "--message", "Change what needs no release"]))?;
        let bar = ui.progress();
        bar.step(&format!("push {value}"));
        ran(git(&fork).args(["push", "--quiet", "origin", "HEAD:main"]))?;
        let ended = SystemTime::now();
        let Some((commit, pushed)) = self.stage.served() else {
            return Err(CommandError::internal("the served branch is gone"));
        };
        let (mut there, mut said) = (BTreeMap::new(), None);
        let deadline = Instant::now() + LIMIT;
        while (there.len() < changed.len() || said.is_none()) && Instant::now() < deadline {
            // What is said of earlier pushes is over.
            let change = self.changes.recv_timeout(Duration::from_millis(20)).ok().filter(|(_, now, _)| *now == value);
            if let Some((index, _, when)) = change {
                there.entry(index).or_insert(when);
            }
            if said.is_none() && eyes::applied(&self.eyes.look(), &commit) {
                said = Some(SystemTime::now());
            }
        }
        bar.done();
        let last = there.values().max().filter(|_| there.len() == changed.len());
        let since = |when: Option<SystemTime>| when.and_then(|when| when.duration_since(pushed).ok());
        let (applied, said) = (since(last.copied()), since(said));
        if let Some(times) = self.times.get_mut(usize::from(all)) {
            times.extend(applied);
        }
        let shown = |time: Option<Duration>| time.map(seconds).unwrap_or_default();
        let mut problems = Vec::new();
        if applied.is_none() || said.is_none() {
            problems.push(format!("not applied after {} s", LIMIT.as_secs()));
        }
        let namespaces: Vec<_> = changed.iter().filter_map(|index| Some(OBJECTS.get(*index)?.2[2])).collect();
        let what = namespaces.join(", ");
        let line = format!("push {value} of {what}: applied {} s, said {} s", shown(applied), shown(said));
        let cells = vec![value, what, shown(since(Some(ended))), shown(applied), shown(said)];
        Ok(Row { table: Table::Pushes, cells, line, problems })
    }

    /// What half of the pushes did not exceed.
    pub(super) fn medians(&self) -> String {
        let [one, all] = self.times.each_ref().map(|times| {
            let (median, most) = (median(times).map(seconds), times.iter().max().copied().map(seconds));
            format!(
                "{} s at the median of {}, {} s at most",
                median.unwrap_or_default(),
                times.len(),
                most.unwrap_or_default()
            )
        });
        format!("Applied: of one Application {one}; of all three {all}.")
    }
}

impl Drop for Pushes<'_> {
    fn drop(&mut self) {
        for watch in &mut self.watches {
            drop(watch.kill());
            drop(watch.wait());
        }
    }
}

/// With two digits after the point.
fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f32())
}

fn median(times: &[Duration]) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let (low, high) = (sorted.get((sorted.len().checked_sub(1)?) / 2)?, sorted.get(sorted.len() / 2)?);
    Some((*low + *high) / 2)
}

/// A manifest with the annotation in its first `metadata`, in the place of the one of the push before.
fn annotated(text: &str, after: &str, value: &str) -> Option<String> {
    let before = format!("metadata:\n{after}");
    let (head, rest) = text.split_once(&before)?;
    let ours = format!("  annotations:\n    {KEY}: ");
    let rest = match rest.strip_prefix(&ours) {
        Some(old) => old.split_once('\n')?.1,
        None => rest,
    };
    Some(format!("{head}{before}{ours}\"{value}\"\n{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_takes_the_annotation_once() {
        let repository = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for (file, after, _) in OBJECTS {
            let text = fs::read_to_string(repository.join(file)).expect("a manifest");
            let first = annotated(&text, after, "1").expect("a place");
            assert_eq!(annotated(&first, after, "2"), annotated(&text, after, "2"), "{file}");
            let line = format!("metadata:\n{after}  annotations:\n    {KEY}: \"1\"\n");
            assert!(first.contains(&line) && first.replacen(&line[10 + after.len()..], "", 1) == text, "{first}");
        }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |times: &[u64]| median(&times.iter().map(|time| Duration::from_secs(*time)).collect::<Vec<_>>());
        assert_eq!((of(&[]), of(&[9, 1, 2])), (None, Some(Duration::from_secs(2))));
        assert_eq!(of(&[4, 1, 2, 9]), Some(Duration::from_secs(3)));
    }
}
