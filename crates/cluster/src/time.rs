//! Times as Kubernetes writes them.

use k8s_openapi::jiff::Timestamp;
use std::time::Duration;

/// How long ago that was by this machine's clock; zero for what lies ahead of it, `None` for what is no time.
pub fn age(time: &str) -> Option<Duration> {
    let since = Timestamp::now().duration_since(time.parse().ok()?);
    Some(Duration::try_from(since).unwrap_or(Duration::ZERO))
}
