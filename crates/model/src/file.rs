//! What kind of file it is: manifests, a bare collector configuration, a template that is no YAML yet, or none of ours.

use crate::compose::ComposeService;
use crate::source::{Context, SourceFile, Unreadable};
use crate::{Policy, collector};
use yaml::Stream;

/// A file of the repository.
#[derive(Debug)]
pub struct File {
    /// Relative to the checked folder.
    pub path: String,
    /// What it holds.
    pub role: Role,
    /// Its parsed text; `None` for files that are left alone.
    pub stream: Option<Stream>,
    /// The services of a Compose file that mount something.
    pub(crate) compose: Vec<ComposeService>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Kubernetes objects.
    Manifests,
    /// A collector configuration.
    Collector,
    /// A template (Helm, Jinja) that is YAML only when rendered: not read.
    Template,
    /// Not for this tool.
    Other,
    /// No text.
    Unreadable(Unreadable),
}

impl File {
    pub(crate) fn read(source: &SourceFile, context: &Context) -> File {
        let content = source.content.as_ref();
        let compose = content.map(|text| ComposeService::read(&source.path, text)).unwrap_or_default();
        let file = |role, stream| File { path: source.path.clone(), role, stream, compose };
        let text = match content {
            Err(reason) => return file(Role::Unreadable(reason.clone()), None),
            Ok(text) => text,
        };
        if Policy::is_policy_file(source) || !may_concern_us(text) {
            return file(Role::Other, None);
        }
        if in_chart_templates(&source.path, &context.charts) {
            return file(Role::Template, None);
        }
        let stream = yaml::parse(text.clone());
        if is_template_text(text) && !stream.faults().is_empty() || faults_at_braces(&stream) {
            return file(Role::Template, None);
        }
        let mut manifests = false;
        let mut collectors = false;
        for document in stream.documents() {
            if document.get("apiVersion").is_some() || document.get("kind").is_some() || document.get("items").is_some()
            {
                manifests = true;
            } else if collector::looks_like_config(document) {
                collectors = true;
            }
        }
        let broken = !stream.faults().is_empty();
        let role = match (manifests, collectors) {
            (true, _) => Role::Manifests,
            (_, true) => Role::Collector,
            _ if broken && line_starts(text, &["apiVersion:", "kind:", "\"apiVersion\"", "{\"apiVersion\""]) => {
                Role::Manifests
            }
            _ if broken && line_starts(text, &["receivers:"]) && line_starts(text, &["service:", "exporters:"]) => {
                Role::Collector
            }
            _ => Role::Other,
        };
        let stream = (role != Role::Other).then_some(stream);
        file(role, stream)
    }

    /// Whether it counts as a manifest that was parsed.
    pub fn counts(&self) -> bool {
        matches!(self.role, Role::Manifests | Role::Collector)
    }
}

/// A cheap sieve, so that the other thousand files of a repository cost next to nothing.
fn may_concern_us(text: &str) -> bool {
    text.contains("apiVersion") || text.contains("receivers") || text.contains("exporters")
}

fn line_starts(text: &str, prefixes: &[&str]) -> bool {
    text.lines().any(|line| prefixes.iter().any(|p| line.trim_start_matches('\u{feff}').starts_with(p)))
}

/// A chart renders what lies in its `templates/`, whatever it looks like.
fn in_chart_templates(path: &str, charts: &[String]) -> bool {
    charts.iter().any(|chart| {
        let inside = if chart.is_empty() || chart == "." {
            Some(path)
        } else {
            path.strip_prefix(chart.as_str()).and_then(|p| p.strip_prefix('/'))
        };
        inside.is_some_and(|p| p.starts_with("templates/"))
    })
}

/// Whether a fault stands on a line with `{{`: an action of a template that YAML takes for a mapping.
fn faults_at_braces(stream: &Stream) -> bool {
    stream.faults().iter().any(|fault| {
        let text = stream.text();
        let start = text.get(..fault.span.start).and_then(|t| t.rfind('\n')).map_or(0, |i| i + 1);
        let line = text.get(start..).and_then(|t| t.lines().next()).unwrap_or_default();
        let braces = text.get(fault.span.start..).is_some_and(|t| t.starts_with('{'));
        line.contains("{{ .") || line.contains("{{.") || braces && has_placeholder(line)
    })
}

/// `{{region}}`: one word, which something fills in before. Argo's `{{args.x}}` stays as it is.
fn has_placeholder(line: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    line.split("{{").skip(1).any(|rest| {
        let inner = rest.split("}}").next().filter(|inner| inner.len() < rest.len()).map(str::trim);
        inner.is_some_and(|inner| !inner.is_empty() && inner.chars().all(word))
    })
}

fn is_template_text(text: &str) -> bool {
    ["{{-", "{{ .Values", "{{.Values", "{{ include", "{{ template", "{% ", "{%- ", "{{ range", "{{ if"]
        .iter()
        .any(|mark| text.contains(mark))
}
