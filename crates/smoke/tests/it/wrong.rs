//! Each check has ways to fail: a change to the facts of a done release, and the only check that must say so.

use crate::release::{PODS, done, put, put_app, put_run, run, trace, wanted};
use delivery::Template;
use gate::condition::Measured;
use hyperspace_smoke::{CollectorPods, Facts, PodCount, judge, passed, proof};
use std::collections::BTreeMap;

type Change = fn(&mut Facts);

fn vector(values: &[f64]) -> Result<Measured, String> {
    Ok(Measured::Vector(values.to_vec()))
}

const GIT: &[(&str, &str, Change)] = &[
    ("tree clean", "a.yaml", |f| f.git.uncommitted = vec!["a.yaml".to_owned()]),
    ("commit pushed", "no remote", |f| f.git.remote = None),
    ("commit pushed", "does not say: refused", |f| f.git.remote = Some(Err("refused".to_owned()))),
    ("commit pushed", "has no branch main", |f| f.git.remote = Some(Ok(None))),
    ("commit pushed", "is at 2222222222", |f| f.git.remote = Some(Ok(Some("2".repeat(40))))),
];

const CLUSTER: &[(&str, &str, Change)] = &[
    ("applications", "no Application follows branch main of https://host/ada/fleet", |f| f.applications.clear()),
    ("applications", ": they follow production of https://host/ada/fleet", |f| {
        f.applications.clear();
        f.elsewhere = "production of https://host/ada/fleet".to_owned();
    }),
    ("application hotrod", "to be there", |f| f.view.applications.clear()),
    ("application hotrod", "not at 1111111111", |f| put_app(f, |a| a.revisions = vec!["0".repeat(40)])),
    ("application hotrod", "OutOfSync", |f| put_app(f, |a| a.sync = "OutOfSync".to_owned())),
    ("application hotrod", "Degraded", |f| put_app(f, |a| a.health = "Degraded".to_owned())),
    ("rollout hotrod", "no Application that follows", |f| {
        f.undeployed = vec!["hotrod".to_owned()];
        f.releases.clear();
    }),
    ("rollout", "nothing here is released by gates", |f| f.releases.clear()),
    ("image of hotrod/hotrod", "1.75.0, and 1.76.0 is asked for", |f| {
        put(f, |r| r.images = vec!["jaegertracing/example-hotrod:1.75.0".to_owned()]);
    }),
    ("image of hotrod/hotrod", "latest, and 1.76.0", |f| {
        put(f, |r| r.images = vec!["jaegertracing/example-hotrod:latest".to_owned()]);
    }),
    ("image of hotrod/hotrod", "it runs nginx:1.76.0", |f| put(f, |r| r.images = vec!["nginx:1.76.0".to_owned()])),
];

const PROMOTION: &[(&str, &str, Change)] = &[
    ("promotion of hotrod/hotrod", "no analysis run", |f| f.view.runs.clear()),
    ("promotion of hotrod/hotrod", "2 of 3 gates were measured", |f| put_run(f, |r| *r = run(2))),
    ("promotion of hotrod/hotrod", "ended before it had decided", |f| put_run(f, |r| r.terminated = true)),
    ("promotion of hotrod/hotrod", "without a measurement", |f| put_run(f, |r| r.metrics[1].count = 0)),
    ("promotion of hotrod/hotrod", "2 of 3 gates", |f| put_run(f, |r| r.metrics[1].dry_run = true)),
    ("promotion of hotrod/hotrod", "is Failed", |f| put_run(f, |r| r.phase = "Failed".to_owned())),
    ("promotion of hotrod/hotrod", "no analysis run", |f| put_run(f, |r| r.hash = "old".to_owned())),
    ("promotion of hotrod/hotrod", "new pod template", |f| {
        put(f, |r| r.template = Template::Differs("spec.containers[0].image".to_owned()));
    }),
    ("promotion of hotrod/hotrod", "0 of 3 gates were measured", |f| put(f, |r| r.steps.clear())),
    ("promotion of hotrod/hotrod", "no analysis run let it through", |f| {
        put(f, |r| r.steps.clear());
        f.releases[0].wanted.measured = 0;
    }),
];

const TELEMETRY: &[(&str, &str, Change)] = &[
    ("span metrics of hotrod/hotrod", "of hotrod-b5c-n4wzq", |f| {
        // An empty answer is `success` to Prometheus.
        for counts in f.releases[0].series.iter_mut().flatten() {
            counts.pop();
        }
    }),
    ("span metrics of hotrod/hotrod", "of hotrod-b5c-n4wzq", |f| {
        f.releases[0].series[0].as_mut().unwrap()[1].count = 0.0;
    }),
    ("span metrics of hotrod/hotrod", "cannot be asked", |f| {
        f.releases[0].series[0] = Err("Prometheus cannot be asked: refused".to_owned());
    }),
    ("span metrics of hotrod/hotrod", "was not asked for", |f| drop(f.releases[0].series.pop())),
    ("trace of hotrod/hotrod", "has no trace", |f| f.releases[0].traces = Ok(vec![])),
    ("trace of hotrod/hotrod", "cannot be asked", |f| {
        f.releases[0].traces = Err("Jaeger cannot be asked: refused".to_owned());
    }),
    ("trace of hotrod/hotrod", "none of 1 traces", |f| f.releases[0].traces = Ok(vec![trace(PODS[0], "old")])),
    ("trace of hotrod/hotrod", "none of 1 traces", |f| {
        f.releases[0].traces = Ok(vec![trace("hotrod-b5c-gone", "b5c")])
    }),
    ("gate traffic-at-least-0-05-per-second", "no data now", |f| f.releases[0].measured[0] = vector(&[])),
    ("gate traffic-at-least-0-05-per-second", "0.01 now; wants >= 0.05", |f| {
        f.releases[0].measured[0] = vector(&[0.01])
    }),
    ("gate error-rate-below-5-percent", "NaN now", |f| f.releases[0].measured[1] = vector(&[f64::NAN])),
    ("gate error-rate-below-5-percent", "cannot be asked", |f| {
        f.releases[0].measured[1] = Err("Prometheus cannot be asked: refused".to_owned());
    }),
    ("gate latency-p95-below-1000-ms", "4750 now; wants < 1000", |f| f.releases[0].measured[2] = vector(&[4749.5])),
    ("gate latency-p95-below-1000-ms", "+Inf now", |f| f.releases[0].measured[2] = vector(&[f64::INFINITY])),
    ("gate latency-p95-below-1000-ms", "was not asked for", |f| drop(f.releases[0].measured.pop())),
    ("gate latency-p95-below-1000-ms", "[5 NaN] now", |f| f.releases[0].measured[2] = vector(&[5.0, f64::NAN])),
    ("gates of hotrod/hotrod", "it has none", |f| f.releases[0].wanted.gates.clear()),
];

#[test]
fn a_done_release_passes() {
    let facts = done();
    let checks = judge(&facts);
    assert!(passed(&checks), "{checks:#?}");
    let names: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "tree clean",
            "commit pushed",
            "application hotrod",
            "image of hotrod/hotrod",
            "promotion of hotrod/hotrod",
            "span metrics of hotrod/hotrod",
            "trace of hotrod/hotrod",
            "gate traffic-at-least-0-05-per-second",
            "gate error-rate-below-5-percent",
            "gate latency-p95-below-1000-ms",
        ]
    );
    assert_eq!(proof(&facts.releases[0]), Some("4bf92f3577b34da6"));
    assert!(!passed(&[]));
}

#[test]
fn every_check_can_fail() {
    for (name, says, change) in [GIT, CLUSTER, PROMOTION, TELEMETRY].concat() {
        let mut facts = done();
        change(&mut facts);
        let failed: Vec<_> = judge(&facts).into_iter().filter(|check| !check.ok).collect();
        let [only] = failed.as_slice() else { panic!("{name} ({says}): {failed:#?}") };
        assert_eq!(only.name, name, "{only:?}");
        assert!(only.found.contains(says), "{name}: {says}\n{}", only.found);
        assert!(!only.todo.is_empty(), "{name} says nothing to do");
    }
}

#[test]
fn a_trace_that_the_collector_did_not_count_came_another_way() {
    let mut facts = done();
    for counts in facts.releases[0].series.iter_mut().flatten() {
        *counts = vec![PodCount { pod: PODS[1].to_owned(), count: 3.0 }];
    }
    let failed: Vec<_> = judge(&facts).into_iter().filter(|check| !check.ok).collect();
    assert_eq!(failed.len(), 2, "{failed:#?}");
    assert!(failed[1].found.contains("it came another way"), "{}", failed[1].found);
    assert_eq!(proof(&facts.releases[0]), None);
}

#[test]
fn a_silent_prometheus_says_nothing_of_the_way() {
    let mut facts = done();
    let silent = || "Prometheus cannot be asked: refused".to_owned();
    facts.releases[0].series.iter_mut().for_each(|counts| *counts = Err(silent()));
    let failed: Vec<_> = judge(&facts).into_iter().filter(|check| !check.ok).collect();
    assert_eq!(failed.len(), 2, "{failed:#?}");
    assert!(failed[1].found.contains("nobody says") && failed[1].may_pass, "{}", failed[1].found);
}

#[test]
fn what_is_asked_comes_from_the_repository() {
    let asked = |text: fn(String) -> String| {
        let wanted = wanted(text);
        let series = wanted.series.map(|all| all.iter().map(|one| one.query.clone()).collect::<Vec<_>>());
        (series, wanted.trace.map(|trace| (trace.hash, trace.pod, trace.service)))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        asked(|text| text),
        (
            Ok(vec![
                "sum by (hotrod_pod_name) (traces_span_metrics_calls_total{hotrod_namespace=\"hotrod\",hotrod_pod_hash=\"b5c\"})".to_owned(),
                "sum by (hotrod_pod_name) (traces_span_metrics_duration_milliseconds_bucket{hotrod_namespace=\"hotrod\",hotrod_pod_hash=\"b5c\"})"
                    .to_owned(),
            ]),
            Ok((some("hotrod.pod.hash"), some("hotrod.pod.name"), "frontend".to_owned()))
        )
    );
    let (series, trace) = asked(|text| {
        text.replace("hotrod.pod.", "ride.").replace("spanmetrics:", "spanmetrics:\n        namespace: x")
    });
    assert_eq!(series.unwrap()[0], "sum by (ride_name) (x_calls_total{hotrod_namespace=\"hotrod\",ride_hash=\"b5c\"})");
    assert_eq!(trace.unwrap().0, some("ride.hash"));
    let (series, trace) =
        asked(|text| text.replace("- name: hotrod.pod.name", "").replace("- name: hotrod.pod.hash", ""));
    assert!(series.unwrap_err().contains("no dimension"));
    assert!(trace.unwrap_err().contains("no resource attribute"));
    let (_, trace) = asked(|text| text.replace("http://collector.otel.svc", "http://jaeger-collector.jaeger.svc"));
    assert!(trace.unwrap_err().contains("past the repository's collectors"));
}

#[test]
fn the_collectors_target_is_known_by_its_labels() {
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let pods = CollectorPods { name: "collector".to_owned(), labels: labels(&[("app", "collector")]) };
    assert!(pods.covers(&labels(&[("app", "collector"), ("instance", "10.0.0.1:8889")])));
    assert!(!pods.covers(&labels(&[("app", "hotrod")])) && !pods.covers(&labels(&[])));
    assert!(!CollectorPods { labels: labels(&[]), ..pods }.covers(&labels(&[("app", "collector")])));
}
