//! What is read, what is left aside, and what is said about it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use hyperspace_files::{FILE_LIMIT, Note, NoteReason, Reason, folders, read, read_stream, repository_root};

/// A folder from `(path, content)` pairs.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    dir
}

fn paths(root: &Path) -> Vec<String> {
    read(root).unwrap().files.into_iter().map(|file| file.path).collect()
}

#[test]
fn manifests_sorted_by_path() {
    let dir = folder(&[
        ("b/z.yaml", "z: 1"),
        ("b.yaml", ""),
        ("a/deep/er/x.json", "{}"),
        ("a/y.yml", ""),
        ("a/notes.txt", ""),
        ("README.md", ""),
    ]);
    assert_eq!(paths(dir.path()), ["a/deep/er/x.json", "a/y.yml", "b.yaml", "b/z.yaml"]);
    let tree = read(dir.path()).unwrap();
    assert_eq!(tree.get("b/z.yaml").unwrap().content.as_deref(), Ok("z: 1"));
    assert!(tree.get("b/none.yaml").is_none());
    assert_eq!(tree.notes, []);
}

#[test]
fn skips_what_git_and_build_tools_hide() {
    let dir = folder(&[
        (".gitignore", "secret.yaml\n/out/\n"),
        ("secret.yaml", ""),
        ("out/a.yaml", ""),
        ("sub/.gitignore", "!secret.yaml\n"),
        ("sub/secret.yaml", ""),
        (".github/workflow.yaml", ""),
        (".hidden.yaml", ""),
        ("web/node_modules/p/package.json", ""),
        ("Cargo.toml", ""),
        ("target/debug/a.json", ""),
        ("apps/target/live.yaml", ""),
    ]);
    assert_eq!(paths(dir.path()), ["apps/target/live.yaml", "sub/secret.yaml"]);
    let names: Vec<_> = folders(dir.path()).into_iter().collect();
    assert_eq!(names, ["apps", "apps/target", "sub", "web"]);
}

#[test]
fn one_bad_file_hides_no_other() {
    let dir = folder(&[("good.yaml", "a: 1"), ("bom.yaml", "\u{feff}a: 1\r\n")]);
    fs::write(dir.path().join("latin.yaml"), b"name: caf\xe9\n").unwrap();
    fs::write(dir.path().join("wide.yaml"), b"\xff\xfea\0:\0").unwrap();
    fs::File::create(dir.path().join("huge.yaml")).unwrap().set_len(FILE_LIMIT as u64 + 1).unwrap();
    let tree = read(dir.path()).unwrap();
    assert_eq!(tree.get("good.yaml").unwrap().content.as_deref(), Ok("a: 1"));
    assert_eq!(tree.get("bom.yaml").unwrap().content.as_deref(), Ok("\u{feff}a: 1\r\n"));
    let why = |path: &str| tree.get(path).unwrap().content.clone().unwrap_err();
    assert_eq!((why("latin.yaml").reason, why("latin.yaml").at), (Reason::NotUtf8, Some((1, 10))));
    assert_eq!(why("wide.yaml").reason, Reason::Utf16);
    assert_eq!(why("huge.yaml").to_string(), "it is larger than 16 MiB");
}

/// Every encoding that YAML allows, with a byte order mark and without: all but UTF-8 are told by name.
#[test]
fn encodings_are_told_apart() {
    let text = "apiVersion: v1\nkind: Café\n";
    let wide = |big: bool, bytes: usize, mark: bool| -> Vec<u8> {
        let all = mark.then_some('\u{feff}').into_iter().chain(text.chars());
        all.flat_map(|c| {
            let mut unit = u32::from(c).to_be_bytes()[4 - bytes..].to_vec();
            if !big {
                unit.reverse();
            }
            unit
        })
        .collect()
    };
    for big in [false, true] {
        for mark in [false, true] {
            for (bytes, reason) in [(2, Reason::Utf16), (4, Reason::Utf32)] {
                let unreadable = read_stream(wide(big, bytes, mark).as_slice()).content.unwrap_err();
                assert_eq!((unreadable.reason, unreadable.at), (reason, Some((1, 1))), "{big} {mark} {bytes}");
            }
        }
    }
    for utf8 in [text.to_owned(), format!("\u{feff}{text}")] {
        assert_eq!(read_stream(utf8.as_bytes()).content.as_deref(), Ok(utf8.as_str()));
    }
    // A zero in UTF-8 is for the YAML parser to refuse, with its place.
    for zeros in ["a: \0", "\0", "a\0b", "\0\0\0\0"] {
        assert!(read_stream(zeros.as_bytes()).content.is_ok(), "{zeros:?}");
    }
}

#[test]
fn a_file_may_be_named_outright() {
    let dir = folder(&[("a.conf", "receivers: {}"), ("b.yaml", "")]);
    let tree = read(&dir.path().join("a.conf")).unwrap();
    assert_eq!(tree.root, dir.path());
    assert_eq!(tree.files.len(), 1);
    assert_eq!(tree.files[0].content.as_deref(), Ok("receivers: {}"));
}

#[test]
fn nothing_there_is_an_error() {
    let dir = folder(&[]);
    let error = read(&dir.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"));
    assert_eq!(error.source.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_stream_is_one_file() {
    assert_eq!(read_stream(&b"a: 1\n---\nb: 2\n"[..]).content.as_deref(), Ok("a: 1\n---\nb: 2\n"));
    let unreadable = read_stream("a: 1\nb: é".as_bytes()).content;
    assert!(unreadable.is_ok());
    let unreadable = read_stream(&b"a: 1\nb: \xc3\xa9\x80"[..]).content.unwrap_err();
    assert_eq!(unreadable.to_string(), "it is not UTF-8 (line 2, column 5)");
}

#[test]
fn charts_are_told_apart() {
    let dir = folder(&[
        ("charts/web/Chart.yaml", ""),
        ("charts/web/values.yaml", ""),
        ("charts/web/templates/deploy.yaml", "{{ .Values.x }}"),
        ("plain/templates/a.yaml", ""),
        ("mytemplates/a.yaml", ""),
    ]);
    let tree = read(dir.path()).unwrap();
    assert!(tree.is_template("charts/web/templates/deploy.yaml"));
    for path in ["charts/web/values.yaml", "plain/templates/a.yaml", "mytemplates/a.yaml"] {
        assert!(!tree.is_template(path), "{path}");
    }
    assert!(read(&dir.path().join("charts/web")).unwrap().is_template("templates/deploy.yaml"));
    assert!(read(&dir.path().join("charts/web/templates")).unwrap().is_template("deploy.yaml"));
    assert!(read(&dir.path().join("charts/web/templates/deploy.yaml")).unwrap().inside_templates);
}

#[test]
fn the_repository_is_found_from_below() {
    let dir = folder(&[("r/.git/HEAD", ""), ("r/a/b/c.yaml", "")]);
    let root = dir.path().canonicalize().unwrap().join("r");
    assert_eq!(repository_root(&dir.path().join("r/a/b")), Some(root.clone()));
    assert_eq!(repository_root(&root), Some(root));
}

#[cfg(unix)]
#[test]
fn links_are_never_followed() {
    use std::os::unix::fs::symlink;
    let out = folder(&[("x.yaml", "outside: 1"), ("d/y.yaml", "")]);
    let dir = folder(&[("a/real.yaml", "a: 1"), ("a/.hidden/h.yaml", ""), ("a/plain.txt", "")]);
    let at = |name: &str| dir.path().join(name);
    symlink(out.path().join("x.yaml"), at("out.yaml")).unwrap();
    symlink(out.path().join("d"), at("outdir")).unwrap();
    symlink("a/real.yaml", at("twice.yaml")).unwrap();
    symlink("a", at("again")).unwrap();
    symlink("a/.hidden/h.yaml", at("hidden.yaml")).unwrap();
    symlink("loop.yaml", at("loop.yaml")).unwrap();
    symlink("a/plain.txt", at("plain.txt")).unwrap();
    let tree = read(dir.path()).unwrap();
    assert_eq!(tree.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a/real.yaml"]);
    let note = |path: &str, reason| Note { path: path.to_owned(), reason };
    assert_eq!(
        tree.notes,
        [
            note("hidden.yaml", NoteReason::LinkNotRead { target: "a/.hidden/h.yaml".to_owned() }),
            note("loop.yaml", NoteReason::LinkBroken),
            note("out.yaml", NoteReason::LinkOutOfTree),
            note("outdir", NoteReason::LinkOutOfTree),
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn odd_names_and_pipes_are_reported() {
    use std::os::unix::ffi::OsStrExt;
    let dir = folder(&[]);
    fs::write(dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.yaml")), "a: 1").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("s.yaml")).unwrap();
    let tree = read(dir.path()).unwrap();
    assert_eq!(tree.files[0].content.clone().unwrap_err().reason, Reason::Name);
    assert_eq!(tree.notes, [Note { path: "s.yaml".to_owned(), reason: NoteReason::NotAFile }]);
}

/// Not a benchmark with a verdict: `cargo test --release -p hyperspace-files -- --ignored --nocapture`.
#[test]
#[ignore = "measures; run by hand in release mode"]
#[allow(clippy::print_stdout)]
fn ten_thousand_files() {
    let dir = tempfile::tempdir().unwrap();
    for app in 0..1400 {
        let folder = dir.path().join(format!("team-{:02}/app-{app:04}", app % 40));
        fs::create_dir_all(&folder).unwrap();
        for file in 0..(if app < 200 { 8 } else { 7 }) {
            fs::write(folder.join(format!("f{file}.yaml")), "kind: ConfigMap\n".repeat(60)).unwrap();
        }
    }
    for _ in 0..5 {
        let start = std::time::Instant::now();
        let tree = read(dir.path()).unwrap();
        println!("{} files in {:?}", tree.files.len(), start.elapsed());
    }
}
