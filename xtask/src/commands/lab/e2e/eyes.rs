//! What the cluster says, asked all the time by somebody who is not the program under test.

use cluster::{Access, Cluster};
use delivery::{Application, Name, Release, Rollout, RolloutTarget, Run, View};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Between two looks.
const PACE: Duration = Duration::from_millis(100);

/// The last look at the release.
pub(super) struct Eyes {
    seen: Arc<Mutex<View>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The rollout of the mission.
pub(super) fn rollout_name() -> Name {
    Name::new("hotrod", "hotrod")
}

impl Eyes {
    pub(super) fn open(kubeconfig: PathBuf) -> Eyes {
        let (seen, stop) = (Arc::new(Mutex::new(View::default())), Arc::new(AtomicBool::new(false)));
        let (told, stopped) = (Arc::clone(&seen), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let access = Access { kubeconfig: Some(kubeconfig), ..Access::default() };
                let Ok(cluster) = Cluster::connect(&access).await else { return };
                let names = ["hotrod", "otel", "traffic-generator"].map(|name| Name::new("argocd", name));
                let target = RolloutTarget { name: rollout_name(), ..RolloutTarget::default() };
                let release = Release { applications: names.to_vec(), rollouts: vec![target], ..Release::default() };
                while !stopped.load(Ordering::Relaxed) {
                    // What cannot be read now is read at the next look.
                    if let Ok(view) = cluster.look(&release).await {
                        *told.lock().unwrap_or_else(PoisonError::into_inner) = view;
                    }
                    tokio::time::sleep(PACE).await;
                }
            });
        });
        Eyes { seen, stop, thread: Some(thread) }
    }

    pub(super) fn look(&self) -> View {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until there is an answer, and says when.
    pub(super) fn wait<T>(&self, limit: Duration, mut ask: impl FnMut(&View) -> Option<T>) -> Option<(T, Instant)> {
        lab::poll(limit, || ask(&self.look()).map(|answer| (answer, Instant::now())))
    }
}

impl Drop for Eyes {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(JoinHandle::join);
    }
}

/// Whether every Application has synced the commit.
pub(super) fn applied(view: &View, commit: &str) -> bool {
    let at = |application: &Application| {
        application.sync == "Synced" && application.revisions.iter().all(|revision| revision == commit)
    };
    let all: Vec<_> = view.applications.values().filter_map(|seen| seen.object.as_ref()).collect();
    !all.is_empty() && all.into_iter().all(at)
}

/// The rollout with the run that judges its present template.
pub(super) fn judged(view: &View) -> Option<(&Rollout, Option<&Run>)> {
    let name = rollout_name();
    let rollout = view.rollout(&name)?;
    Some((rollout, view.runs_of(&name, rollout).last().map(|(_, run)| *run)))
}
