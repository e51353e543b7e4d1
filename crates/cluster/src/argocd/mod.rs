//! Argo CD by its own API, for who has no access to the cluster: it knows Applications, and nothing of what they deploy.

mod settings;
mod stream;
mod trouble;

use crate::Error;
use crate::connect::ANSWER;
use crate::crd::Application;
use crate::error::innermost;
use crate::find::{Found, found};
use crate::read::{name, observed};
use delivery::{Name, Release, View};
use futures_util::future::try_join_all;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode, Url, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

pub use settings::Server;
pub use trouble::Trouble;
use trouble::What;

/// A refresh is answered when Argo CD has compared with git.
const COMPARED: Duration = Duration::from_secs(60);
/// A list with thousands of Applications is smaller.
const LIMIT: usize = 256 << 20;
/// Of an answer that is no success, more than this nobody reads.
const WORDS: usize = 300;

/// An Argo CD server.
#[derive(Clone)]
pub struct ArgoCd {
    client: Client,
    server: Server,
}

#[derive(Deserialize)]
struct List {
    /// Null where there is none.
    items: Option<Vec<Application>>,
}

/// What its gateway says when something is wrong.
#[derive(Deserialize)]
struct Fault {
    message: String,
}

impl ArgoCd {
    /// Asks nobody yet.
    ///
    /// # Errors
    /// Where the certificates cannot be used.
    pub fn connect(server: Server) -> Result<ArgoCd, Error> {
        let no = |error: &dyn std::error::Error| Trouble::settings(innermost(error));
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", server.token.0)).map_err(|error| no(&error))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        // A redirect would take the token elsewhere.
        let mut client = Client::builder().default_headers(headers).redirect(redirect::Policy::none());
        client = client.connect_timeout(ANSWER).danger_accept_invalid_certs(server.insecure);
        for authority in server.authorities.iter().flat_map(|pem| Certificate::from_pem_bundle(pem)).flatten() {
            client = client.add_root_certificate(authority);
        }
        Ok(ArgoCd { client: client.build().map_err(|error| no(&error))?, server })
    }

    /// Its address.
    pub fn address(&self) -> &str {
        self.server.address()
    }

    /// All Applications that the account may see.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn applications(&self) -> Result<Vec<Found>, Error> {
        let list: List = self.read(self.get(&[], &[]).timeout(COMPARED), "Applications").await?;
        Ok(list.items.iter().flatten().map(found).collect())
    }

    /// Lets Argo CD compare an Application with git now; gives what it is once that is done.
    ///
    /// # Errors
    /// Where it cannot be asked.
    pub async fn refresh(&self, application: &Name) -> Result<View, Error> {
        let request = self.one(application, &[("refresh", "normal")]).timeout(COMPARED);
        let object: Application = self.read(request, &format!("Application {application}")).await?;
        Ok(view(&object))
    }

    /// Reads the Applications that a release is about, as they are now.
    ///
    /// # Errors
    /// Where one cannot be read; one that is not there is none.
    pub(crate) async fn look(&self, release: &Release) -> Result<View, Error> {
        let read = async |name: &Name| {
            let request = self.one(name, &[]).timeout(ANSWER);
            match self.read::<Application>(request, &format!("Application {name}")).await {
                Ok(object) => Ok(Some(object)),
                Err(trouble) if trouble.is_not_there() => Ok(None),
                Err(trouble) => Err(trouble),
            }
        };
        let mut all = View::default();
        for object in try_join_all(release.applications.iter().map(read)).await?.iter().flatten() {
            all.merge(&view(object));
        }
        Ok(all)
    }

    fn one(&self, name: &Name, more: &[(&str, &str)]) -> RequestBuilder {
        let request = self.get(&[&name.name], &[("appNamespace", name.namespace.as_str())]);
        request.query(more)
    }

    /// Asks for something below all Applications.
    fn get(&self, below: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        self.client.get(self.at(&[&["api", "v1", "applications"], below].concat())).query(query)
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.server.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder, what: &str) -> Result<T, Trouble> {
        let mut answer = self.send(request, what).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > LIMIT {
                return Err(self.trouble(What::Stranger(format!("its answer is larger than {} MiB", LIMIT >> 20))));
            }
            bytes.extend_from_slice(&chunk);
        }
        // Its pages are HTML, also those of paths that it does not have.
        serde_json::from_slice(&bytes).map_err(|error| self.trouble(What::Stranger(error.to_string())))
    }

    /// An answer that is a success.
    async fn send(&self, request: RequestBuilder, what: &str) -> Result<Response, Trouble> {
        let mut answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let code = answer.status();
        if code.is_success() {
            return Ok(answer);
        }
        if code.is_redirection() {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or("nowhere");
            return Err(self.trouble(What::Redirects(self.shown(to))));
        }
        let mut bytes = Vec::new();
        while let Ok(Some(chunk)) = answer.chunk().await {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > WORDS * 10 {
                break;
            }
        }
        let message = match serde_json::from_slice::<Fault>(&bytes) {
            Ok(fault) => fault.message,
            Err(_) => String::from_utf8_lossy(&bytes).lines().next().unwrap_or_default().to_owned(),
        };
        let message = self.shown(&message);
        Err(self.trouble(match code {
            StatusCode::UNAUTHORIZED => What::Token(message),
            StatusCode::FORBIDDEN => What::Forbidden(what.to_owned()),
            StatusCode::NOT_FOUND => What::NotThere(what.to_owned()),
            code => What::Refused { code: code.as_u16(), message },
        }))
    }

    /// A server's words, without what it was sent.
    fn shown(&self, words: &str) -> String {
        words.replace(&self.server.token.0, "…").chars().take(WORDS).collect()
    }

    fn unreachable(&self, error: &reqwest::Error) -> Trouble {
        // Its own words begin with the address, which is said already.
        self.trouble(if error.is_timeout() { What::Slow } else { What::Unreachable(innermost(error)) })
    }

    fn trouble(&self, what: What) -> Trouble {
        Trouble { server: self.address().to_owned(), what }
    }
}

fn view(object: &Application) -> View {
    let mut view = View::default();
    view.applications.insert(name(&object.metadata), observed(object));
    view
}
