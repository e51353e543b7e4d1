//! Every rule over its fixtures: `fixtures/<group>/<rule>/<case>/` holds `input/` (a repository), `findings.txt` (all that the
//! check says of it) and, where a fix changes something, `fixed/` (the files that it changed). A case whose name ends with
//! `-unsafe` applies the unsafe fixes too. `UPDATE_FIXTURES=1` writes what is expected; read the diff before you commit it.
#![allow(clippy::unwrap_used, clippy::panic)]

use hyperspace_rules::{Report, Safety, check, fix, rules};
use model::{Context, Policy, Repository, SourceFile};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use yaml::Route;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn folders(at: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(at) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Files below a folder by relative path.
fn texts(folder: &Path) -> BTreeMap<String, String> {
    fn walk(root: &Path, at: &Path, into: &mut BTreeMap<String, String>) {
        let Ok(entries) = fs::read_dir(at) else { return };
        for entry in entries.map(|e| e.unwrap().path()) {
            if entry.is_dir() {
                walk(root, &entry, into);
            } else {
                let path = entry.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                into.insert(path, fs::read_to_string(&entry).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(folder, folder, &mut found);
    found
}

fn sources(texts: &BTreeMap<String, String>) -> Vec<SourceFile> {
    texts.iter().map(|(path, text)| SourceFile { path: path.clone(), content: Ok(text.as_str().into()) }).collect()
}

fn context(texts: &BTreeMap<String, String>) -> Context {
    let policy = texts.get("hyperspace.yaml").map(|text| Policy::parse(text).unwrap());
    Context { policy: policy.unwrap_or_default(), ..Context::default() }
}

/// One block a finding: where, what, why it hurts, how to mend it, what caused it.
fn render(report: &Report) -> String {
    let mut out = String::new();
    for (index, r) in report.findings.iter().enumerate() {
        let f = &r.finding;
        let cause = f.caused_by.map(|c| format!(" <- #{c}")).unwrap_or_default();
        let path = Route { document: 0, steps: r.path.clone() };
        let span = format!("{}:{}-{}:{}", r.start.line, r.start.column, r.end.line, r.end.column);
        writeln!(out, "#{index} {} {}{cause}", f.severity.as_str(), f.rule).unwrap();
        writeln!(out, "  {}:{span} {path}", r.file).unwrap();
        writeln!(out, "  {}", f.message).unwrap();
        writeln!(out, "  = {}", f.consequence).unwrap();
        if let Some(fix) = &f.fix {
            writeln!(out, "  fix ({}): {}", fix.safety.as_str(), fix.title).unwrap();
        }
    }
    out
}

fn updating() -> bool {
    std::env::var_os("UPDATE_FIXTURES").is_some()
}

fn expect(file: &Path, actual: &str, failures: &mut Vec<String>) {
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected == actual {
        return;
    }
    if updating() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, actual).unwrap();
    } else {
        failures.push(format!("{}\n--- expected\n{expected}--- actual\n{actual}", file.display()));
    }
}

fn case(folder: &Path, failures: &mut Vec<String>) {
    let input = texts(&folder.join("input"));
    let context = context(&input);
    let files = sources(&input);
    let report = check(&Repository::read(&files, &context), &context);
    expect(&folder.join("findings.txt"), &render(&report), failures);

    let level = if name(folder).ends_with("-unsafe") { Safety::Unsafe } else { Safety::Safe };
    let fixed = fix(files, &context, level);
    let actual: BTreeMap<String, String> = fixed.changed.iter().map(|c| (c.path.clone(), c.after.clone())).collect();
    for path in texts(&folder.join("fixed")).keys().filter(|p| !actual.contains_key(*p)) {
        if updating() {
            fs::remove_file(folder.join("fixed").join(path)).unwrap();
        } else {
            failures.push(format!("{}: {path} is not changed any more", folder.display()));
        }
    }
    for (path, text) in &actual {
        expect(&folder.join("fixed").join(path), text, failures);
    }
    let again = fix(fixed.files, &context, level);
    if !again.changed.is_empty() {
        failures.push(format!("{}: a second run changes {:?}", folder.display(), again.changed));
    }
}

#[test]
fn every_case_is_as_expected() {
    let mut failures = Vec::new();
    for group in folders(&root()) {
        for rule in folders(&group) {
            for folder in folders(&rule) {
                case(&folder, &mut failures);
            }
        }
    }
    assert!(failures.is_empty(), "{} differ:\n{}", failures.len(), failures.join("\n"));
}

/// A case shows its rule: as a finding, or, where its name begins with `silent`, not at all.
#[test]
fn every_case_is_about_its_rule() {
    for group in folders(&root()) {
        for rule in folders(&group) {
            let full = format!("{}/{}", name(&group), name(&rule));
            assert!(rules().iter().any(|r| r.name == full), "fixtures for {full}, which is no rule");
            for folder in folders(&rule) {
                let found = fs::read_to_string(folder.join("findings.txt")).unwrap_or_default();
                let found = found.lines().any(|l| l.split(' ').nth(2) == Some(&full));
                let silent = name(&folder).starts_with("silent");
                assert_eq!(found, !silent, "{}", folder.display());
            }
        }
    }
}
