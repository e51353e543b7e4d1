//! Which cluster, and as whom.

use crate::Error;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

/// How long an answer may take; a watch takes longer, and has its own patience.
pub(crate) const ANSWER: Duration = Duration::from_secs(10);

/// How to get at a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The kubeconfig; else those of `KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// One of its contexts; else the current one.
    pub context: Option<String>,
    /// Argo CD's namespace.
    pub argocd: String,
}

impl Default for Access {
    fn default() -> Self {
        Access { kubeconfig: None, context: None, argocd: "argocd".to_owned() }
    }
}

/// A cluster.
#[derive(Clone)]
pub struct Cluster {
    pub(crate) client: Client,
    pub(crate) argocd: String,
    context: String,
}

impl Cluster {
    /// The cluster of a context of the kubeconfig, or of its current one, or the one that this process runs in.
    ///
    /// Asks nobody yet.
    ///
    /// # Errors
    /// Where there is no such context, or its certificates cannot be used.
    pub async fn connect(access: &Access) -> Result<Cluster, Error> {
        let no = |error: &dyn std::error::Error| Error::NoCluster(error.to_string());
        let file = match &access.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let (mut config, context) = match file {
            Ok(file) => {
                let name = access.context.clone().or_else(|| file.current_context.clone());
                let options = KubeConfigOptions { context: name.clone(), ..KubeConfigOptions::default() };
                let config = Config::from_custom_kubeconfig(file, &options).await.map_err(|error| no(&error))?;
                (config, name.unwrap_or_default())
            }
            // In a pod there is no kubeconfig.
            Err(error) if access.context.is_none() && access.kubeconfig.is_none() => match Config::incluster() {
                Ok(config) => (config, "in-cluster".to_owned()),
                Err(_) => return Err(no(&error)),
            },
            Err(error) => return Err(no(&error)),
        };
        config.connect_timeout = Some(ANSWER);
        let client = Client::try_from(config).map_err(|error| no(&error))?;
        Ok(Cluster { client, argocd: access.argocd.clone(), context })
    }

    /// The context in use.
    pub fn context(&self) -> &str {
        &self.context
    }

    /// Argo CD's namespace.
    pub fn argocd(&self) -> &str {
        &self.argocd
    }
}

/// An answer, or that there was none in time.
pub(crate) async fn answer<T>(asked: impl Future<Output = Result<T, kube::Error>>) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Error::Slow(ANSWER.as_secs())),
    }
}
