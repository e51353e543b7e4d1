//! Who is asked about Applications: Kubernetes, or where that is out of reach Argo CD's own API.

use super::which::{applications, said};
use crate::args::AccessArgs;
use crate::error::CommandError;
use crate::ui::Ui;
use cluster::{ArgoCd, Cluster, Found, Server, Way};
use std::fmt;

/// Who is asked.
pub(crate) enum Reach {
    /// Kubernetes.
    Cluster(Cluster),
    /// Argo CD's API: of Applications alone.
    ArgoCd(ArgoCd),
}

impl Reach {
    pub(crate) fn way(&self) -> Way<'_> {
        match self {
            Reach::Cluster(cluster) => Way::Cluster(cluster),
            Reach::ArgoCd(argocd) => Way::ArgoCd(argocd),
        }
    }

    /// Kubernetes, where that is who is asked.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        match self {
            Reach::Cluster(cluster) => Some(cluster),
            Reach::ArgoCd(_) => None,
        }
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reach::Cluster(cluster) => write!(f, "context {}", cluster.context()),
            Reach::ArgoCd(argocd) => write!(f, "Argo CD at {}", argocd.address()),
        }
    }
}

/// Connects and lists all Applications: of the cluster that the arguments name, else of the present one, else by Argo CD's API
/// alone. What was named is never replaced by something else.
pub(crate) async fn reach(ui: &Ui, args: &AccessArgs) -> Result<(Reach, Vec<Found>), CommandError> {
    let error = match applications(args).await {
        Ok((cluster, all)) => return Ok((Reach::Cluster(cluster), all)),
        Err(error) => error,
    };
    if args.context.is_some() || args.kubeconfig.is_some() {
        return Err(error);
    }
    match Server::here() {
        Ok(None) => Err(error),
        Ok(Some(server)) => {
            ui.status(&format!("{error}; asking Argo CD at {} instead", server.address()));
            by_argo_cd(server).await
        }
        Err(trouble) => Err(error.because(&trouble)),
    }
}

/// Lists all Applications of an Argo CD.
pub(crate) async fn by_argo_cd(server: Server) -> Result<(Reach, Vec<Found>), CommandError> {
    let argocd = ArgoCd::connect(server).map_err(said)?;
    let all = argocd.applications().await.map_err(said)?;
    if all.is_empty() {
        return Err(CommandError::user(format!("Argo CD at {} shows this account no Application", argocd.address()))
            .hint("the account needs `applications, get` in Argo CD's RBAC"));
    }
    Ok((Reach::ArgoCd(argocd), all))
}
