//! A made-up cluster: one release in a state of one's choice.

use delivery::{
    Application, Collector, Controller, Deployed, Measurement, Metric, Name, Observed, Operation, Pod, ReplicaSet,
    Requires, Rollout, Run, Step, View, Workload,
};
use hyperspace_web::live::{Live, News};
use std::sync::Arc;

/// What would be markup in any place where it is not escaped.
pub(crate) const HOSTILE_NAME: &str = "<xss a=\"b\" 'c'>&amp;";
pub(crate) const FEEDS: [&str; 6] = ["Applications", "rollouts", "analysis runs", "ReplicaSets", "pods", "DaemonSets"];

/// How the release stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Promoted,
    Measuring,
    Aborted,
    Paused,
}

fn seen<T>(object: T) -> Observed<T> {
    Observed { version: 1, object: Some(object) }
}

/// Names end in `suffix`, so that they can be hostile.
pub(crate) fn release(namespace: &str, name: &str, how: How) -> View {
    let mut view = View::default();
    let at = Name::new(namespace, name);
    let uid = format!("uid-{namespace}-{name}");
    let done = how == How::Promoted;
    let rollout = Rollout {
        uid: uid.clone(),
        generation: 2,
        observed: Some(2),
        revision: Some("2".to_owned()),
        images: vec!["jaegertracing/example-hotrod:1.76.0".to_owned()],
        steps: vec![Step::Weight(50), Step::Pause(None), Step::Analysis, Step::Weight(100)],
        phase: match how {
            How::Promoted => "Healthy",
            How::Measuring => "Progressing",
            How::Aborted => "Degraded",
            How::Paused => "Paused",
        }
        .to_owned(),
        message: match how {
            How::Aborted => {
                "RolloutAborted: Rollout aborted update to revision 2: Metric \"p95-latency\" assessed Failed"
                    .to_owned()
            }
            _ => String::new(),
        },
        abort: how == How::Aborted,
        aborted: how == How::Aborted,
        pauses: if how == How::Paused { vec!["CanaryPauseStep".to_owned()] } else { vec![] },
        paused_since: (how == How::Paused).then(|| "2026-11-26T03:05:00Z".to_owned()),
        hash: "bbbb".to_owned(),
        stable: if done { "bbbb" } else { "aaaa" }.to_owned(),
        step: match how {
            How::Promoted => Some(4),
            How::Measuring => Some(2),
            How::Aborted => Some(0),
            How::Paused => Some(1),
        },
        replicas: 2,
        updated: if done { 2 } else { 1 },
        available: 2,
        ..Rollout::default()
    };
    view.rollouts.insert(at.clone(), seen(rollout));
    let image = "jaegertracing/example-hotrod:1.7";
    for (hash, revision, pods, tag) in [("aaaa", "1", 1, "1.0"), ("bbbb", "2", if done { 2 } else { 1 }, "6.0")] {
        let set = Name::new(namespace, format!("{name}-{hash}"));
        let object = ReplicaSet {
            owner: uid.clone(),
            revision: Some(revision.to_owned()),
            hash: hash.to_owned(),
            created: format!("2026-11-26T03:0{revision}:00Z"),
            images: vec![format!("{image}{tag}")],
            desired: pods,
            ready: pods,
            available: pods,
        };
        view.sets.insert(set.clone(), seen(object));
        for pod in 0..pods {
            let object = Pod {
                set: set.name.clone(),
                created: "2026-11-26T03:02:00Z".to_owned(),
                phase: "Running".to_owned(),
                ready: true,
                ..Pod::default()
            };
            view.pods.insert(Name::new(namespace, format!("{}-{pod}", set.name)), seen(object));
        }
    }
    if how != How::Paused {
        view.runs.insert(Name::new(namespace, format!("{name}-bbbb-2-2")), seen(run(&uid, how)));
    }
    application(&mut view, &at);
    view
}

fn application(view: &mut View, rollout: &Name) {
    let of = |deploys: Vec<Deployed>| Application {
        sync: "Synced".to_owned(),
        health: "Healthy".to_owned(),
        revisions: vec!["1111111111111111111111111111111111111111".to_owned()],
        operation: Some(Operation {
            phase: "Succeeded".to_owned(),
            finished: Some("2026-11-26T03:01:00Z".to_owned()),
            ..Operation::default()
        }),
        deploys,
        ..Application::default()
    };
    let deployed = |kind: &str, name: &Name| vec![Deployed { kind: kind.to_owned(), name: name.clone() }];
    view.applications.insert(Name::new("argocd", &rollout.name), seen(of(deployed("Rollout", rollout))));
    let collector = Name::new("otel", "collector");
    view.applications.insert(Name::new("argocd", "otel"), seen(of(deployed("DaemonSet", &collector))));
    let annotations = [("kubectl.kubernetes.io/restartedAt".to_owned(), "2026-11-26T03:01:30Z".to_owned())];
    view.collectors.insert(
        Workload { kind: Controller::DaemonSet, name: collector },
        seen(Collector {
            generation: 2,
            observed: 2,
            desired: 1,
            updated: 1,
            available: 1,
            old: 0,
            annotations: annotations.into_iter().collect(),
            images: vec!["otel/opentelemetry-collector-contrib:0.142.0".to_owned()],
        }),
    );
}

fn run(uid: &str, how: How) -> Run {
    let values: &[(&str, &str)] = match how {
        How::Aborted => &[("[812]", "Successful"), ("[NaN]", "Failed"), ("[1239.6]", "Failed")],
        How::Measuring => &[("[771]", "Successful")],
        How::Promoted | How::Paused => &[("[771]", "Successful"), ("[790]", "Successful"), ("[768]", "Successful")],
    };
    let phase = match how {
        How::Aborted => "Failed",
        How::Measuring => "Running",
        How::Promoted | How::Paused => "Successful",
    };
    let measurements = values.iter().enumerate().map(|(index, (value, phase))| Measurement {
        phase: (*phase).to_owned(),
        value: (*value).to_owned(),
        finished: Some(format!("2026-11-26T03:07:{}0Z", index + 1)),
        ..Measurement::default()
    });
    let measurements: Vec<Measurement> = measurements.collect();
    let failed = measurements.iter().filter(|m| m.phase == "Failed").count() as u32;
    let latency = Metric {
        name: "p95-latency".to_owned(),
        phase: phase.to_owned(),
        count: measurements.len() as u32,
        of: Some(3),
        failed,
        query: Some("histogram_quantile(0.95, sum by (le) (rate(traces_span_metrics_duration_milliseconds_bucket{hotrod_pod_hash=\"bbbb\"}[2m])))".to_owned()),
        requires: Requires {
            success: "len(result) > 0 && !isNaN(result[0]) && result[0] < 1000".to_owned(),
            interval: Some("10s".to_owned()),
            initial_delay: Some("90s".to_owned()),
            failure_limit: Some("1".to_owned()),
            ..Requires::default()
        },
        measurements,
        ..Metric::default()
    };
    let traffic = Metric {
        name: "traffic".to_owned(),
        phase: "Successful".to_owned(),
        count: 1,
        of: Some(1),
        measurements: vec![Measurement {
            phase: "Successful".to_owned(),
            value: "[0.2133]".to_owned(),
            finished: Some("2026-11-26T03:07:10Z".to_owned()),
            ..Measurement::default()
        }],
        requires: Requires { success: "result[0] >= 0.05".to_owned(), ..Requires::default() },
        ..Metric::default()
    };
    Run {
        created: "2026-11-26T03:05:30Z".to_owned(),
        started: Some("2026-11-26T03:05:30Z".to_owned()),
        completed: (how != How::Measuring).then(|| "2026-11-26T03:07:30Z".to_owned()),
        owner: uid.to_owned(),
        hash: "bbbb".to_owned(),
        revision: Some("2".to_owned()),
        step: Some(2),
        phase: phase.to_owned(),
        message: if how == How::Aborted { "Metric \"p95-latency\" assessed Failed" } else { "" }.to_owned(),
        metrics: vec![traffic, latency],
        ..Run::default()
    }
}

/// A cluster of which everything was read.
pub(crate) fn live(views: impl IntoIterator<Item = View>) -> Arc<Live> {
    let live = Live::new("kind-fleet", FEEDS);
    for view in views {
        live.feed("rollouts", News::Seen { view, whole: false });
    }
    for feed in FEEDS {
        live.feed(feed, News::Seen { view: View::default(), whole: true });
    }
    Arc::new(live)
}
