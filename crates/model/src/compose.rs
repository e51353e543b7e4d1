//! What a Compose file says about the configurations beside it: which image reads them.

use crate::kustomize::{folder_of, join};
use yaml::Node;

/// A service of a Compose file that mounts files of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ComposeService {
    /// The image with the defaults of its variables in it; `None` where it is built, or a variable without a default says it.
    pub(crate) image: Option<String>,
    /// Files and folders that it mounts, relative to the checked folder.
    pub(crate) mounts: Vec<String>,
    /// Whether it is given several configurations, which a collector merges.
    pub(crate) several: bool,
}

impl ComposeService {
    /// The services of the Compose file at `path`; none where its name says that it is no such file.
    pub(crate) fn read(path: &str, text: &str) -> Vec<ComposeService> {
        let name = path.rsplit('/').next().unwrap_or(path);
        if !name.contains("compose") || !text.contains("services:") {
            return Vec::new();
        }
        let stream = yaml::parse(text);
        let Some(root) = stream.documents().next() else { return Vec::new() };
        let Some(services) = root.get("services") else { return Vec::new() };
        let folder = folder_of(path);
        services.entries().filter_map(|(_, service)| ComposeService::of(folder, root, service)).collect()
    }

    fn of(folder: &str, root: Node<'_>, service: Node<'_>) -> Option<ComposeService> {
        let items = |key: &str| service.get(key).map(|n| n.items().collect::<Vec<_>>()).unwrap_or_default();
        let text = |node: Node<'_>| node.as_str().map(str::to_owned);
        let volumes = items("volumes").into_iter().filter_map(|v| match v.as_str() {
            Some(short) => defaults(short)?.split(':').next().map(str::to_owned),
            None => defaults(v.get("source")?.as_str()?),
        });
        let configs = items("configs").into_iter().filter_map(|c| {
            let name = c.as_str().or_else(|| c.get("source")?.as_str())?;
            defaults(root.at(&["configs", name, "file"])?.as_str()?)
        });
        // A name without a slash is a named volume.
        let mounts: Vec<String> =
            volumes.filter(|v| v.contains(['/', '.'])).chain(configs).map(|m| join(folder, &m)).collect();
        let words: Vec<String> = match service.get("command") {
            Some(command) => match command.as_str() {
                Some(line) => line.split_whitespace().map(str::to_owned).collect(),
                None => command.items().filter_map(text).collect(),
            },
            None => Vec::new(),
        };
        let told = words.iter().filter(|w| w.starts_with("--config") || w.as_str() == "-c").count();
        (!mounts.is_empty()).then(|| ComposeService {
            image: service.get("image").and_then(|i| i.as_str()).and_then(defaults),
            mounts,
            several: told > 1 || words.iter().any(|w| w.starts_with("--set")),
        })
    }

    /// Whether it mounts that file by name.
    pub(crate) fn mounts(&self, path: &str) -> bool {
        self.mounts.iter().any(|m| path == m)
    }

    /// Whether it mounts a folder that the file lies in.
    pub(crate) fn mounts_around(&self, path: &str) -> bool {
        self.mounts.iter().any(|m| path.strip_prefix(m.as_str()).is_some_and(|rest| rest.starts_with('/')))
    }
}

/// The text with `${NAME:-default}` and `${NAME-default}` replaced; `None` where a variable has no default.
fn defaults(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(rest.get(..at)?);
        let inner = rest.get(at + 1..)?.strip_prefix('{')?;
        let end = inner.find('}')?;
        let (_, default) = inner.get(..end)?.split_once('-')?;
        out.push_str(default);
        rest = inner.get(end + 1..)?;
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_who_mounts_what() {
        let text = "\
services:
  a:
    image: otel/opentelemetry-collector-contrib:${TAG:-0.88.0}
    command: [--config=/a.yaml, --config=/b.yaml]
    volumes: ['./a.yaml:/a.yaml:ro', {type: bind, source: ../shared, target: /x}, 'data:/data']
  b:
    build: .
    configs: [{source: otel, target: /etc/otel.yaml}]
  c:
    image: redis
configs:
  otel: {file: ./conf/otel.yaml}
";
        let read = ComposeService::read("deploy/dev/docker-compose.yml", text);
        let [a, b] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(a.image.as_deref(), Some("otel/opentelemetry-collector-contrib:0.88.0"));
        assert!(a.several && a.mounts("deploy/dev/a.yaml") && a.mounts_around("deploy/shared/otel.yaml"));
        assert!(!a.mounts("deploy/dev/b.yaml") && !a.mounts_around("deploy/shared2/otel.yaml"));
        assert_eq!((b.image.as_deref(), b.mounts("deploy/dev/conf/otel.yaml")), (None, true));
        assert!(ComposeService::read("deploy/values.yml", text).is_empty());
    }

    #[test]
    fn a_variable_without_a_default_is_unknown() {
        assert_eq!(defaults("${IMG-a:1}"), Some("a:1".into()));
        assert_eq!(defaults("a:${TAG}"), None);
        assert_eq!(defaults("a:$TAG"), None);
        assert_eq!(defaults("a:1"), Some("a:1".into()));
    }
}
