//! The Certificate of Completion, in the adventure's format.

use serde::Serialize;
use std::fmt;

/// The adventure and its level.
const ADVENTURE: &str = "01 - Echoes Lost in Orbit";
const LEVEL: &str = "Expert - Hyperspace Operations & Transport";

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// Who.
    pub user: String,
    /// The repository's URL, without credentials.
    pub repo: String,
    /// When, as RFC 3339 has it.
    pub date: String,
    /// The commit's URL.
    pub url: String,
    /// The runs that promoted.
    pub runs: Vec<String>,
    /// What each gate measured.
    pub gates: Vec<Measure>,
    /// A trace that came through the collector.
    pub traces: Vec<String>,
}

/// A gate's measured values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measure {
    /// The gate.
    pub gate: String,
    /// What the promoting run measured, and what it reads now.
    pub values: String,
    /// Its bound.
    pub wants: String,
}

impl fmt::Display for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "--- CERTIFICATE START ---")?;
        let lines = [
            ("Adventure", ADVENTURE),
            ("Level", LEVEL),
            ("User", &self.user),
            ("Repo", &self.repo),
            ("Date", &self.date),
            ("Url", &self.url),
        ];
        for (key, value) in lines {
            writeln!(f, "{key}: {}", line(value))?;
        }
        writeln!(f, "--- CERTIFICATE END ---")?;
        writeln!(f)?;
        for run in &self.runs {
            writeln!(f, "promoted by {}", line(run))?;
        }
        for measure in &self.gates {
            writeln!(f, "{}: {} (wants {})", line(&measure.gate), line(&measure.values), measure.wants)?;
        }
        for trace in &self.traces {
            writeln!(f, "trace {}", line(trace))?;
        }
        Ok(())
    }
}

/// Nothing that somebody is called makes a second line, or another certificate.
fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().replace("---", "- - -")
}

/// A commit's address: its page where the repository has one, else the commit of that URL.
pub fn commit_url(repo: &str, commit: &str) -> String {
    match page(repo) {
        Some(page) => format!("{page}/commit/{commit}"),
        None => format!("{repo}#{commit}"),
    }
}

/// The web page of a repository on a host that people push to by http or ssh.
fn page(repo: &str) -> Option<String> {
    let bare = |text: &str| text.trim_end_matches('/').trim_end_matches(".git").to_owned();
    if repo.starts_with("https://") || repo.starts_with("http://") {
        return Some(bare(repo));
    }
    let normal = model::url::normalise_url(repo);
    let ssh = repo.starts_with("ssh://") || (!repo.contains("://") && repo.contains('@') && repo.contains(':'));
    (ssh && normal.split('/').count() >= 3).then(|| format!("https://{normal}"))
}

/// Whose repository it is, where its URL says: `https://host/OWNER/name`.
pub fn owner(repo: &str) -> Option<String> {
    let normal = model::url::normalise_url(repo);
    let parts: Vec<&str> = normal.split('/').collect();
    match parts.as_slice() {
        [host, owner, .., _] if !host.is_empty() => Some((*owner).to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_has_the_adventures_lines() {
        let certificate = Certificate {
            user: "Ada\n--- CERTIFICATE START ---".to_owned(),
            repo: "https://host/ada/fleet".to_owned(),
            date: "2026-01-01T00:00:00Z".to_owned(),
            url: commit_url("https://host/ada/fleet.git", "abc"),
            runs: vec!["hotrod-abc-2-1".to_owned()],
            gates: vec![Measure { gate: "p95".to_owned(), values: "772".to_owned(), wants: "< 1000".to_owned() }],
            traces: vec!["4bf9".to_owned()],
        };
        let text = certificate.to_string();
        let keys: Vec<&str> = text.lines().take(8).map(|line| line.split(':').next().unwrap_or_default()).collect();
        assert_eq!(
            keys,
            [
                "--- CERTIFICATE START ---",
                "Adventure",
                "Level",
                "User",
                "Repo",
                "Date",
                "Url",
                "--- CERTIFICATE END ---"
            ]
        );
        assert_eq!(text.matches("--- CERTIFICATE START ---").count(), 1, "{text}");
        assert!(text.contains("Url: https://host/ada/fleet/commit/abc\n"), "{text}");
        assert!(text.ends_with("promoted by hotrod-abc-2-1\np95: 772 (wants < 1000)\ntrace 4bf9\n"), "{text}");
    }

    #[test]
    fn commits_have_addresses() {
        for (repo, url) in [
            ("git@github.com:Ada/fleet.git", "https://github.com/ada/fleet/commit/1"),
            ("ssh://git@host:2222/ada/fleet", "https://host/ada/fleet/commit/1"),
            ("http://10.213.0.1:3000/fleet.git", "http://10.213.0.1:3000/fleet/commit/1"),
            ("git://10.213.0.1/hyperspace.git", "git://10.213.0.1/hyperspace.git#1"),
            ("/srv/fleet.git", "/srv/fleet.git#1"),
        ] {
            assert_eq!(commit_url(repo, "1"), url);
        }
        assert_eq!(owner("git@github.com:ada/fleet.git").as_deref(), Some("ada"));
        assert_eq!(owner("git://10.213.0.1/hyperspace.git"), None);
        assert_eq!(owner("/srv/git/x/fleet.git"), None);
    }
}
