//! The house's invariants: which crate may depend on which, and that the pure core does no IO.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Each crate and the crates of ours that it may use. `crates/README.md` draws the same arrows.
const ARROWS: &[(&str, &[&str])] = &[
    ("hyperspace-yaml", &[]),
    ("hyperspace-catalogue", &[]),
    ("hyperspace-gate", &[]),
    ("hyperspace-model", &["hyperspace-yaml", "hyperspace-catalogue"]),
    ("hyperspace-contract", &["hyperspace-catalogue", "hyperspace-gate", "hyperspace-model", "hyperspace-yaml"]),
    (
        "hyperspace-rules",
        &["hyperspace-catalogue", "hyperspace-contract", "hyperspace-gate", "hyperspace-model", "hyperspace-yaml"],
    ),
    (
        "hyperspace-report",
        &["hyperspace-contract", "hyperspace-gate", "hyperspace-model", "hyperspace-rules", "hyperspace-yaml"],
    ),
    ("hyperspace-delivery", &[]),
    ("hyperspace-cluster", &["hyperspace-delivery"]),
    ("hyperspace-smoke", &["hyperspace-contract", "hyperspace-delivery", "hyperspace-gate", "hyperspace-model"]),
    ("hyperspace-files", &[]),
    ("hyperspace-plot", &["hyperspace-gate"]),
    ("hyperspace-git", &["hyperspace-files"]),
    ("hyperspace-lab", &[]),
    ("hyperspace-telemetry", &["hyperspace-gate"]),
    ("hyperspace-trace", &["hyperspace-delivery"]),
    (
        "hyperspace-rehearsal",
        &[
            "hyperspace-catalogue",
            "hyperspace-contract",
            "hyperspace-gate",
            "hyperspace-lab",
            "hyperspace-model",
            "hyperspace-plot",
            "hyperspace-telemetry",
        ],
    ),
    (
        "hyperspace-web",
        &[
            "hyperspace-catalogue",
            "hyperspace-contract",
            "hyperspace-delivery",
            "hyperspace-gate",
            "hyperspace-model",
            "hyperspace-rules",
            "hyperspace-report",
            "hyperspace-smoke",
            "hyperspace-telemetry",
            "hyperspace-yaml",
        ],
    ),
];

/// Crates without IO, clock or environment: facts from outside come in as values.
const PURE: &[&str] =
    &["yaml", "catalogue", "gate", "model", "contract", "rules", "report", "delivery", "plot", "smoke"];

const FORBIDDEN: &[&str] = &[
    "std::fs",
    "std::env::",
    "std::net::Tcp",
    "std::process",
    "SystemTime",
    "Instant::now",
    "std::io::stdin",
    "async fn",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

#[test]
fn arrows_point_one_way() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        if name == "xtask" {
            continue;
        }
        let Some(allowed) = allowed.get(name) else {
            wrong.insert(format!("{name} has no line in ARROWS"));
            continue;
        };
        for dependency in package["dependencies"].as_array().unwrap() {
            let to = dependency["name"].as_str().unwrap();
            // Tests may use the real programs and whatever else they compare with.
            let dev = dependency["kind"].as_str() == Some("dev");
            if !dev && (to.starts_with("hyperspace-") || to == "xtask") && !allowed.contains(&to) {
                wrong.insert(format!("{name} -> {to}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_core_does_no_io() {
    let mut wrong = Vec::new();
    for name in PURE {
        let mut files = Vec::new();
        sources(&root().join("crates").join(name).join("src"), &mut files);
        assert!(!files.is_empty(), "{name} has no sources");
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            // A module of tests alone.
            if text.lines().any(|line| line == "#![cfg(test)]") {
                continue;
            }
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            for (number, line) in code.lines().enumerate() {
                let statement = line.split("//").next().unwrap_or_default();
                if let Some(word) = FORBIDDEN.iter().find(|w| statement.contains(**w)) {
                    wrong.push(format!("{}:{}: {word}", file.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") && path.file_stem().is_some_and(|s| s != "tests") {
            into.push(path);
        }
    }
}
