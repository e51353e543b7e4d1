//! Jaeger and Prometheus, as the arguments name them.

use crate::args::UpstreamArgs;
use crate::error::CommandError;
use telemetry::{Jaeger, Prometheus, QueryError};
use web::Upstream;

/// Where the lab, and the adventure, have them.
const PROMETHEUS: &str = "http://localhost:30102";
const JAEGER: &str = "http://localhost:30103";

/// Asks nobody yet. With a cluster there are defaults; a folder alone has no telemetry.
pub(super) fn upstream(args: &UpstreamArgs, cluster: bool) -> Result<Upstream, CommandError> {
    let own = |given: &Option<String>, default: &str| given.clone().or_else(|| cluster.then(|| default.to_owned()));
    let (prometheus, jaeger) = (own(&args.prometheus, PROMETHEUS), own(&args.jaeger, JAEGER));
    let prometheus_ui = args.prometheus_ui.clone().or_else(|| prometheus.clone().filter(|url| is_here(url)));
    let jaeger_ui = args.jaeger_ui.clone().or_else(|| jaeger.clone().filter(|url| is_here(url)));
    Ok(Upstream {
        prometheus: open("--prometheus", prometheus, Prometheus::new)?,
        prometheus_pages: open("--prometheus-ui", prometheus_ui, Prometheus::new)?,
        jaeger: open("--jaeger", jaeger, Jaeger::new)?,
        jaeger_pages: open("--jaeger-ui", jaeger_ui, Jaeger::new)?,
        pages_elsewhere: args.ui_elsewhere,
    })
}

fn open<T>(
    option: &str,
    url: Option<String>,
    new: impl Fn(&str) -> Result<T, QueryError>,
) -> Result<Option<T>, CommandError> {
    let wrong = |error: QueryError| {
        CommandError::user(error.to_string()).hint(format!("{option} wants a URL such as http://localhost:9090"))
    };
    url.map(|url| new(&url).map_err(wrong)).transpose()
}

/// Whether a browser on this machine reaches the same by this address.
fn is_here(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = if host.starts_with('[') { host.split_inclusive(']').next() } else { host.split(':').next() };
    let name = name.unwrap_or_default();
    name.eq_ignore_ascii_case("localhost") || name.starts_with("127.") || name == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_this_machine_are_linked_to_and_others_only_where_asked() {
        for (url, here) in [
            ("http://localhost:30103", true),
            ("http://u:p@127.0.0.1/x", true),
            ("http://[::1]:9090/", true),
            ("http://jaeger-query.jaeger:16686", false),
            ("http://localhost.example/", false),
            ("http://localhost@example/", false),
        ] {
            assert_eq!(is_here(url), here, "{url}");
        }
        let far = UpstreamArgs { jaeger: Some("http://jaeger:16686".to_owned()), ..UpstreamArgs::default() };
        let found = upstream(&far, false).expect("addresses");
        assert!(found.jaeger.is_some() && found.jaeger_pages.is_none() && found.prometheus.is_none());
        let found = upstream(&far, true).expect("addresses");
        assert!(found.prometheus.is_some() && found.prometheus_pages.is_some());
        let wrong = UpstreamArgs { prometheus: Some("http://".to_owned()), ..UpstreamArgs::default() };
        let error = upstream(&wrong, false).expect_err("no address");
        assert!(error.hint.is_some_and(|hint| hint.contains("--prometheus")));
    }
}
