//! What the pages say.

use crate::cluster::{How, live, release};
use crate::{get, site};
use axum::http::StatusCode;
use delivery::{Name, View};
use hyperspace_web::live::{Live, News};
use std::sync::Arc;

/// What would be markup in any place where it is not escaped.
const HOSTILE: &str = "<xss a=\"b\" 'c'>&amp;</code>\u{202e}";

fn hotrod(how: How) -> Arc<Live> {
    live([release("hotrod", "hotrod", how)])
}

#[tokio::test]
async fn the_verdict_comes_first_as_a_sentence() {
    let sentence = "aborted: gate <code>p95-latency</code> measured 1240 ms where it needs &#60; 1000 ms, third of 3 \
                    samples, 26 Nov 03:07:30 UTC; the stable version serves";
    let (status, page) = get(&site(&hotrod(How::Aborted)), "/rollouts/hotrod/hotrod").await;
    assert_eq!(status, StatusCode::OK);
    let order = [
        &format!("<h1>{sentence}</h1>") as &str,
        "What you can do now",
        "cargo xtask fix-and-push",
        "cargo xtask retry hotrod/hotrod",
        "Progress",
        "1111111111 Raise &#60;b&#62;limits&#60;/b&#62;",
        "2026-11-26 03:00 +00:00",
        "Synced",
        "Restart of collector",
        "26 Nov 03:01:30 UTC",
        "50 %",
        "<strong>Analysis</strong> <span class=\"state\">failed</span>",
        "<strong>100 %</strong> <span class=\"state\">not yet</span>",
        "canary, revision 2",
        "0 % asked for, 1 of 2 available pods",
        "stable, revision 1",
        "Applications",
        "deploys this rollout",
        "Revision 1",
    ];
    let mut from = 0;
    for text in order {
        let at = page[from..].find(text).unwrap_or_else(|| panic!("{text} is missing after {from} in {page}"));
        from += at + text.len();
    }
}

#[tokio::test]
async fn each_state_has_its_verdict_and_its_commands() {
    for (how, says, command) in [
        (How::Promoted, "promoted: all 2 gates have let revision 2 through, 26 Nov 03:07:30 UTC", None),
        (How::Measuring, "in progress: revision 2, step 3 of 4, analysis", Some("cargo xtask abort hotrod/hotrod")),
        (
            How::Paused,
            "paused since 26 Nov 03:05:00 UTC: step 2 waits until a person promotes it",
            Some("kubectl argo rollouts promote hotrod -n hotrod"),
        ),
    ] {
        let (_, page) = get(&site(&hotrod(how)), "/rollouts/hotrod/hotrod").await;
        assert!(page.contains(&format!("<h1>{says}")), "{how:?}: {page}");
        assert_eq!(command.is_some(), page.contains("What you can do now"), "{how:?}");
        assert!(command.is_none_or(|command| page.contains(command)), "{how:?}: {page}");
    }
    let (_, page) = get(&site(&hotrod(How::Measuring)), "/rollouts/hotrod/hotrod").await;
    assert!(page.contains("measurement 2 of 3 of gate <code>p95-latency</code>, due 26 Nov 03:07:20 UTC"), "{page}");
}

#[tokio::test]
async fn the_analysis_shows_the_failed_gate_first_and_why() {
    let (status, page) = get(&site(&hotrod(How::Aborted)), "/rollouts/hotrod/hotrod/analysis").await;
    assert_eq!(status, StatusCode::OK);
    let order = [
        "<h2 id=\"gate-1\">p95-latency</h2>",
        "It needs &#60; 1000 ms and measured NaN, 1240 ms: 2 failed, 1 allowed.",
        "<svg class=\"plot\"",
        "aria-label=\"3 measurements of p95-latency, needs &#60; 1000 ms: 812 ms, NaN, 1240 ms\"",
        ">NaN</text>",
        "needs &#60; 1000 ms</text>",
        "<circle class=\"fail\"",
        "<span class=\"badge bad\">2, 1 allowed</span>",
        "10s, first after 90s",
        "3 measurements",
        "hotrod_pod_hash=&#34;bbbb&#34;",
        "<h2 id=\"gate-2\">traffic</h2>",
    ];
    let mut from = 0;
    for text in order {
        let at = page[from..].find(text).unwrap_or_else(|| panic!("{text} is missing after {from} in {page}"));
        from += at + text.len();
    }
}

#[tokio::test]
async fn the_worst_rollout_comes_first_and_one_alone_is_opened() {
    let all = live([
        release("a", "good", How::Promoted),
        release("b", "going", How::Measuring),
        release("c", "bad", How::Aborted),
    ]);
    let (_, page) = get(&site(&all), "/rollouts").await;
    assert!(page.contains("<h1>1 aborted, 1 in progress, 1 promoted</h1>"), "{page}");
    let place = |name: &str| page.find(&format!(">{name}</a>")).unwrap();
    assert!(place("c/bad") < place("b/going") && place("b/going") < place("a/good"));
    for (live, target) in [(all, "/rollouts"), (hotrod(How::Aborted), "/rollouts/hotrod/hotrod")] {
        let response = crate::ask(&site(&live), "/", None).await;
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(response.headers()["location"], target);
    }
}

#[tokio::test]
async fn many_rollouts_are_paged() {
    let many = live((0..250).map(|n| release("x", &format!("r{n:03}"), How::Promoted)));
    let (_, page) = get(&site(&many), "/rollouts?page=2").await;
    assert!(page.contains("Page 2 of 3") && page.contains("x/r100") && !page.contains("x/r099"), "{page}");
    let (_, page) = get(&site(&many), "/rollouts?page=99").await;
    assert!(page.contains("Page 3 of 3"));
}

#[tokio::test]
async fn names_and_texts_of_the_cluster_are_never_markup() {
    let mut view = release("hotrod", HOSTILE, How::Aborted);
    for rollout in view.rollouts.values_mut().filter_map(|seen| seen.object.as_mut()) {
        rollout.images = vec![HOSTILE.to_owned()];
        rollout.message = format!("RolloutAborted: {HOSTILE}");
        rollout.steps.push(delivery::Step::Other(HOSTILE.to_owned()));
    }
    for run in view.runs.values_mut().filter_map(|seen| seen.object.as_mut()) {
        run.message = HOSTILE.to_owned();
        run.phase = "Failed".to_owned();
        for metric in &mut run.metrics {
            metric.name = format!("{HOSTILE}`");
            metric.query = Some(HOSTILE.to_owned());
            metric.phase = "Failed".to_owned();
            for measurement in &mut metric.measurements {
                measurement.value = HOSTILE.to_owned();
                measurement.message = HOSTILE.to_owned();
                measurement.finished = Some(HOSTILE.to_owned());
            }
        }
    }
    for application in view.applications.values_mut().filter_map(|seen| seen.object.as_mut()) {
        application.sync = HOSTILE.to_owned();
        application.health = HOSTILE.to_owned();
        application.conditions = vec![("XError".to_owned(), HOSTILE.to_owned())];
    }
    for pod in view.pods.values_mut().filter_map(|seen| seen.object.as_mut()) {
        (pod.phase, pod.reason, pod.ready) = (HOSTILE.to_owned(), HOSTILE.to_owned(), false);
    }
    for set in view.sets.values_mut().filter_map(|seen| seen.object.as_mut()) {
        (set.images, set.revision) = (vec![HOSTILE.to_owned()], Some(HOSTILE.to_owned()));
    }
    let live = live([view]);
    live.feed("pods", News::Lost { message: HOSTILE.to_owned(), hint: Some(HOSTILE.to_owned()) });
    let name: String = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect();
    for path in
        ["/rollouts".to_owned(), format!("/rollouts/hotrod/{name}"), format!("/rollouts/hotrod/{name}/analysis")]
    {
        let (status, page) = get(&site(&live), &path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(page.contains("&#60;xss"), "{path} shows nothing of it");
        assert!(!page.contains("<xss") && !page.contains("a=\"b\"") && !page.contains('\u{202e}'), "{path}: {page}");
        for inline in ["<style", " style=", "<script>", " onclick=", "javascript:"] {
            assert!(!page.contains(inline), "{path} holds {inline}");
        }
    }
}

#[tokio::test]
async fn a_source_that_is_missing_or_stale_says_so() {
    let fresh = Arc::new(Live::new("kind-fleet", crate::cluster::FEEDS));
    let (status, page) = get(&site(&fresh), "/rollouts/hotrod/hotrod").await;
    assert_eq!(status, StatusCode::OK, "it may be there");
    assert!(page.contains("Reading Applications, DaemonSets"), "{page}");
    for feed in crate::cluster::FEEDS {
        let hint = Some("docs/rights.yaml lists them".to_owned());
        fresh.feed(feed, News::Lost { message: "no rights".to_owned(), hint });
    }
    let (_, page) = get(&site(&fresh), "/rollouts").await;
    assert!(page.contains("Missing: Applications, DaemonSets, ReplicaSets, analysis runs, pods, rollouts"), "{page}");
    assert!(page.contains("docs/rights.yaml lists them"));

    let live = hotrod(How::Promoted);
    live.feed("rollouts", News::Lost { message: "connection refused".to_owned(), hint: None });
    let (_, page) = get(&site(&live), "/rollouts/hotrod/hotrod").await;
    assert!(page.contains("Stale: rollouts") && page.contains("What you see is how it was then."), "{page}");
    assert!(page.contains("promoted: all 2 gates"), "what was seen is still shown");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let live = hotrod(How::Promoted);
    for path in ["/rollouts/hotrod/other", "/rollouts/other/hotrod/analysis"] {
        assert_eq!(get(&site(&live), path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    let mut gone = View::default();
    gone.rollouts.insert(Name::new("hotrod", "hotrod"), delivery::Observed { version: 9, object: None });
    live.feed("rollouts", News::Seen { view: gone, whole: true });
    assert_eq!(get(&site(&live), "/rollouts/hotrod/hotrod").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn live_pages_have_what_assistive_technology_needs() {
    let live = hotrod(How::Aborted);
    for path in ["/rollouts", "/rollouts/hotrod/hotrod", "/rollouts/hotrod/hotrod/analysis"] {
        let (_, page) = get(&site(&live), path).await;
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for id in &ids {
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{path}: id {id} twice");
        }
        for target in page.split("aria-labelledby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&target), "{path}: {target} labels nothing");
        }
    }
}
