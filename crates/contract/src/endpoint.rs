//! Addresses as configurations write them, and what a host name means inside a cluster.

/// `scheme://host:port/path`, each part where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http`, `https`, `grpc`, `dns`…
    pub scheme: Option<String>,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// Path, with its leading slash.
    pub path: String,
}

/// What a host name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// Every interface: empty, `0.0.0.0`, `::`.
    Any,
    /// This host alone.
    Loopback,
    /// An address of a private network: a Service's or a pod's.
    Private(String),
    /// Another literal address.
    Public(String),
    /// A Service by name, and its namespace where it is written.
    Service(String, Option<String>),
    /// A name outside the cluster, or one that can't be told.
    Outside(String),
}

/// Parses an address; `None` where it is no address (an expression such as `${env:X}`, an empty string).
pub fn parse(text: &str) -> Option<Endpoint> {
    let text = text.trim();
    if text.is_empty() || text.contains("${") || text.contains("$(") || text.contains("{{") || text.contains(' ') {
        return None;
    }
    let (scheme, rest) = match text.find("://") {
        Some(at) => (Some(text[..at].to_ascii_lowercase()), text[at + 3..].trim_start_matches('/')),
        None => (None, text),
    };
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    let authority = authority.rsplit('@').next().unwrap_or(authority);
    let (host, port) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let end = bracketed.find(']')?;
            (&bracketed[..end], bracketed[end + 1..].strip_prefix(':'))
        }
        None => match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        Some(port) => Some(port.parse().ok()?),
        None => None,
    };
    Some(Endpoint { scheme, host: host.to_owned(), port, path: path.to_owned() })
}

impl Endpoint {
    /// The port, or the one that the scheme implies.
    pub fn effective_port(&self) -> Option<u16> {
        self.port.or(match self.scheme.as_deref() {
            Some("http") => Some(80),
            Some("https") => Some(443),
            _ => None,
        })
    }

    /// What the host means.
    pub fn meaning(&self) -> Host {
        host(&self.host)
    }

    /// The address with another host and port, everything else as it was.
    pub fn with(&self, host: &str, port: Option<u16>) -> String {
        let scheme = self.scheme.as_ref().map(|s| format!("{s}://")).unwrap_or_default();
        let port = port.map(|p| format!(":{p}")).unwrap_or_default();
        format!("{scheme}{host}{port}{}", self.path)
    }
}

/// What a host name means to a pod. A name with dots that is not `….svc…` and whose last part is a public-looking domain is
/// outside; `name.namespace` is a Service.
pub fn host(name: &str) -> Host {
    match name {
        "" | "0.0.0.0" | "::" => return Host::Any,
        "localhost" | "::1" => return Host::Loopback,
        _ => {}
    }
    if let Ok(address) = name.parse::<std::net::IpAddr>() {
        return match address {
            std::net::IpAddr::V4(v4) if v4.is_loopback() => Host::Loopback,
            std::net::IpAddr::V4(v4) if v4.is_private() => Host::Private(name.to_owned()),
            _ => Host::Public(name.to_owned()),
        };
    }
    let parts: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    match parts.as_slice() {
        [service] => Host::Service((*service).to_owned(), None),
        [service, namespace] if !public_suffix(namespace) => {
            Host::Service((*service).to_owned(), Some((*namespace).to_owned()))
        }
        [service, namespace, "svc", ..] => Host::Service((*service).to_owned(), Some((*namespace).to_owned())),
        _ => Host::Outside(name.to_owned()),
    }
}

fn public_suffix(part: &str) -> bool {
    matches!(
        part,
        "com"
            | "org"
            | "net"
            | "io"
            | "dev"
            | "local"
            | "internal"
            | "cloud"
            | "test"
            | "example"
            | "invalid"
            | "app"
            | "ai"
            | "co"
    )
}

/// Whether a host is written as a name inside the cluster with `.svc`.
pub fn is_cluster_name(name: &str) -> bool {
    name.trim_end_matches('.').split('.').nth(2) == Some("svc")
}

/// Edits that turn one word into the other, at most `limit`; `None` beyond. Two neighbours that changed places are one edit.
pub fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // Rows of the optimal string alignment: the one before the last, the last, the current.
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(i + 1);
        for (j, cb) in b.iter().enumerate() {
            let mut cost = (row[j] + usize::from(ca != cb)).min(row[j + 1] + 1).min(next[j] + 1);
            if i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|d| *d <= limit)
}

/// The one word nearest to `wanted`, within two edits or a third of its length; `None` where two are as near.
pub fn nearest_word<'a>(wanted: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    let mut tie = false;
    for word in words {
        let Some(found) = distance(wanted, word, limit) else { continue };
        match best {
            Some((d, w)) if found == d && w != word => tie = true,
            Some((d, _)) if found >= d => {}
            _ => {
                best = Some((found, word));
                tie = false;
            }
        }
    }
    best.filter(|_| !tie).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses() {
        let e = parse("http://collector.otel.svc.cluster.local:4318/v1").unwrap();
        assert_eq!((e.effective_port(), e.path.as_str()), (Some(4318), "/v1"));
        assert_eq!(e.meaning(), Host::Service("collector".into(), Some("otel".into())));
        assert_eq!(parse("[::]:4317").unwrap().meaning(), Host::Any);
        assert_eq!(parse(":8889").unwrap().meaning(), Host::Any);
        assert_eq!(parse("10.96.0.12:4317").unwrap().meaning(), Host::Private("10.96.0.12".into()));
        assert_eq!(parse("api.honeycomb.io:443").unwrap().meaning(), Host::Outside("api.honeycomb.io".into()));
        assert_eq!(parse("0.0.0.0:http"), None);
        assert_eq!(parse("${env:HOST}:4317"), None);
    }

    #[test]
    fn finds_the_nearest_word() {
        assert_eq!(nearest_word("jager", ["jaeger", "prometheus"]), Some("jaeger"));
        assert_eq!(nearest_word("ab", ["ax", "xb"]), None);
        assert_eq!(nearest_word("otpl", ["otlp", "zipkin"]), Some("otlp"));
    }
}
