//! The repository's manifests, made quick.

use contract::Contract;
use hyperspace_rehearsal::{Binaries, Fault, Hashes, Metric, Plan, metrics, rollout};
use lab::BuildError;
use model::{Context, Repository, SourceFile};
use std::collections::BTreeMap;
use std::path::Path;

/// The real programs, or `None` with a loud line where Go is not.
pub(crate) fn binaries() -> Option<Binaries> {
    match Binaries::ensure(None, &mut |_, _| {}) {
        Ok(binaries) => Some(binaries),
        Err(BuildError::NoGo) => {
            eprintln!("SKIPPED: rehearsals need Go, which is not on this machine");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

pub(crate) struct Stage {
    repository: Repository,
    context: Context,
}

impl Stage {
    pub(crate) fn of(template: &str) -> Stage {
        Stage::with(template, |_, text| text)
    }

    /// With a change to the files.
    pub(crate) fn with(template: &str, change: impl Fn(&str, String) -> String) -> Stage {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
        let quick = |path: &str, text: String| {
            let text = text.replace("metrics_flush_interval: 10s", "metrics_flush_interval: 1s");
            let text = text.replace("timeout: 1s", "timeout: 200ms");
            change(path, if path.ends_with("analysis-template.yaml") { template.to_owned() } else { text })
        };
        let tree = files::read(&root).unwrap();
        let files: Vec<SourceFile> = tree
            .files
            .into_iter()
            .map(|file| {
                let text = quick(&file.path, file.content.unwrap().to_string());
                SourceFile { path: file.path, content: Ok(text.into()) }
            })
            .collect();
        let mut context = Context::default();
        context.policy.prometheus.scrape_interval = 1.0;
        Stage { repository: Repository::read(&files, &context), context }
    }

    pub(crate) fn ready(&self, faults: &[Fault]) -> (Plan, Vec<(Fault, Vec<Metric>)>) {
        let contract = Contract::derive(&self.repository, &self.context);
        let found = rollout(&contract, None).unwrap();
        let plan = Plan::of(&contract, found).unwrap();
        let gates: Vec<_> = contract.gates.iter().filter(|g| g.rollout == Some(found)).collect();
        assert_eq!(gates.len(), 3);
        let canaries = faults.iter().map(|fault| {
            let hash = if faults.len() == 1 { contract::CANARY_HASH.to_owned() } else { fault.hash() };
            let hashes = Hashes { canary: &hash, stable: contract::STABLE_HASH };
            (*fault, metrics(&contract, gates.iter().copied(), &hashes, &BTreeMap::new()).unwrap())
        });
        let canaries = canaries.collect();
        (plan, canaries)
    }
}
