//! What goes wrong, and whether it may pass.

use std::fmt;

/// Why the cluster could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No usable kubeconfig, or no such context in it.
    #[error("no cluster to talk to: {0}")]
    NoCluster(String),
    /// A right is missing.
    #[error("{0}")]
    Forbidden(Right),
    /// The credentials are not taken.
    #[error("the cluster does not know who we are: {0}")]
    Unauthorized(String),
    /// The object, or its whole kind, is not there.
    #[error("{0} is not there")]
    NotFound(String),
    /// The cluster refused.
    #[error("the cluster refused: {message}")]
    Refused {
        /// HTTP status.
        code: u16,
        /// Its words.
        message: String,
    },
    /// It cannot be reached, for now.
    #[error("the cluster cannot be reached: {0}")]
    Unreachable(String),
    /// It did not answer in time.
    #[error("the cluster did not answer within {0} s")]
    Slow(u64),
    /// Argo CD's own API could not be asked.
    #[error(transparent)]
    ArgoCd(#[from] crate::argocd::Trouble),
}

/// A right that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// `get`, `list`, `watch`, `patch`.
    pub verb: String,
    /// The resource in the plural, with its group.
    pub resource: String,
    /// The namespace; `None` for the whole cluster.
    pub namespace: Option<String>,
    /// Who lacks it.
    pub user: String,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.namespace.as_ref().map_or("the whole cluster".to_owned(), |name| format!("namespace {name}"));
        write!(f, "{} lacks the right to {} {} in {place}", self.user, self.verb, self.resource)
    }
}

impl Error {
    /// Whether to try again makes sense.
    pub fn may_pass(&self) -> bool {
        match self {
            Error::Unreachable(_) | Error::Slow(_) => true,
            Error::ArgoCd(trouble) => trouble.may_pass(),
            // Overload, a leader that moves, a conflict, a version that is gone.
            Error::Refused { code, .. } => matches!(code, 409 | 410 | 429 | 500..),
            _ => false,
        }
    }

    /// What a person can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::NoCluster(_) => {
                Some("--context names one of `kubectl config get-contexts`; KUBECONFIG names the file")
            }
            Error::ArgoCd(trouble) => trouble.hint(),
            Error::Forbidden(_) => Some("docs/rights.yaml lists every right that the tool uses"),
            _ => None,
        }
    }
}

impl From<kube::Error> for Error {
    fn from(error: kube::Error) -> Error {
        match &error {
            kube::Error::Api(status) => of_status(status),
            _ => Error::Unreachable(innermost(&error)),
        }
    }
}

/// What the apiserver says in a status.
pub(crate) fn of_status(status: &kube::core::Status) -> Error {
    let message = status.message.clone();
    match status.code {
        401 => Error::Unauthorized(message),
        403 => match right(&message) {
            Some(right) => Error::Forbidden(right),
            None => Error::Refused { code: 403, message },
        },
        404 => Error::NotFound(message.trim_end_matches(" not found").to_owned()),
        code => Error::Refused { code, message },
    }
}

/// The right in `… is forbidden: User "U" cannot VERB resource "R" in API group "G" in the namespace "N"`: the apiserver
/// puts it nowhere else.
fn right(message: &str) -> Option<Right> {
    let quoted = |before: &str| {
        let rest = &message[message.find(before)? + before.len()..];
        Some(rest[..rest.find('"')?].to_owned())
    };
    let verb = &message[message.find(" cannot ")? + " cannot ".len()..];
    let resource = quoted("resource \"")?;
    Some(Right {
        verb: verb.split(' ').next()?.to_owned(),
        resource: match quoted("API group \"") {
            Some(group) if !group.is_empty() => format!("{resource}.{group}"),
            _ => resource,
        },
        namespace: quoted("in the namespace \""),
        user: quoted("User \"")?,
    })
}

/// The last cause says what happened; those before it say where.
pub(crate) fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_right_has_a_name() {
        let right = right(
            "rollouts.argoproj.io \"hotrod\" is forbidden: User \"system:serviceaccount:ci:bot\" cannot patch resource \
             \"rollouts/status\" in API group \"argoproj.io\" in the namespace \"hotrod\"",
        );
        assert_eq!(
            right.expect("a right").to_string(),
            "system:serviceaccount:ci:bot lacks the right to patch rollouts/status.argoproj.io in namespace hotrod"
        );
        let wide = super::right(
            "pods is forbidden: User \"u\" cannot list resource \"pods\" in API group \"\" at the cluster scope",
        );
        assert_eq!(wide.expect("a right").to_string(), "u lacks the right to list pods in the whole cluster");
        assert_eq!(super::right("admission webhook \"x\" denied the request"), None);
    }
}
