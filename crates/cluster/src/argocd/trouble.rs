//! Why Argo CD's API could not be asked.

use std::fmt;

/// Why Argo CD's API could not be asked. The token is in none of it.
#[derive(Debug)]
pub struct Trouble {
    /// The server's address; empty where there is none to ask.
    pub(super) server: String,
    pub(super) what: What,
}

#[derive(Debug)]
pub(super) enum What {
    Settings(String),
    Unreachable(String),
    Slow,
    /// It does not know who we are.
    Token(String),
    /// It lets the account not see that, or does not say what it could not do itself.
    Forbidden(String),
    NotThere(String),
    Redirects(String),
    /// Something else answers there.
    Stranger(String),
    Refused {
        code: u16,
        message: String,
    },
}

impl Trouble {
    pub(super) fn settings(why: String) -> Trouble {
        Trouble { server: String::new(), what: What::Settings(why) }
    }

    /// Whether to try again makes sense.
    pub(crate) fn may_pass(&self) -> bool {
        match &self.what {
            What::Unreachable(_) | What::Slow => true,
            // Also its word for everything that went wrong while it read the Application.
            What::Forbidden(_) => true,
            What::Refused { code, .. } => matches!(code, 409 | 429 | 500..),
            _ => false,
        }
    }

    pub(crate) fn is_not_there(&self) -> bool {
        matches!(self.what, What::NotThere(_))
    }

    /// What a person can do.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match &self.what {
            What::Settings(_) => {
                Some("ARGOCD_SERVER and ARGOCD_AUTH_TOKEN name server and account, or `argocd login` does")
            }
            What::Token(_) => Some("ARGOCD_AUTH_TOKEN takes another one, `argocd login` or `argocd relogin` makes one"),
            What::Forbidden(_) => Some("the account needs `applications, get` in Argo CD's RBAC"),
            What::Unreachable(why) if why.contains("certificate") => {
                Some("ARGOCD_OPTS takes --server-crt FILE, or --insecure for whatever certificate it shows")
            }
            What::Unreachable(_) | What::Redirects(_) | What::Stranger(_) => Some(
                "ARGOCD_OPTS takes --plaintext for a server without TLS, --grpc-web-root-path for one below a path",
            ),
            _ => None,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.server;
        match &self.what {
            What::Settings(why) => write!(f, "no Argo CD to talk to: {why}"),
            What::Unreachable(why) => write!(f, "Argo CD at {server} cannot be reached: {why}"),
            What::Slow => write!(f, "Argo CD at {server} did not answer in time"),
            What::Token(why) => write!(f, "Argo CD at {server} does not take the token: {why}"),
            What::Forbidden(what) => write!(f, "Argo CD at {server} does not let this account see {what}"),
            What::NotThere(what) => write!(f, "Argo CD at {server} has no {what}"),
            What::Redirects(to) => write!(f, "{server} is no Argo CD: it says to go to {to}"),
            What::Stranger(why) => write!(f, "{server} does not answer as Argo CD does: {why}"),
            What::Refused { code, message } => write!(f, "Argo CD at {server} answered {code}: {message}"),
        }
    }
}

impl std::error::Error for Trouble {}
