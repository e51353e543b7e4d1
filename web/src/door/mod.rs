//! Who may ask: under which names the console answers, and what a caller must show.

mod hosts;
pub(crate) mod login;
mod proxy;
mod token;

pub use proxy::Proxy;
pub use token::Token;

use crate::serve::Shared;
use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::IpAddr;
use std::sync::Arc;

/// The console's door. By default it is open to who can reach the loopback interface, under this machine's own names only.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// Names beside this machine's under which it is reached.
    pub hosts: Vec<String>,
    /// What a caller must show.
    pub entry: Entry,
}

/// What a caller must show.
#[derive(Clone, Debug, Default)]
pub enum Entry {
    /// Nothing: only this machine's callers arrive.
    #[default]
    Open,
    /// The token, or the cookie that it was exchanged for.
    Token(Token),
    /// That a proxy let it in.
    Proxy(Proxy),
}

/// What anybody may ask: probes, and what the login page is made of.
fn public(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | login::PATH) || path.starts_with("/assets/")
}

/// Lets a request in, or says why not.
pub(crate) async fn admit(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let door = &shared.door;
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    // HTTP/2's name of the same thing; it also wins over Host in an absolute-form request.
    let host = request.uri().authority().map(|authority| authority.as_str()).or(host);
    if !host.is_some_and(|host| door.answers_to(host)) {
        return (StatusCode::MISDIRECTED_REQUEST, door.names()).into_response();
    }
    let path = request.uri().path();
    let entered = public(path)
        || match &door.entry {
            Entry::Open => true,
            Entry::Token(token) => shows(token, request.headers()),
            Entry::Proxy(proxy) => proxy.let_in(&request),
        };
    if entered {
        return next.run(request).await;
    }
    let challenge = [(WWW_AUTHENTICATE, "Bearer")];
    match &door.entry {
        // A page says what it needs; a program gets words.
        Entry::Token(_) if request.method() == Method::GET && !request.headers().contains_key(AUTHORIZATION) => {
            let to = request.uri().path_and_query().map(|to| to.as_str()).unwrap_or_default();
            (StatusCode::UNAUTHORIZED, challenge, login::page(&shared, to, false)).into_response()
        }
        Entry::Proxy(_) => {
            let text = "This console takes requests only from its authenticating proxy, with the name of a user.\n";
            (StatusCode::FORBIDDEN, text).into_response()
        }
        Entry::Token(_) | Entry::Open => {
            let text = "This console needs its token: Authorization: Bearer TOKEN.\n";
            (StatusCode::UNAUTHORIZED, challenge, text).into_response()
        }
    }
}

/// Whether a request carries the token, or the cookie of who had it.
fn shows(token: &Token, headers: &HeaderMap) -> bool {
    if let Some(said) = headers.get(AUTHORIZATION) {
        let Some((scheme, text)) = said.to_str().ok().and_then(|said| said.split_once(' ')) else { return false };
        return scheme.eq_ignore_ascii_case("Bearer") && token.is(text.trim());
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == login::COOKIE_NAME).any(|(_, value)| token.is_session(value))
}

impl Door {
    /// Whether a Host header names this console.
    fn answers_to(&self, host: &str) -> bool {
        let name = hosts::name(host);
        let known = |own: &String| own.eq_ignore_ascii_case(name);
        // A web page can point a name of its own here, but no number.
        let number = || !matches!(self.entry, Entry::Open) && hosts::address(name).is_some();
        hosts::is_local(name) || self.hosts.iter().any(known) || number()
    }

    fn names(&self) -> String {
        let own = self.hosts.iter().map(|host| format!(", {host}")).collect::<String>();
        format!("This console answers to 127.0.0.1, [::1], localhost{own} only.\n")
    }

    /// Whether the console may listen there: beyond this machine somebody has to ask who comes.
    #[must_use]
    pub fn may_listen(&self, address: IpAddr) -> bool {
        address.is_loopback()
            || match &self.entry {
                Entry::Open => false,
                Entry::Token(_) => true,
                Entry::Proxy(proxy) => proxy.is_placed(),
            }
    }
}
