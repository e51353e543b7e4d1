//! Every rule over its fixtures: `fixtures/<group>/<rule>/<case>/` holds `input/` (a repository), `findings.txt` (all that the
//! check says of it) and, where a fix changes something, `fixed/` (the files that it changed). A case whose name ends with
//! `-unsafe` applies the unsafe fixes too; one whose name begins with `silent` looks like the fault and is none. A
//! `context.yaml` beside them says what a check knows beside the files: a clean repository below `bases/` over which `input/`
//! is laid, git's facts, the push. `UPDATE_FIXTURES=1` writes what is expected; read the diff before you commit it.
#![allow(clippy::unwrap_used, clippy::panic)]

use hyperspace_rules::{Report, Safety, check, fix, rules};
use model::{Context, GitFacts, Policy, PushTarget, Repository, SourceFile};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use yaml::Route;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn bases() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bases")
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

/// `context.yaml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Facts {
    base: Option<String>,
    git: Option<Git>,
    push: Option<Push>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Git {
    prefix: String,
    directories: BTreeSet<String>,
    branch: Option<String>,
    remotes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    branch: String,
    url: String,
    #[serde(default)]
    cluster: bool,
    seen: Option<String>,
    #[serde(default)]
    retarget: bool,
}

impl Facts {
    fn read(folder: &Path) -> Facts {
        let text = fs::read_to_string(folder.join("context.yaml")).unwrap_or_default();
        if text.is_empty() { Facts::default() } else { serde_yaml::from_str(&text).unwrap() }
    }

    fn context(self, texts: &BTreeMap<String, String>) -> Context {
        let policy = texts.get("hyperspace.yaml").map(|text| Policy::parse(text).unwrap());
        let git = |g: Git| GitFacts {
            prefix: g.prefix,
            directories: g.directories.into(),
            branch: g.branch,
            remotes: g.remotes,
        };
        let push = |p: Push| PushTarget {
            branch: p.branch,
            url: p.url,
            cluster: p.cluster,
            seen: p.seen,
            retarget: p.retarget,
        };
        Context {
            policy: policy.unwrap_or_default(),
            git: self.git.map(git),
            push: self.push.map(push),
            ..Context::default()
        }
    }
}

/// A case's files, over those of its base, with what the check knows beside them.
fn repository(folder: &Path) -> (BTreeMap<String, String>, Context) {
    let facts = Facts::read(folder);
    let mut input = facts.base.as_ref().map(|base| texts(&bases().join(base))).unwrap_or_default();
    input.extend(texts(&folder.join("input")));
    let context = facts.context(&input);
    (input, context)
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
    let (input, context) = repository(folder);
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

/// The cases of a rule.
fn cases(rule: &str) -> Vec<PathBuf> {
    folders(&root().join(rule))
}

fn is_silent(case: &Path) -> bool {
    name(case).starts_with("silent")
}

/// The blocks of a case's findings that are about the rule.
fn found(case: &Path, rule: &str) -> Vec<String> {
    let findings = fs::read_to_string(case.join("findings.txt")).unwrap_or_default();
    let mut blocks: Vec<String> = Vec::new();
    for line in findings.lines() {
        match blocks.last_mut().filter(|_| !line.starts_with('#')) {
            Some(block) => *block += &format!("{line}\n"),
            None => blocks.push(format!("{line}\n")),
        }
    }
    blocks.retain(|b| b.lines().next().and_then(|l| l.split(' ').nth(2)) == Some(rule));
    blocks
}

/// Registry, pages and fixtures hold each other: every rule has a page and cases, no page and no case is without its rule.
#[test]
fn every_rule_has_a_page_and_cases_of_both_kinds() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let page = pages().join(rule.name).with_extension("md");
        if fs::read_to_string(&page).ok().as_deref() != Some(rule.page) || !rule.page.contains("## Fix") {
            wrong.push(format!("{} has no page of its own", rule.name));
        }
        let (silent, loud): (Vec<PathBuf>, Vec<PathBuf>) = cases(rule.name).into_iter().partition(|c| is_silent(c));
        if loud.is_empty() {
            wrong.push(format!("{} has no broken case", rule.name));
        }
        if silent.is_empty() {
            wrong.push(format!("{} has no case that looks alike and is right", rule.name));
        }
    }
    let known: BTreeSet<&str> = rules().iter().map(|r| r.name).collect();
    for group in folders(&root()).iter().chain(&folders(&pages())) {
        for entry in fs::read_dir(group).unwrap().map(|e| e.unwrap().path()) {
            let full = format!("{}/{}", name(group), name(&entry.with_extension("")));
            if !known.contains(full.as_str()) {
                wrong.push(format!("{} is about no rule", entry.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pages")
}

/// A case shows its rule, and one that looks alike gives nothing to complain about at all.
#[test]
fn every_case_is_about_its_rule() {
    let mut wrong = Vec::new();
    for rule in rules() {
        for case in cases(rule.name) {
            let report = fs::read_to_string(case.join("findings.txt")).unwrap_or_default();
            match is_silent(&case) {
                true if !report.is_empty() => wrong.push(format!("{} has findings", case.display())),
                false if found(&case, rule.name).is_empty() => wrong.push(format!("{} has none", case.display())),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the registry says about a rule's fix is what its cases show.
#[test]
fn fixes_are_as_the_registry_declares_them() {
    let mut wrong = Vec::new();
    for rule in rules() {
        // What a person has asked for is as safe as they are.
        let asked = |case: &PathBuf| Facts::read(case).push.is_some_and(|p| p.retarget);
        let cases = cases(rule.name).into_iter().filter(|c| !asked(c));
        let blocks: Vec<String> = cases.flat_map(|c| found(&c, rule.name)).collect();
        let shown = |safety: &str| blocks.iter().any(|b| b.contains(&format!("  fix ({safety}): ")));
        let declared = |safety: &str| rule.safety.is_some_and(|s| s.split(' ').any(|word| word == safety));
        for safety in ["safe", "unsafe"] {
            if shown(safety) && !declared(safety) {
                wrong.push(format!("{} has a fix that is {safety} and declares {:?}", rule.name, rule.safety));
            }
        }
        if rule.safety.is_some() && !shown("safe") && !shown("unsafe") {
            wrong.push(format!("{} declares a fix, and no case shows one", rule.name));
        }
        if rule.fix.is_some() != rule.safety.is_some() {
            wrong.push(format!("{} says what its fix does and not how safe it is, or the reverse", rule.name));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_bases_are_clean() {
    for base in folders(&bases()) {
        let files = texts(&base);
        let context = Facts::default().context(&files);
        let report = check(&Repository::read(&sources(&files), &context), &context);
        assert!(report.findings.is_empty(), "{}\n{}", base.display(), render(&report));
    }
}
