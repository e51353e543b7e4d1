//! Who may ask, and what a browser may do with the answer.

use axum::extract::Request;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Nothing but our own files: a page of hostile manifests has no way to run or fetch anything.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers of every answer, refusals included.
const HEADERS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Adds [`HEADERS`]; what sets no caching of its own is never stored, since the folder may change at any time.
pub(crate) async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses requests that reached this machine under a foreign name.
pub(crate) async fn local_names_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    // HTTP/2's name of the same thing; it also wins over Host in an absolute-form request.
    let host = request.uri().authority().map(|authority| authority.as_str()).or(host);
    if host.is_some_and(is_local) {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "This console answers to 127.0.0.1, [::1] and localhost only.\n")
            .into_response()
    }
}

/// Whether a Host header names this machine, on whatever port: a port may be forwarded.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    };
    name == "127.0.0.1" || name == "[::1]" || name.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn names_of_this_machine() {
        for host in ["127.0.0.1", "127.0.0.1:8500", "localhost:1", "LocalHost", "[::1]:8500", "[::1]"] {
            assert!(is_local(host), "{host}");
        }
    }

    #[test]
    fn other_names() {
        for host in
            ["", "evil.example", "localhost.evil.example:8500", "127.0.0.1.evil.example", "evil@localhost", "::1"]
        {
            assert!(!is_local(host), "{host}");
        }
    }
}
