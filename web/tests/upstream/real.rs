//! Real rides of HotROD in a real Jaeger.

use crate::cluster::{How, live, release};
use crate::stand_in::upstream;
use crate::{get, site, well_formed};
use axum::http::StatusCode;
use lab::stack::{JaegerPorts, Stack, jaeger};
use lab::trial::{HotRod, hotrod};
use lab::{Program, free_port_list, judge};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(60);
const PATH: &str = "/rollouts/hotrod/hotrod/traces";

#[tokio::test]
async fn real_rides_are_told_by_version_and_fall_as_they_went() {
    // Says so where one of them is not there.
    let (Some(tracer), Some(rider)) = (judge(Program::Jaeger), judge(Program::HotRod)) else { return };
    let folder = tempfile::tempdir().unwrap();
    let stack = Stack::new(folder.path(), folder.path()).unwrap();
    let ports = free_port_list(7).unwrap();
    let ports = JaegerPorts {
        otlp_grpc: ports[0],
        otlp_http: ports[1],
        query: ports[2],
        admin: ports[3],
        unused: [ports[4], ports[5], ports[6]],
    };
    let mut running = stack.start(jaeger(&tracer, ports)).unwrap();
    running.wait_ready(LIMIT).unwrap();
    let attributes =
        |hash: &str| format!("hotrod.pod.name=hotrod-{hash}-x,hotrod.namespace=hotrod,hotrod.pod.hash={hash}");
    let stable = hotrod(&rider, ports.otlp_http, &attributes("aaaa")).unwrap();
    let canary = hotrod(&rider, ports.otlp_http, &attributes("bbbb")).unwrap();
    // On a busy machine HotROD itself lets good rides fail, which is as real.
    let rides = |server: &HotRod, customers: &[u32]| {
        let ride = |customer: &u32| server.request(&format!("/dispatch?customer={customer}")).unwrap() != 200;
        customers.iter().map(ride).filter(|failed| *failed).count()
    };
    let stable_failed = rides(&stable, &[123, 392, 731]);
    let canary_failed = rides(&canary, &[567, 999]);
    assert!(canary_failed > 0, "there is no customer 999");

    let address = format!("http://127.0.0.1:{}", ports.query);
    let live = live([release("hotrod", "hotrod", How::Measuring)]);
    let client = telemetry::Jaeger::new(&address).unwrap();
    let search = telemetry::Search {
        service: "frontend".to_owned(),
        start: jiff::Timestamp::now().as_microsecond() - 600_000_000,
        end: jiff::Timestamp::now().as_microsecond() + 600_000_000,
        limit: 1000,
        ..telemetry::Search::default()
    };
    // The senders hold spans back for some seconds: all five rides, each with its last span's service.
    let rides = async {
        loop {
            let found = client.digests(&search, Some("hotrod.pod.hash")).await.unwrap();
            if found.digests.iter().filter(|digest| digest.services.contains_key("customer")).count() == 5 {
                break found;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let all = tokio::time::timeout(LIMIT, rides).await.expect("five rides");
    assert!(all.digests.iter().all(|digest| digest.values.len() == 1), "{all:#?}");

    let site = site(&live, upstream(&address, None, true));
    let (status, page) = get(&site, &format!("{PATH}?version=canary&service=customer")).await;
    assert_eq!(status, StatusCode::OK);
    well_formed(PATH, &page);
    assert!(page.contains("2 traces in the last hour"), "{page}");
    // Good rides have failed spans too: redis is made to time out. What counts is what the rider got.
    let failed = |hash: &str| all.digests.iter().filter(|digest| digest.values.contains(hash) && digest.failed).count();
    assert_eq!((failed("bbbb"), failed("aaaa")), (canary_failed, stable_failed));

    let (_, page) = get(&site, &format!("{PATH}?version=stable&service=customer")).await;
    assert!(page.contains("3 traces in the last hour"), "{page}");
    assert!(stable_failed == 0 || !page.contains("none failed"), "{page}");

    // The first is the failed one.
    let (_, page) = get(&site, &format!("{PATH}?version=canary&error=true")).await;
    let link = page.split("href=\"/traces/").nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
    let (status, page) = get(&site, &format!("/traces/{link}")).await;
    assert_eq!(status, StatusCode::OK);
    well_formed("/traces/", &page);
    assert!(page.contains("canary, revision 2") && page.contains("Failed spans"), "{page}");
    assert!(page.contains("level 3: ") && page.contains("customer"), "{page}");
}
