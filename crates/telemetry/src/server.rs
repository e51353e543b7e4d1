//! A server with an HTTP API: its address, and answers of bounded size in bounded time.

use crate::QueryError;
use reqwest::Url;
use std::time::Duration;

/// As long as Argo Rollouts' provider waits.
const PATIENCE: Duration = Duration::from_secs(30);
/// Who listens answers the telephone at once.
const CONNECT: Duration = Duration::from_secs(5);
/// Larger answers are nobody's who asks as we do.
const LIMIT: usize = 32 << 20;

/// A server.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    who: &'static str,
    client: reqwest::Client,
    base: Url,
    limit: usize,
}

/// What came, whatever its status says.
pub(crate) struct Body {
    pub(crate) status: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Server {
    pub(crate) fn new(who: &'static str, address: &str) -> Result<Server, QueryError> {
        let base = Url::parse(address.trim_end_matches('/')).map_err(|_| QueryError::Address { who })?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(QueryError::Address { who });
        }
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).connect_timeout(CONNECT).build();
        let client = client.map_err(|source| QueryError::Unreachable { who, source })?;
        Ok(Server { who, client, base, limit: LIMIT })
    }

    /// The address of a page or an API below the server's own.
    fn at(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(None);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// The same to be shown: without user and password.
    pub(crate) fn link(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut url = self.at(path, query);
        // Refused only for addresses that have no host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.to_string()
    }

    pub(crate) async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Body, QueryError> {
        self.send(self.client.get(self.at(path, query))).await
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Body, QueryError> {
        self.send(self.client.post(self.at(path, &[])).form(form)).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Body, QueryError> {
        let unreachable = |source| QueryError::Unreachable { who: self.who, source };
        let mut response = request.send().await.map_err(unreachable)?;
        let status = response.status().as_u16();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > self.limit {
                return Err(QueryError::TooLarge { who: self.who, limit: self.limit });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Body { status, bytes })
    }

    #[cfg(test)]
    pub(crate) fn limited(mut self, limit: usize) -> Server {
        self.limit = limit;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn server(address: &str) -> Result<Server, QueryError> {
        Server::new("It", address)
    }

    #[test]
    fn addresses_lose_their_password_where_they_are_shown() {
        let it = server("https://user:secret@host:8443/sub/").expect("an address");
        assert_eq!(it.link("/search", &[("tags", r#"{"a":"b c"}"#)]).as_str(), {
            "https://host:8443/sub/search?tags=%7B%22a%22%3A%22b+c%22%7D"
        });
        for bad in ["", "host:80", "file:///etc/passwd", "secret@host", "http://"] {
            let error = server(bad).map(drop).expect_err(bad);
            assert_eq!(error.to_string(), "It's address is no http or https URL");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_said_without_the_address() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let it = server(&format!("http://u:secret@127.0.0.1:{port}")).expect("an address");
        let error = it.get("/x", &[]).await.map(drop).expect_err("nobody");
        assert!(error.may_pass());
        let words = error.to_string();
        assert!(words.contains("refused") && !words.contains("secret"), "{words}");
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut buffer = [0; 1024];
            let _ = stream.read(&mut buffer).await;
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            while stream.write_all(b"400\r\n").await.is_ok() {
                if stream.write_all(&[b'x'; 1024]).await.is_err() || stream.write_all(b"\r\n").await.is_err() {
                    break;
                }
            }
        });
        let it = server(&format!("http://127.0.0.1:{port}")).expect("an address").limited(1 << 20);
        let error = it.get("/x", &[]).await.map(drop).expect_err("too much");
        assert_eq!(error.to_string(), "It answers with more than 1 MiB");
        serving.abort();
    }
}
