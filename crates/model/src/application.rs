//! Argo CD Applications and ApplicationSets: which folder goes to which namespace.

use crate::place::{Place, Text};
use yaml::Node;

/// An Application, or the template of an ApplicationSet.
#[derive(Clone, Debug)]
pub struct Application {
    /// Index into [`crate::Repository::objects`].
    pub object: usize,
    /// The object's name.
    pub name: String,
    /// An ApplicationSet.
    pub set: bool,
    /// Git directory generators, also those nested in matrix and merge generators.
    pub generators: Vec<Generator>,
    /// `source` and `sources`.
    pub sources: Vec<AppSource>,
    /// `destination.namespace`.
    pub namespace: Option<Text>,
}

/// A git generator.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The `git` mapping.
    pub at: Place,
    /// `repoURL`.
    pub repo_url: Option<Text>,
    /// `revision`.
    pub revision: Option<Text>,
    /// Directory entries: path and whether it excludes.
    pub directories: Vec<(Text, bool)>,
    /// File entries.
    pub files: Vec<Text>,
}

/// A source of an Application.
#[derive(Clone, Debug)]
pub struct AppSource {
    /// The source's mapping.
    pub at: Place,
    /// `repoURL`.
    pub repo_url: Option<Text>,
    /// `targetRevision`.
    pub revision: Option<Text>,
    /// `path`.
    pub path: Option<Text>,
    /// A Helm chart from a chart repository: its URL is no git repository.
    pub chart: bool,
}

impl Application {
    pub(crate) fn read(object: usize, file: usize, name: &str, set: bool, root: Node<'_>) -> Option<Application> {
        let outer = root.get("spec")?;
        let mut generators = Vec::new();
        if set && let Some(list) = outer.get("generators") {
            collect(file, list, &mut generators, 0);
        }
        let spec = if set { outer.at(&["template", "spec"]) } else { Some(outer) };
        let single = spec.and_then(|s| s.get("source")).into_iter();
        let many = spec.and_then(|s| s.get("sources")).map(|s| s.items().collect::<Vec<_>>()).unwrap_or_default();
        Some(Application {
            object,
            name: name.to_owned(),
            set,
            generators,
            sources: single.chain(many).map(|s| AppSource::read(file, s)).collect(),
            namespace: spec.and_then(|s| Text::at(file, s, &["destination", "namespace"])),
        })
    }
}

fn collect(file: usize, list: Node<'_>, into: &mut Vec<Generator>, depth: usize) {
    for generator in list.items() {
        if let Some(git) = generator.get("git") {
            into.push(Generator::read(file, git));
        }
        for nested in ["matrix", "merge"] {
            // Argo CD allows one level of nesting (a matrix in a matrix); a bound keeps hostile input flat.
            if depth < 4
                && let Some(inner) = generator.at(&[nested, "generators"])
            {
                collect(file, inner, into, depth + 1);
            }
        }
    }
}

impl Generator {
    fn read(file: usize, git: Node<'_>) -> Generator {
        let list = |key: &str| -> Vec<Node<'_>> { git.get(key).map(|n| n.items().collect()).unwrap_or_default() };
        Generator {
            at: Place::of(file, git),
            repo_url: Text::at(file, git, &["repoURL"]),
            revision: Text::at(file, git, &["revision"]),
            directories: list("directories")
                .into_iter()
                .filter_map(|d| {
                    Some((Text::at(file, d, &["path"])?, d.get("exclude").and_then(|e| e.as_bool()).unwrap_or(false)))
                })
                .collect(),
            files: list("files").into_iter().filter_map(|d| Text::at(file, d, &["path"])).collect(),
        }
    }

    /// Whether the generator makes an application of the folder (relative to the repository's root). Argo CD matches
    /// with Go's `path.Match`: a star does not cross a slash. Exclusion wins.
    pub fn covers(&self, folder: &str) -> bool {
        let hit = |exclude: bool| self.directories.iter().any(|(p, e)| *e == exclude && glob(&p.value, folder));
        hit(false) && !hit(true)
    }
}

impl AppSource {
    fn read(file: usize, node: Node<'_>) -> AppSource {
        AppSource {
            at: Place::of(file, node),
            repo_url: Text::at(file, node, &["repoURL"]),
            revision: Text::at(file, node, &["targetRevision"]),
            path: Text::at(file, node, &["path"]),
            chart: node.get("chart").is_some(),
        }
    }
}

/// Go's `path.Match` for the patterns in use: `*` and `?` within a segment; `**` (not Go's, but seen) crosses slashes.
pub fn glob(pattern: &str, path: &str) -> bool {
    let clean = |text: &str| -> Vec<String> {
        text.split('/').filter(|s| !s.is_empty() && *s != ".").map(str::to_owned).collect()
    };
    segments(&clean(pattern), &clean(path))
}

fn segments(pattern: &[String], path: &[String]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => (0..=path.len()).any(|skip| segments(rest, &path[skip..])),
        Some((first, rest)) => {
            path.split_first().is_some_and(|(p, tail)| wildcard(first.as_bytes(), p.as_bytes()) && segments(rest, tail))
        }
    }
}

fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == b'?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// The namespace that a destination template gives for a folder; `None` where a placeholder other than the folder's
/// parts is left.
pub fn destination(template: &str, folder: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        let end = start + rest[start..].find("}}")?;
        out.push_str(&rest[..start]);
        let expression = rest[start + 2..end].trim().trim_start_matches('.');
        let parts: Vec<&str> = folder.split('/').filter(|s| !s.is_empty()).collect();
        match expression {
            "path.basename" | "path.basenameNormalized" => out.push_str(parts.last()?),
            "path" | "path.path" => out.push_str(folder),
            _ => {
                let index = expression.strip_prefix("path[").and_then(|e| e.strip_suffix(']'));
                let index = index.or_else(|| expression.strip_prefix("index .path.segments "))?;
                out.push_str(parts.get(index.trim().parse::<usize>().ok()?)?);
            }
        }
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_like_go() {
        assert!(glob("a/manifests/*", "a/manifests/otel"));
        assert!(!glob("a/manifests/*", "a/manifests/otel/base"));
        assert!(!glob("manifests/*", "a/manifests/otel"));
        assert!(glob("*/overlays/pro?", "x/overlays/prod"));
        assert!(glob("a*c", "abbbc"));
        assert!(!glob("a*c", "abbbd"));
    }

    #[test]
    fn fills_destinations() {
        assert_eq!(destination("{{ path.basename }}", "m/otel").as_deref(), Some("otel"));
        assert_eq!(destination("{{.path.basename}}-x", "m/otel").as_deref(), Some("otel-x"));
        assert_eq!(destination("{{path[0]}}", "m/otel").as_deref(), Some("m"));
        assert_eq!(destination("{{cluster}}", "m/otel"), None);
    }
}
