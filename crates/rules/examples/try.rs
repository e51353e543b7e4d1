//! Checks or fixes a folder and prints what the rules say: for work on the rules themselves.
#![allow(clippy::print_stdout, clippy::unwrap_used)]
use std::sync::Arc;

fn walk(root: &std::path::Path, at: &std::path::Path, into: &mut Vec<model::SourceFile>) {
    let mut entries: Vec<_> = std::fs::read_dir(at).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(root, &path, into);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            into.push(model::SourceFile { path, content: Ok(Arc::from(text)) });
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let root = std::path::Path::new(&args[1]);
    let mut files = Vec::new();
    walk(root, root, &mut files);
    let context = model::Context::default();
    let print = |report: &hyperspace_rules::Report| {
        for (i, r) in report.findings.iter().enumerate() {
            let f = &r.finding;
            let cause = f.caused_by.map(|c| format!(" <- #{c}")).unwrap_or_default();
            println!(
                "#{i} {} {} {}:{}:{}-{}:{}{cause}\n    {}",
                f.severity.as_str(),
                f.rule,
                r.file,
                r.start.line,
                r.start.column,
                r.end.line,
                r.end.column,
                f.message
            );
            if let Some(fix) = &f.fix {
                println!("    fix ({}): {}", fix.safety.as_str(), fix.title);
            }
        }
        println!("{} errors, {} warnings, {:?}", report.errors(), report.warnings(), report.judged);
    };
    if args.get(2).is_some_and(|a| a == "fix") {
        let fixed = hyperspace_rules::fix(files, &context, hyperspace_rules::Safety::Safe);
        for a in &fixed.applied {
            println!("applied {} {}: {}", a.rule, a.file, a.title);
        }
        for c in &fixed.changed {
            println!("--- {}\n{}", c.path, c.after);
        }
        print(&fixed.report);
        return;
    }
    let start = std::time::Instant::now();
    let repository = model::Repository::read(&files, &context);
    let report = hyperspace_rules::check(&repository, &context);
    println!("{:?}", start.elapsed());
    print(&report);
}
