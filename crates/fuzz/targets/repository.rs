//! A repository, its files split by `//- path` lines: checking and fixing never panic, every finding has its place, no fix makes
//! it worse, and a second run changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::{Context, GitFacts, Repository, SourceFile};
use rules::{Report, Safety, Severity, check, fix};

fuzz_target!(|text: &str| {
    let files = split(text);
    let remotes = vec!["https://git.example/fleet.git".to_owned()];
    let git = GitFacts { branch: Some("main".to_owned()), remotes, ..GitFacts::default() };
    let context = Context { git: Some(git), ..Context::default() };
    let before = check(&Repository::read(&files, &context), &context);
    sound(&before, &files);
    let fixed = fix(files, &context, Safety::Unsafe);
    sound(&fixed.report, &fixed.files);
    for group in ["yaml/", "collector/"] {
        assert!(errors(&fixed.report, group) <= errors(&before, group), "more {group} errors: {:?}", fixed.applied);
    }
    let again = fix(fixed.files, &context, Safety::Unsafe);
    assert!(again.changed.is_empty(), "a second run changes {:?}", again.applied);
});

fn split(text: &str) -> Vec<SourceFile> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix("//- "), files.last_mut()) {
            (Some(path), _) => files.push((path.trim().to_owned(), String::new())),
            (None, Some((_, content))) => content.push_str(line),
            (None, None) => files.push(("a.yaml".to_owned(), line.to_owned())),
        }
    }
    // A folder has each path once.
    let mut seen = std::collections::HashSet::new();
    files.retain(|(path, _)| seen.insert(path.clone()));
    files.into_iter().map(|(path, content)| SourceFile { path, content: Ok(content.into()) }).collect()
}

fn sound(report: &Report, files: &[SourceFile]) {
    for (index, reported) in report.findings.iter().enumerate() {
        let file = files.iter().find(|f| f.path == reported.file).expect("a finding names a file");
        let lines = file.content.as_ref().map_or(0, |text| text.lines().count());
        let (start, end) = (reported.start, reported.end);
        assert!((start.line, start.column) <= (end.line, end.column), "{reported:?}");
        assert!(start.line >= 1 && start.column >= 1 && end.line <= lines + 1, "{reported:?}");
        let mut cause = reported.finding.caused_by;
        for _ in 0..=report.findings.len() {
            assert!(cause != Some(index), "its own cause: {reported:?}");
            cause = cause.and_then(|c| report.findings.get(c).expect("a cause is a finding").finding.caused_by);
        }
        assert!(cause.is_none(), "causes in a circle: {reported:?}");
    }
}

fn errors(report: &Report, group: &str) -> usize {
    let roots = report.findings.iter().filter(|r| r.finding.caused_by.is_none());
    roots.filter(|r| r.finding.rule.starts_with(group) && r.finding.severity == Severity::Error).count()
}
