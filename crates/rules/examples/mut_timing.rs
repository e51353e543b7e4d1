#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use std::time::Instant;
fn walk(root: &std::path::Path, at: &std::path::Path, into: &mut Vec<model::SourceFile>) {
    for e in std::fs::read_dir(at).unwrap() {
        let p = e.unwrap().path();
        if p.is_dir() {
            walk(root, &p, into)
        } else {
            let t = std::fs::read_to_string(&p).unwrap();
            into.push(model::SourceFile {
                path: p.strip_prefix(root).unwrap().to_string_lossy().into_owned(),
                content: Ok(t.as_str().into()),
            });
        }
    }
}
fn main() {
    let root = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let mut files = Vec::new();
    walk(&root, &root, &mut files);
    let context = model::Context::default();
    let n = 20;
    let r = model::Repository::read(&files, &context);
    let s = Instant::now();
    for _ in 0..n {
        let _ = model::Repository::read(&files, &context);
    }
    println!("read {:?}", s.elapsed() / n);
    let s = Instant::now();
    for _ in 0..n {
        let _ = contract::Contract::derive(&r, &context);
    }
    println!("derive {:?}", s.elapsed() / n);
    let s = Instant::now();
    for _ in 0..n {
        let c = contract::Contract::derive(&r, &context);
        for i in 0..c.gates.len() {
            c.simulated(i);
        }
    }
    println!("derive+sim {:?}", s.elapsed() / n);
    let s = Instant::now();
    for _ in 0..n {
        let _ = hyperspace_rules::check(&r, &context);
    }
    println!("check {:?}", s.elapsed() / n);
}
