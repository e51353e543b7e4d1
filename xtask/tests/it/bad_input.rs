//! Input that nobody meant: it is told with its place, the rest is checked all the same, and nothing panics, hangs or is written.

use crate::run::{Ran, git, piped, program, scratch, snapshot, xtask};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

const HEAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n";

/// Far above what any of these takes in a debug build on a busy machine, far below a hang.
const LONG: Duration = Duration::from_secs(120);

/// A service whose fault is found whatever else lies beside it.
const FAULTY: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: good, name: good }\n";

fn checked(folder: &Path) -> Value {
    let start = Instant::now();
    let ran = xtask(folder, ["check", "--format", "json"]);
    assert!(start.elapsed() < LONG, "{:?}", start.elapsed());
    assert!(ran.code <= 1 && ran.err.is_empty(), "{} {}", ran.code, ran.err);
    serde_json::from_str(&ran.out).unwrap()
}

/// What is said about a file, each with line and column.
fn said(report: &Value, file: &str) -> Vec<(String, u64, u64)> {
    let all = report["findings"].as_array().unwrap().iter().filter(|f| f["file"] == file);
    all.map(|f| {
        let start = &f["span"]["start"];
        let text = format!("{} {}", f["rule"].as_str().unwrap(), f["message"].as_str().unwrap());
        (text, start["line"].as_u64().unwrap(), start["column"].as_u64().unwrap())
    })
    .collect()
}

/// Contents, and what is said about them: part of the message, line, column. The faulty neighbour is always found.
#[test]
fn every_fault_has_its_place_and_hides_no_other() {
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(HEAD.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let deep = format!("{HEAD}data: {}", "[".repeat(100_000));
    let deep_json =
        format!("{{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"data\": {}", "{\"a\":".repeat(100_000));
    let deep_inside = format!(
        "{HEAD}data:\n  config.yaml: |\n    exporters: {{}}\n    service: {{ pipelines: {{}} }}\n    receivers: {}\n",
        "[".repeat(100_000)
    );
    let bomb: String = (b'b'..b'p')
        .map(|c| (c as char, (c - 1) as char))
        .fold(format!("{HEAD}data:\n  a: &a [x, x, x, x, x, x, x, x, x]\n"), |text, (to, from)| {
            text + &format!("  {to}: &{to} [{}]\n", vec![format!("*{from}"); 9].join(", "))
        });
    let cases: [(&str, Vec<u8>, &str, u64, u64); 14] = [
        ("latin.yaml", format!("{HEAD}# ").into_bytes().into_iter().chain(*b"caf\xe9\n").collect(), "not UTF-8", 4, 6),
        ("wide.yaml", utf16, "UTF-16", 1, 1),
        ("tab.yaml", HEAD.replace(": { name", ":\n\t{ name").into_bytes(), "a tab", 4, 1),
        ("zero.yaml", format!("{HEAD}data: {{ a: b\0c }}\n").into_bytes(), "yaml/syntax", 4, 0),
        ("open.yaml", format!("{HEAD}data: {{ a: [b\n").into_bytes(), "never closed", 4, 0),
        ("twice.yaml", format!("{HEAD}kind: Secret\n").into_bytes(), "stands twice", 4, 1),
        ("crlf.yaml", format!("{HEAD}kind: Secret\n").replace('\n', "\r\n").into_bytes(), "stands twice", 4, 1),
        ("bom.yaml", format!("\u{feff}{HEAD}kind: Secret\n").into_bytes(), "stands twice", 4, 1),
        ("nowhere.yaml", format!("{HEAD}data: {{ a: *b }}\n").into_bytes(), "*b", 4, 12),
        ("circle.yaml", format!("{HEAD}data: &d {{ a: *d }}\n").into_bytes(), "*d", 4, 15),
        ("bomb.yaml", bomb.into_bytes(), "aliases multiply", 0, 0),
        ("deep.yaml", deep.into_bytes(), "nested deeper", 4, 0),
        ("deep.json", deep_json.into_bytes(), "nested deeper", 1, 0),
        ("inside.yaml", deep_inside.into_bytes(), "nested deeper", 8, 0),
    ];
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("good.yaml"), FAULTY).unwrap();
    for (file, content, ..) in &cases {
        std::fs::write(folder.join(file), content).unwrap();
    }
    let before = snapshot(&folder);
    let report = checked(&folder);
    assert_eq!(
        said(&report, "good.yaml"),
        [("yaml/duplicate-key key \"name\" stands twice in this mapping (first on line 3)".to_owned(), 3, 25)]
    );
    for (file, _, part, line, column) in &cases {
        let found = said(&report, file);
        let fits = |(text, l, c): &(String, u64, u64)| {
            text.contains(part) && (*line == 0 || l == line) && (*column == 0 || c == column)
        };
        assert!(found.iter().any(fits), "{file}: {found:?}");
    }
    let ran = xtask(&folder, ["fix", "--unsafe-fixes"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(snapshot(&folder) == before, "nothing of it can be mended");
}

#[test]
fn large_inputs_take_bounded_time() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("good.yaml"), FAULTY).unwrap();
    let keys: String = (0..50_000).map(|i| format!("  k{i}: v\n")).collect();
    std::fs::write(folder.join("keys.yaml"), format!("{HEAD}data:\n{keys}")).unwrap();
    let documents: String = (0..3_000).map(|i| format!("---\n{}", HEAD.replace('x', &format!("d{i}")))).collect();
    std::fs::write(folder.join("documents.yaml"), documents).unwrap();
    std::fs::write(folder.join("line.yaml"), format!("{HEAD}data: {{ a: {} }}\n", "x".repeat(1 << 20))).unwrap();
    std::fs::write(folder.join("empty.yaml"), "").unwrap();
    std::fs::File::create(folder.join("huge.yaml")).unwrap().set_len(100 << 20).unwrap();
    let report = checked(&folder);
    assert_eq!(said(&report, "good.yaml").len(), 1);
    assert!(said(&report, "huge.yaml")[0].0.contains("larger than 16 MiB"), "{report}");
    assert_eq!(report["summary"]["files"], 4, "{}", report["summary"]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_passed_over_and_told() {
    use std::os::unix::fs::symlink;
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("good.yaml"), FAULTY).unwrap();
    std::fs::create_dir(folder.join("folder.yaml")).unwrap();
    std::fs::write(folder.join("folder.yaml/inside.yaml"), FAULTY).unwrap();
    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe.yaml")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket.yaml")).unwrap();
    symlink("nowhere", folder.join("dangling.yaml")).unwrap();
    symlink("circle.yaml", folder.join("circle.yaml")).unwrap();
    symlink("/etc/passwd", folder.join("outside.yaml")).unwrap();
    symlink("/dev/zero", folder.join("endless.yaml")).unwrap();
    symlink("..", folder.join("folder.yaml/up")).unwrap();
    let report = checked(&folder);
    assert_eq!((said(&report, "good.yaml").len(), said(&report, "folder.yaml/inside.yaml").len()), (1, 1));
    let notes = report["judged"]["notes"].to_string();
    for name in ["pipe", "socket", "dangling", "circle", "outside", "endless"] {
        assert!(notes.contains(&format!("{name}.yaml")), "{name}: {notes}");
        let named = xtask(&folder, ["check", &format!("{name}.yaml")]);
        let wanted = if name == "outside" { 0 } else { 2 };
        assert_eq!(named.code, wanted, "{name}: {named:?}");
        assert!(named.code == 0 || named.err.contains(&format!("{name}.yaml")), "{named:?}");
    }
    // A link is never written through.
    assert!(xtask(&folder, ["fix", "outside.yaml"]).code <= 1);
}

#[test]
fn a_policy_that_cannot_be_used_is_told_with_its_place() {
    let cases = [
        ("rollouts: [\n", ":1:11:"),
        ("rollouts: []\nrolouts: []\n", ":2:"),
        ("expected-rate: .nan\n", "expected-rate is NaN"),
        ("rollouts: []\n---\nrollouts: []\n", "multiple"),
        ("\0", ":1:1:"),
    ];
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("good.yaml"), HEAD).unwrap();
    for (text, place) in cases {
        std::fs::write(folder.join("hyperspace.yaml"), text).unwrap();
        refused(&xtask(&folder, ["check"]), place);
    }
    std::fs::write(folder.join("hyperspace.yaml"), b"a: 1\n# \xff\n").unwrap();
    refused(&xtask(&folder, ["fix"]), ":2:3: it is not UTF-8");
}

fn refused(ran: &Ran, says: &str) {
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(
        ran.err.contains("hyperspace.yaml") && ran.err.contains(says) && ran.err.contains("hint:"),
        "{says}: {ran:?}"
    );
    assert!(ran.err.lines().count() <= 3, "{ran:?}");
}

#[test]
fn revisions_that_are_none_are_refused() {
    let (_guard, folder) = scratch();
    git(&folder, &["init", "--quiet"]);
    std::fs::write(folder.join("good.yaml"), HEAD).unwrap();
    for rev in ["nope", "", "--all", "HEAD", "HEAD:good.yaml"] {
        let ran = xtask(&folder, ["check", &format!("--since={rev}")]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{rev}: {ran:?}");
    }
}

#[test]
fn streams_of_every_kind() {
    let (_guard, folder) = scratch();
    assert_eq!(piped(&folder, &["check", "-"], b"").code, 0);
    let ran = piped(&folder, &["check", "-", "--format", "json"], format!("{HEAD}# ").as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
    let latin: Vec<u8> = HEAD.bytes().chain(*b"# \xff").collect();
    let ran = piped(&folder, &["check", "-", "--format", "json"], &latin);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(said(&report, "-"), [("yaml/syntax this file cannot be read: it is not UTF-8".to_owned(), 4, 3)]);
}

/// Whatever prints much stops quietly when nobody reads on.
#[test]
fn readers_that_go_away_stop_no_command_with_a_panic() {
    let (_guard, folder) = scratch();
    for args in
        [&["rules"][..], &["policy"], &["explain", "gate/vacuous"], &["completions", "bash"], &["check", "--help"]]
    {
        let mut child = program(&folder).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.code() == Some(0) && !told.contains("panicked"), "{args:?}: {ended:?}");
    }
}

/// A disk that is full, where the system has one to try it on.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_exits_2() {
    let Ok(full) = std::fs::File::create("/dev/full") else { return };
    let (_guard, folder) = scratch();
    let ended =
        program(&folder).arg("rules").stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
}
