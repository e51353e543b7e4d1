//! A slow ride as spans alone, sent as OTLP over HTTP in JSON: no HotROD is slow for one kind of ride only.

use super::ride::Replayed;
use crate::plan::Plan;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What such a ride takes.
const SECONDS: f64 = 2.5;

/// The resource attributes of a second pod with that hash, read from the pod template's environment.
pub(crate) fn replay_resource(plan: &Plan, hash: &str) -> Vec<(String, String)> {
    let env = plan.pod.environment(&plan.pod.identity(hash, 5), &|_| String::new());
    let attributes = env.into_iter().find(|(name, _)| name == "OTEL_RESOURCE_ATTRIBUTES").map(|(_, text)| text);
    let pairs = attributes.unwrap_or_default();
    pairs.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

/// Lets the ride's time go by, then sends its spans; `None` where the collector does not take them.
pub(crate) async fn replay(client: &reqwest::Client, replayed: &Replayed) -> Option<f64> {
    tokio::time::sleep(Duration::from_secs_f64(SECONDS)).await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    let url = format!("http://127.0.0.1:{}/v1/traces", replayed.otlp);
    let body = spans(&replayed.resource, now, fastrand::u128(..)).to_string();
    let sent = client.post(url).header("content-type", "application/json").body(body).send().await.ok()?;
    sent.status().is_success().then_some(SECONDS)
}

/// The frontend's server span and, below it, the customer's, which is what is slow.
fn spans(resource: &[(String, String)], end: Duration, id: u128) -> Value {
    let nanos = |time: Duration| time.as_nanos().to_string();
    let ago = |seconds: f64| nanos(end.saturating_sub(Duration::from_secs_f64(seconds)));
    let trace = format!("{id:032x}");
    let span_id = |n: u64| format!("{:016x}", (id as u64).wrapping_add(n) | 1 << 63);
    let of = |service: &str, span: Value| {
        let mut attributes: Vec<Value> =
            resource.iter().map(|(key, value)| json!({ "key": key, "value": { "stringValue": value } })).collect();
        attributes.push(json!({ "key": "service.name", "value": { "stringValue": service } }));
        json!({ "resource": { "attributes": attributes }, "scopeSpans": [{ "scope": { "name": "replayed" }, "spans": [span] }] })
    };
    // Kind 2 is a server's.
    let frontend = json!({
        "traceId": trace, "spanId": span_id(1), "name": "/dispatch", "kind": 2,
        "startTimeUnixNano": ago(SECONDS), "endTimeUnixNano": nanos(end),
    });
    let customer = json!({
        "traceId": trace, "spanId": span_id(3), "parentSpanId": span_id(1), "name": "/customer", "kind": 2,
        "startTimeUnixNano": ago(SECONDS - 0.01), "endTimeUnixNano": ago(0.4),
    });
    json!({ "resourceSpans": [of("frontend", frontend), of("customer", customer)] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replayed_ride_is_slow() {
        let all = spans(&[("hotrod.pod.hash".to_owned(), "abc".to_owned())], Duration::from_secs(100), 7);
        let span = &all["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(
            (span["startTimeUnixNano"].as_str(), span["endTimeUnixNano"].as_str()),
            (Some("97500000000"), Some("100000000000"))
        );
        assert_eq!(all["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "abc");
    }
}
