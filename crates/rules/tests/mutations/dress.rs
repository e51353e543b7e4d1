//! The same manifests in other clothes: another layout, one file with many documents, `List` kinds, JSON, carriage returns.

use crate::dice::Dice;
use crate::good::restamp;
use crate::judge::Case;
use crate::spec::json;
use crate::state::{APPSET, CONFIG, ROLLOUT, State, TEMPLATE};
use std::fmt::Write as _;
use yaml::{Kind, Node, ScalarStyle, ScalarType};

/// How the manifests are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dress {
    /// Folders at the top and the ApplicationSet beside them, in no git repository: the published start.
    Start,
    /// One file a folder.
    Merged,
    /// One `List` a folder.
    List,
    /// JSON, a value a line.
    Json,
    /// Windows' line ends.
    Returns,
    /// A processor that adds attributes which nobody knows.
    Enriched,
    /// The template for the whole cluster.
    Cluster,
}

pub(crate) const DRESSES: [Dress; 7] =
    [Dress::Start, Dress::Merged, Dress::List, Dress::Json, Dress::Returns, Dress::Enriched, Dress::Cluster];

const REFERENCE: &str = "- templateName: hotrod-analysis\n";

/// The case in other clothes; `None` where the fault can't be dressed so.
pub(crate) fn dressed(mut case: Case, dice: &mut Dice) -> Option<Case> {
    let dress = dice.pick(&DRESSES);
    let broken = |s: &State| s.files.iter().any(|(_, t)| !yaml::parse(t.as_str()).faults().is_empty());
    let git = case.roots.iter().any(|r| r.starts_with("gitops/"));
    if git || broken(&case.after) || (dress == Dress::Start && case.after.files.len() != case.before.files.len()) {
        return None;
    }
    // These two change what some faults are about.
    let about = |words: &[&str]| words.iter().any(|w| case.name.contains(w));
    if dress == Dress::Enriched && about(&["collector", "wiring"])
        || dress == Dress::Cluster && about(&["template", "run"])
    {
        return None;
    }
    if dress == Dress::Cluster && !case.after.text(ROLLOUT).contains(REFERENCE) {
        return None;
    }
    put_on(&mut case.before, dress);
    put_on(&mut case.after, dress);
    case.name = format!("{} as {dress:?}", case.name);
    Some(case)
}

pub(crate) fn put_on(state: &mut State, dress: Dress) {
    match dress {
        Dress::Start => {
            state.relocate(|path| match path.strip_prefix("manifests/") {
                Some(inner) => inner.to_owned(),
                None => "appset.yaml".to_owned(),
            });
            state.context.git = None;
        }
        Dress::Merged => by_folder(state, |texts| texts.join("---\n")),
        Dress::List => by_folder(state, |texts| {
            let items = texts.iter().flat_map(|t| t.split("\n---\n")).map(item);
            format!("apiVersion: v1\nkind: List\nitems:\n{}", items.collect::<String>())
        }),
        Dress::Json => {
            for (path, text) in &mut state.files {
                let stream = yaml::parse(text.as_str());
                let documents: Vec<Node<'_>> = stream.documents().collect();
                if let [only] = documents.as_slice() {
                    let mut out = String::new();
                    write_json(*only, 0, &mut out);
                    *text = out + "\n";
                    *path = path.replace(".yaml", ".json");
                }
            }
            state.settle();
        }
        Dress::Enriched => {
            let (from, to) = (
                "processors: [memory_limiter, batch]\n          exporters: [debug",
                "processors: [memory_limiter, k8sattributes, batch]\n          exporters: [debug",
            );
            state.swap(CONFIG, from, to);
            state.swap(
                CONFIG,
                "      batch:\n",
                "      k8sattributes:\n        auth_type: serviceAccount\n      batch:\n",
            );
            restamp(state);
        }
        Dress::Cluster => {
            state.swap_all(TEMPLATE, "AnalysisTemplate", "ClusterAnalysisTemplate");
            state.swap(ROLLOUT, REFERENCE, &format!("{REFERENCE}                clusterScope: true\n"));
        }
        Dress::Returns => {
            for (_, text) in &mut state.files {
                *text = text.replace('\n', "\r\n");
            }
        }
    }
}

fn by_folder(state: &mut State, join: impl Fn(&[&str]) -> String) {
    let folders = ["manifests/hotrod/", "manifests/otel/", "manifests/traffic-generator/"];
    let mut files: Vec<(String, String)> = Vec::new();
    for folder in folders {
        let texts: Vec<&str> =
            state.files.iter().filter(|(p, _)| p.starts_with(folder)).map(|(_, t)| t.as_str()).collect();
        files.push((format!("{folder}all.yaml"), join(&texts)));
    }
    files.extend(state.files.iter().filter(|(p, _)| p == APPSET).cloned());
    state.files = files;
    state.files.sort();
    state.settle();
}

/// A document as an item of a list, comments in front of it included.
fn item(text: &str) -> String {
    let mut first = true;
    let mut out = String::new();
    for line in text.lines() {
        if first && !line.is_empty() && !line.starts_with('#') {
            first = false;
            writeln!(out, "  - {line}").unwrap();
        } else if line.is_empty() {
            out.push('\n');
        } else {
            writeln!(out, "    {line}").unwrap();
        }
    }
    out
}

fn write_json(node: Node<'_>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth + 1);
    let close = "  ".repeat(depth);
    match node.kind() {
        Kind::Null => out.push_str("null"),
        Kind::Mapping if node.is_empty() => out.push_str("{}"),
        Kind::Sequence if node.is_empty() => out.push_str("[]"),
        Kind::Mapping => {
            out.push('{');
            for (index, (key, value)) in node.entries().enumerate() {
                write!(out, "{}\n{indent}{}: ", if index > 0 { "," } else { "" }, json(key)).unwrap();
                write_json(value, depth + 1, out);
            }
            write!(out, "\n{close}}}").unwrap();
        }
        Kind::Sequence => {
            out.push('[');
            for (index, value) in node.items().enumerate() {
                write!(out, "{}\n{indent}", if index > 0 { "," } else { "" }).unwrap();
                write_json(value, depth + 1, out);
            }
            write!(out, "\n{close}]").unwrap();
        }
        Kind::Scalar => {
            let text = node.as_str().unwrap_or_default();
            let plain = node.style() == ScalarStyle::Plain;
            match node.scalar_type() {
                ScalarType::Bool | ScalarType::Int | ScalarType::Float if plain => out.push_str(text),
                _ => out.push_str(&json(text)),
            }
        }
    }
}
