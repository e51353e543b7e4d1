//! A way into the cluster for who stands outside of it: through the apiserver, to a Service's port.

use crate::error::of_status;
use crate::{Cluster, Error};
use delivery::Name;
use http::Request;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use std::time::Duration;

/// Of an answer that is no success: more than this nobody reads.
const READ: usize = 64 * 1024;

impl Cluster {
    /// Posts to an HTTP port of a Service. Asks for the right to `create` `services/proxy`.
    ///
    /// # Errors
    /// Where the cluster does not let it through, or the Service answers with anything but success within `limit`.
    pub async fn post(
        &self,
        service: &Name,
        port: u16,
        path: &str,
        content_type: &str,
        body: Vec<u8>,
        limit: Duration,
    ) -> Result<(), Error> {
        let Name { namespace, name } = service;
        let uri = format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy{path}");
        let request = Request::post(uri).header(CONTENT_TYPE, content_type).body(Body::from(body));
        let request = request.map_err(|error| Error::Refused { code: 400, message: error.to_string() })?;
        let posted = async {
            let answer = self.client.send(request).await?;
            let code = answer.status();
            if code.is_success() {
                return Ok(());
            }
            let read = Limited::new(answer.into_body(), READ).collect().await;
            let text = read.map(|read| read.to_bytes()).unwrap_or_default();
            // The apiserver's own no is a Status; everything else is the Service's.
            Err(match serde_json::from_slice::<kube::core::Status>(&text) {
                Ok(status) if status.code == code.as_u16() => of_status(&status),
                _ => {
                    let words = String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned();
                    Error::Refused { code: code.as_u16(), message: format!("{service} answered {code} {words}") }
                }
            })
        };
        tokio::time::timeout(limit, posted).await.unwrap_or(Err(Error::Slow(limit.as_secs())))
    }
}
