//! Rides of HotROD as Jaeger tells them: one that was recorded, told again for other times, versions and ends.

use crate::stand_in::{StandIn, stand_in};
use serde_json::{Value, json};

/// A trace of the real HotROD in the real Jaeger, as `/api/traces/ID` gives it; of what it logged the failures.
const RECORDED: &str = include_str!("ride.json");

/// 03:05 on the day of the made-up cluster's releases, in microseconds.
const RELEASE: i64 = 1_795_662_300_000_000;

/// How a ride differs from the recorded one.
struct Ride {
    id: &'static str,
    hash: &'static str,
    /// In microseconds since 1970.
    start: i64,
    /// Times as long.
    longer: f64,
    failed: bool,
}

fn told(ride: &Ride) -> Value {
    let mut trace: Value = serde_json::from_str(RECORDED).unwrap();
    trace["traceID"] = json!(ride.id);
    let spans = trace["spans"].as_array_mut().unwrap();
    let begun = spans.iter().map(|span| span["startTime"].as_i64().unwrap()).min().unwrap();
    let longer = |time: i64| (time as f64 * ride.longer) as i64;
    // The stand-in takes the first one for the root.
    spans.sort_by_key(|span| span["startTime"].as_i64());
    for (index, span) in spans.iter_mut().enumerate() {
        span["traceID"] = json!(ride.id);
        if let Some(reference) = span["references"].get_mut(0) {
            reference["traceID"] = json!(ride.id);
        }
        let moved = |time: &Value| json!(ride.start + longer(time.as_i64().unwrap() - begun));
        span["startTime"] = moved(&span["startTime"]);
        for event in span["logs"].as_array_mut().unwrap() {
            event["timestamp"] = moved(&event["timestamp"]);
        }
        span["duration"] = json!(longer(span["duration"].as_i64().unwrap()));
        if index == 0 && ride.failed {
            let error = json!({"key": "error", "type": "bool", "value": true});
            span["tags"].as_array_mut().unwrap().push(error);
        }
    }
    for process in trace["processes"].as_object_mut().unwrap().values_mut() {
        for tag in process["tags"].as_array_mut().unwrap() {
            if tag["key"] == "hotrod.pod.hash" {
                tag["value"] = json!(ride.hash);
            }
        }
    }
    trace
}

/// Rides of both versions of `hotrod`: while its release was judged, and in the last hour.
fn rides(now: i64) -> Vec<Value> {
    let minute = 60_000_000;
    let all = [
        (RELEASE + minute, "5be1c3", "aaaa", 1.0, false),
        (RELEASE + 65_000_000, "6d20a7", "bbbb", 1.9, false),
        (RELEASE + 80_000_000, "70f4e9", "bbbb", 1.6, true),
        (RELEASE + 90_000_000, "8c1b52", "aaaa", 1.1, false),
        (RELEASE + 2 * minute, "9ad3e0", "bbbb", 1.7, false),
        (now - 9 * minute, "a07c41", "aaaa", 1.2, false),
        (now - 8 * minute, "a4d90f", "aaaa", 0.9, false),
        (now - 7 * minute, "b19e72", "bbbb", 1.9, false),
        (now - 5 * minute, "b3e8f5", "bbbb", 1.8, true),
        (now - 3 * minute, "bd5a06", "aaaa", 1.0, false),
        (now - 2 * minute, "c94d16", "bbbb", 1.5, false),
    ];
    let told = |(start, id, hash, longer, failed)| told(&Ride { id, hash, start, longer, failed });
    all.into_iter().map(told).collect()
}

/// A Jaeger that knows them, and a Prometheus.
pub(crate) async fn upstreams() -> StandIn {
    stand_in(rides(jiff::Timestamp::now().as_microsecond())).await
}
