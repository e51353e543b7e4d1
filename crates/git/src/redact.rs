//! Keeps credentials out of everything that a person or a log may see.

/// Characters that end a URL in running text.
const ENDS: &[char] = &[' ', '\t', '\r', '\n', '"', '\'', '<', '>', '`', '|', '\\', '{', '}'];

/// Prefixes of tokens that say themselves what they are (GitHub's and GitLab's documented formats).
const TOKENS: &[&str] = &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gloas-", "glcbt-"];

/// `text` without the credentials of any URL in it, and without tokens of known form.
///
/// Over http(s) the whole user part goes, because a token may stand in place of the user's name; elsewhere the password
/// goes and the user stays, being part of an ssh address. Never longer than needed: all other text stays as it is.
#[must_use]
pub fn redact(text: &str) -> String {
    without_tokens(&strip(text, "***"))
}

/// A URL that can be stored and used again, without its credentials.
pub(crate) fn without_credentials(url: &str) -> String {
    strip(url, "")
}

/// Replaces the credentials of every URL in `text` by `mark`, or by nothing with their `@` where there is no mark.
fn strip(text: &str, mark: &str) -> String {
    let at_sign = if mark.is_empty() { "" } else { "@" };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let url = &after[..after.find(ENDS).unwrap_or(after.len())];
        let web = before[..at].to_ascii_lowercase();
        let user = url[..authority_end(url)].rsplit_once('@').map_or("", |(user, _)| user);
        if !user.is_empty() {
            if web.ends_with("http") || web.ends_with("https") {
                out.push_str(mark);
                out.push_str(at_sign);
            } else {
                let (name, password) = user.split_once(':').unwrap_or((user, ""));
                out.push_str(name);
                if !(password.is_empty() || mark.is_empty()) {
                    out.push(':');
                    out.push_str(mark);
                }
                out.push('@');
            }
            rest = &after[user.len() + 1..];
        } else {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Where the part of a URL that may hold credentials ends. A bare slash in a password is no valid URL, yet people paste
/// them. So where there are credentials (a user, or letters after a colon, which can be no port) they go on to the last
/// `@`: a path with an `@` in it is hidden rather than half a password shown.
fn authority_end(url: &str) -> usize {
    let end = url.find(['/', '?', '#']).unwrap_or(url.len());
    let authority = &url[..end];
    let odd_port = !authority.starts_with('[')
        && authority
            .split_once(':')
            .is_some_and(|(_, port)| port.is_empty() || !port.chars().all(|c| c.is_ascii_digit()));
    match url.rfind('@') {
        Some(at) if at > end && (odd_port || authority.contains('@')) => {
            url[at..].find(['/', '?', '#']).map_or(url.len(), |slash| at + slash)
        }
        _ => end,
    }
}

fn without_tokens(text: &str) -> String {
    let mut out = text.to_owned();
    for token in TOKENS {
        let mut from = 0;
        while let Some(at) = out[from..].find(token).map(|at| from + at) {
            let start = at + token.len();
            let length = out[start..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'));
            let end = length.map_or(out.len(), |length| start + length);
            out.replace_range(start..end, "***");
            from = start + 3;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn urls_in_text() {
        for (text, shown) in [
            ("https://u:p@h/x", "https://***@h/x"),
            ("push to 'https://tok@h:8443/x' failed", "push to 'https://***@h:8443/x' failed"),
            ("http://a@b:c@h", "http://***@h"),
            ("https://u:a/b?c@h/o/r then https://h/x@y", "https://***@h/o/r then https://h/x@y"),
            ("ssh://git:pw@h:22/x", "ssh://git:***@h:22/x"),
            ("ssh://git@h/x and git@h:x", "ssh://git@h/x and git@h:x"),
            ("https://h/x?mail=a@b", "https://h/x?mail=a@b"),
            ("bad token ghp_abcDEF123.", "bad token ghp_***."),
            ("ssh://git@[::1]:22/x", "ssh://git@[::1]:22/x"),
            ("", ""),
        ] {
            assert_eq!(redact(text), shown);
        }
    }

    #[test]
    fn a_url_to_use_again() {
        for (url, shown) in [
            ("https://u:p@h/x", "https://h/x"),
            ("ssh://git:pw@h/x", "ssh://git@h/x"),
            ("ssh://git@h/x", "ssh://git@h/x"),
            ("/srv/x", "/srv/x"),
        ] {
            assert_eq!(without_credentials(url), shown);
        }
    }

    proptest! {
        /// Whatever a password holds, as URLs must write it or as people paste it, none of it is left.
        #[test]
        fn no_password_survives(
            user in "[a-z]{1,8}",
            secret in "[A-Za-z0-9%:@/?#!$&*+=~._-]{0,12}SECRET[A-Za-z0-9%:@!$&*+=~._-]{0,12}",
            before in "[a-z :(]{0,10}",
            after in "( [a-z ]{0,10})?",
        ) {
            let shown = redact(&format!("{before} https://{user}:x{secret}@host.example/o/r.git{after}"));
            prop_assert!(!shown.contains("SECRET"), "{}", shown);
            prop_assert!(shown.contains("host.example/o/r.git"), "{}", shown);
        }

        #[test]
        fn a_token_as_user_goes(secret in "[A-Za-z0-9_.-]{20,40}") {
            let shown = redact(&format!("error: https://{secret}@host/x: 403"));
            prop_assert!(!shown.contains(&secret), "{}", shown);
        }

        #[test]
        fn any_text_is_taken_and_twice_is_once(text in "\\PC{0,60}") {
            let once = redact(&text);
            prop_assert_eq!(redact(&once), once.clone());
        }
    }
}
