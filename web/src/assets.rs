//! Scripts, styles and the icon, embedded into the program by rust-embed.

use crate::page::PageError;
use crate::serve::Shared;
use axum::extract::{Path, State};
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The browser code of a build.
pub(crate) struct Assets {
    /// Why htmx is missing; `None` where it is there.
    pub(crate) missing: Option<String>,
}

impl Assets {
    /// What this build embedded.
    pub(crate) fn embedded() -> Assets {
        let reason = Embedded::get("missing.txt").map(|file| String::from_utf8_lossy(&file.data).into_owned());
        Assets { missing: reason }
    }

    fn get(&self, name: &str) -> Option<rust_embed::EmbeddedFile> {
        let hidden = name == "missing.txt" || name.ends_with(PACKED) || (self.missing.is_some() && name == "htmx.js");
        if hidden { None } else { Embedded::get(name) }
    }
}

/// What build.rs adds to the name of a file's gzip.
const PACKED: &str = ".gz";

/// `/assets/{name}`: packed for who takes that, and with a strong ETag, which browsers ask about each time. So a rebuilt console never meets an old
/// script, and an unchanged one is not sent again.
pub(crate) async fn asset(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let file = shared.assets.get(&name).ok_or(PageError::NotFound)?;
    let packed = takes_gzip(&headers).then(|| Embedded::get(&format!("{name}{PACKED}"))).flatten();
    let encoding = packed.is_some();
    let file = packed.unwrap_or(file);
    let tag = etag(&file.metadata.sha256_hash());
    let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = known.flat_map(|list| list.split(',')).any(|known| known.trim().trim_start_matches("W/") == tag);
    let caching = [(ETAG, tag.as_str()), (CACHE_CONTROL, "no-cache"), (VARY, "accept-encoding")];
    if fresh {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    let body = match file.data {
        Cow::Borrowed(bytes) => bytes.into_response(),
        Cow::Owned(bytes) => bytes.into_response(),
    };
    let mut response = (caching, [(CONTENT_TYPE, content_type(&name))], body).into_response();
    if encoding {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Whether the reader names gzip without refusing it.
fn takes_gzip(headers: &HeaderMap) -> bool {
    let named = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|list| list.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok()) == Some(0.0);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

fn etag(hash: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in hash.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// The kinds of file that `assets/` holds; nosniff makes anything else a download.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::takes_gzip;
    use axum::http::HeaderMap;
    use axum::http::header::ACCEPT_ENCODING;

    #[test]
    fn gzip_goes_to_who_takes_it() {
        let takes = |value: &'static str| {
            let value = value.parse().unwrap();
            takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, value)]))
        };
        assert!(takes("gzip") && takes("br, GZIP;q=0.5") && takes("deflate,gzip;q=1"));
        assert!(!takes("") && !takes("br") && !takes("gzip;q=0") && !takes("gzip; q=0.0") && !takes("x-gzip2"));
        assert!(!takes_gzip(&HeaderMap::new()));
    }
}
