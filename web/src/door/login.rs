//! Where the token is exchanged for a cookie.

use super::Entry;
use crate::guard::LOGIN_POLICY;
use crate::page::{Frame, PageError};
use crate::serve::Shared;
use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use std::collections::HashMap;
use std::sync::Arc;

pub(crate) const PATH: &str = "/login";
pub(super) const COOKIE_NAME: &str = "hyperspace-console";

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: Frame<'a>,
    /// Where to go on.
    to: &'a str,
    wrong: bool,
}

/// The form; whoever is not let in knows neither folder nor cluster.
pub(super) fn page(shared: &Shared, to: &str, wrong: bool) -> Response {
    let frame = Frame { folder: "", path: "", program: &shared.program, here: "", missing: true };
    let to = if inside(to) { to } else { "/" };
    match (LoginPage { frame, to, wrong }).render() {
        Ok(page) => ([(CONTENT_SECURITY_POLICY, LOGIN_POLICY)], Html(page)).into_response(),
        Err(error) => PageError::Broken(error).into_response(),
    }
}

/// `GET /login`: the form, or with `?token=` at once what it leads to.
pub(crate) async fn form(State(shared): State<Arc<Shared>>, Query(query): Query<HashMap<String, String>>) -> Response {
    match query.get("token") {
        Some(_) => exchange(&shared, &query),
        None if matches!(shared.door.entry, Entry::Token(_)) => page(&shared, "/", false),
        None => PageError::NotFound.into_response(),
    }
}

/// `POST /login`
pub(crate) async fn enter(State(shared): State<Arc<Shared>>, Form(form): Form<HashMap<String, String>>) -> Response {
    exchange(&shared, &form)
}

fn exchange(shared: &Shared, said: &HashMap<String, String>) -> Response {
    let Entry::Token(token) = &shared.door.entry else { return PageError::NotFound.into_response() };
    let to = said.get("to").filter(|to| inside(to)).map_or("/", String::as_str);
    if !said.get("token").is_some_and(|text| token.is(text.trim())) {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], page(shared, to, true)).into_response();
    }
    let cookie = format!("{COOKIE_NAME}={}; Path=/; HttpOnly; SameSite=Strict", token.session());
    let (Ok(cookie), Ok(to)) = (HeaderValue::try_from(cookie), HeaderValue::try_from(to)) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, to)]).into_response()
}

/// Whether an address is one of this console's: to a browser, two slashes of either kind begin another host's.
fn inside(to: &str) -> bool {
    let second = to.as_bytes().get(1);
    to.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && !to.starts_with(PATH)
        && to.parse::<PathAndQuery>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for to in ["/", "/rollouts/a/b?run=c%20d", "/pipeline"] {
            assert!(inside(to), "{to}");
        }
        for to in
            ["", "rollouts", "//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nb", "/login?token=x"]
        {
            assert!(!inside(to), "{to}");
        }
    }
}
