//! URLs of git repositories: when two of them mean the same repository, and what of them may be written down.
//!
//! No parser for URLs in general: git takes more than they allow (`git@host:path`, plain folders), and what cannot be
//! understood must still compare equal to itself.

/// The form in which two URLs of one repository are equal: without scheme, user, password, port, a trailing `.git`
/// and slashes; lower case, as Argo CD compares them (its `git.NormalizeGitURL`), except for folders of this machine.
///
/// `git@github.com:O/r.git`, `ssh://git@github.com:22/o/r` and `https://token@github.com/o/r/` all give `github.com/o/r`;
/// `file:///srv/r.git` gives `/srv/r`.
#[must_use]
pub fn normalise_url(url: &str) -> String {
    let url = url.trim();
    let (host, path) = match split(url) {
        Parts::Local(path) => return tidy(path, true),
        Parts::Remote { authority, path, .. } => (without_port(without_user(authority)), path),
    };
    let path = tidy(path, false);
    if path.is_empty() { host.to_lowercase() } else { format!("{host}/{path}").to_lowercase() }
}

/// Whether two URLs mean the same repository by [`normalise_url`]. An empty URL is like no other.
#[must_use]
pub fn same_repository(a: &str, b: &str) -> bool {
    let a = normalise_url(a);
    !a.is_empty() && a == normalise_url(b)
}

/// The URL as it may be written into a file or shown: over http(s) without user and password (a token may stand in
/// either place), elsewhere without the password. The user of an ssh URL stays, because it is part of the address.
#[must_use]
pub fn without_credentials(url: &str) -> String {
    let Parts::Remote { scheme: Some(scheme), authority, path } = split(url) else { return url.to_owned() };
    let host = without_user(authority);
    let user = match scheme.to_ascii_lowercase().as_str() {
        "http" | "https" => "",
        _ => authority[..authority.len() - host.len()].trim_end_matches('@').split(':').next().unwrap_or(""),
    };
    let at = if user.is_empty() { "" } else { "@" };
    format!("{scheme}://{user}{at}{host}{path}")
}

enum Parts<'a> {
    /// A folder of this machine, by path or as `file://`.
    Local(&'a str),
    /// `path` keeps its leading slash, if it has one.
    Remote { scheme: Option<&'a str>, authority: &'a str, path: &'a str },
}

fn split(url: &str) -> Parts<'_> {
    if let Some((scheme, rest)) = url.split_once("://")
        && is_scheme(scheme)
    {
        if scheme.eq_ignore_ascii_case("file") {
            return Parts::Local(rest);
        }
        // A user may hold anything but a slash; RFC 3986 ends the authority at one of these.
        let mut end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        // A password with a bare slash in it is no valid URL, but it is still a password: "port" of letters, then an @.
        let odd_port = without_port(without_user(&rest[..end])).contains(':') && !rest.starts_with('[');
        if odd_port && let Some(at) = rest.rfind('@').filter(|at| *at > end) {
            end = rest[at..].find(['/', '?', '#']).map_or(rest.len(), |slash| at + slash);
        }
        let (authority, path) = rest.split_at(end);
        return Parts::Remote { scheme: Some(scheme), authority, path };
    }
    // git's scp form: a colon before the first slash. One letter before it is a drive.
    let colon = if url.starts_with('[') { url.find("]:").map(|at| at + 1) } else { url.find(':') };
    let slash = url.find('/').unwrap_or(url.len());
    match colon {
        Some(colon) if colon < slash && colon > 1 => {
            Parts::Remote { scheme: None, authority: &url[..colon], path: &url[colon + 1..] }
        }
        _ => Parts::Local(url),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn without_user(authority: &str) -> &str {
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|c| c.is_ascii_digit()) && !name.is_empty() => name,
        _ => host,
    }
}

/// The path without repeated and trailing slashes and `.git`.
fn tidy(path: &str, rooted: bool) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let text = parts.join("/");
    let text = text.strip_suffix(".git").unwrap_or(&text).trim_end_matches('/');
    if rooted && path.starts_with('/') { format!("/{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_repository_has_many_urls() {
        for url in [
            "git@github.com:o/r.git",
            "github.com:o/r",
            "ssh://git@github.com/o/r.git",
            "ssh://git@github.com:22/o/r",
            "git+ssh://git@GitHub.com/o/r/",
            "https://github.com/o/r",
            "https://github.com/O/R.git",
            "https://user:p%40ss@github.com:443/o/r.git/",
            "https://x-access-token:ghs_a:b@github.com//o/r",
            "http://github.com/o/r",
            "git://github.com/o/r.git",
            " https://github.com/o/r\n",
        ] {
            assert_eq!(normalise_url(url), "github.com/o/r", "{url}");
            assert!(same_repository(url, "git@github.com:o/r.git"));
        }
    }

    #[test]
    fn others_stay_apart() {
        for (a, b) in [
            ("https://github.com/o/r", "https://gitlab.com/o/r"),
            ("https://github.com/o/r", "https://github.com/o/r2"),
            ("https://github.com/o/r", "https://github.com/o/r.github"),
            ("/srv/R", "/srv/r"),
            ("", ""),
        ] {
            assert!(!same_repository(a, b), "{a} {b}");
        }
    }

    #[test]
    fn folders_and_odd_hosts() {
        assert_eq!(normalise_url("file:///srv/git/r.git"), "/srv/git/r");
        assert_eq!(normalise_url("/srv/git//r.git/"), "/srv/git/r");
        assert_eq!(normalise_url("../r.git"), "../r");
        assert_eq!(normalise_url("C:\\repos\\r"), "C:\\repos\\r");
        assert_eq!(normalise_url("ssh://git@[::1]:2222/o/r.git"), "[::1]/o/r");
        assert_eq!(normalise_url("[::1]:o/r"), "[::1]/o/r");
        assert_eq!(normalise_url("git@host:/srv/r.git"), "host/srv/r");
        assert_eq!(normalise_url("git://172.18.0.1"), "172.18.0.1");
        assert_eq!(normalise_url(""), "");
    }

    #[test]
    fn credentials_go() {
        for (url, shown) in [
            ("https://user:tok@github.com/o/r.git", "https://github.com/o/r.git"),
            ("https://tok@host:8443/o/r?x=1", "https://host:8443/o/r?x=1"),
            ("https://user:a/b?c@host/o/r", "https://host/o/r"),
            ("HTTPS://a:b@c@host/o", "HTTPS://host/o"),
            ("ssh://git:pw@host:22/o/r", "ssh://git@host:22/o/r"),
            ("ssh://git@host/o/r", "ssh://git@host/o/r"),
            ("git@github.com:o/r.git", "git@github.com:o/r.git"),
            ("/srv/git/r@2.git", "/srv/git/r@2.git"),
            ("file:///srv/a@b", "file:///srv/a@b"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    #[test]
    fn any_text_is_taken() {
        for url in
            ["://", "a://", "://@:/", "@", ":", "[", "[]:", "https://@", "https://:@/", "é://é@é:é/é", "a:b:c@d:e"]
        {
            let _ = (normalise_url(url), without_credentials(url));
            assert_eq!(normalise_url(url), normalise_url(&normalise_url(url)), "{url}");
        }
    }
}
