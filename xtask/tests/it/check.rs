use crate::run::{git, orbit, piped, program, scratch, snapshot, xtask};
use serde_json::Value;
use std::process::Stdio;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_json_report_and_the_exit_code_agree() {
    let (_guard, orbit) = orbit();
    let ran = xtask(&orbit, ["check", "--format", "json"]);
    let report = json(&ran.out);
    assert_eq!(report["schema"], 1);
    assert_eq!(report["summary"]["files"], 8);
    assert_eq!(ran.code == 1, report["summary"]["errors"].as_u64().unwrap() > 0, "{ran:?}");
    assert!(report["findings"].is_array());
    assert_eq!(ran.err, "", "nothing but the report");
}

#[test]
fn check_writes_nothing() {
    let (_guard, orbit) = orbit();
    let before = snapshot(&orbit);
    for format in ["human", "json", "sarif", "github"] {
        let ran = xtask(&orbit, ["check", "--format", format]);
        assert!(ran.code <= 1, "{ran:?}");
    }
    assert_eq!(snapshot(&orbit), before);
    assert_eq!(git(&orbit, &["status", "--porcelain"]), "");
}

#[test]
fn every_format_is_well_formed() {
    let (_guard, orbit) = orbit();
    let sarif = json(&xtask(&orbit, ["check", "--format", "sarif"]).out);
    assert_eq!(sarif["version"], "2.1.0");
    let github = xtask(&orbit, ["check", "--format", "github"]).out;
    assert!(github.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")), "{github}");
}

#[test]
fn piped_output_has_no_colour_unless_asked() {
    let (_guard, orbit) = orbit();
    let plain = xtask(&orbit, ["check"]);
    assert!(!plain.out.contains('\u{1b}') && !plain.err.contains('\u{1b}'), "{plain:?}");
    assert!(xtask(&orbit, ["check", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn a_stream_is_read_from_standard_input() {
    let (_guard, folder) = scratch();
    let ran = piped(&folder, &["check", "-", "--format", "json"], b"kind: Service\n---\nkind: ConfigMap\n");
    assert!(json(&ran.out)["findings"].is_array(), "{ran:?}");
    assert_eq!(piped(&folder, &["check", "-", "--since", "HEAD"], b"a: 1\n").code, 2);
}

#[test]
fn a_folder_without_manifests_is_told_and_no_error() {
    let (_guard, folder) = scratch();
    let ran = xtask(&folder, ["check"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("nothing to judge"), "{ran:?}");
}

#[test]
fn what_cannot_run_exits_2_and_says_why_on_standard_error() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("hyperspace.yaml"), "rollouts: 7\n").unwrap();
    let cases: [&[&str]; 6] = [
        &["check", "no-such-folder"],
        &["check", "--no-such-flag"],
        &["check", "--format", "xml"],
        &["check"],
        &["check", "--policy", "no-such-file"],
        &[],
    ];
    for args in cases {
        let ran = xtask(&folder, args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert_eq!(ran.out, "", "{args:?}");
        assert!(!ran.err.trim().is_empty(), "{args:?}");
    }
}

#[test]
fn bytes_that_are_no_text_are_told_and_the_rest_is_checked() {
    let (_guard, orbit) = orbit();
    std::fs::write(orbit.join("manifests/bad.yaml"), b"kind: \xff\n").unwrap();
    let ran = xtask(&orbit, ["check", "--format", "json"]);
    assert!(ran.code <= 1, "{ran:?}");
    assert!(json(&ran.out)["summary"]["files"].as_u64().unwrap() >= 8, "{ran:?}");
}

#[test]
fn since_reports_only_what_is_new() {
    let (_guard, orbit) = orbit();
    let ran = xtask(&orbit, ["check", "--since", "HEAD", "--format", "json"]);
    assert_eq!((ran.code, json(&ran.out)["findings"].as_array().unwrap().len()), (0, 0), "{ran:?}");
    assert_eq!(xtask(&orbit, ["check", "--since", "no-such-revision"]).code, 2);
}

#[test]
fn since_outside_a_repository_exits_2() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("a.yaml"), "a: 1\n").unwrap();
    assert_eq!(xtask(&folder, ["check", "--since", "HEAD"]).code, 2);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (_guard, orbit) = orbit();
    let mut child = program(&orbit).args(["check"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert!(matches!(ended.status.code(), Some(0 | 1)), "{ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn hostile_names_and_contents_reach_no_terminal() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("a\u{1b}[2J.yaml"), "kind: \"\u{1b}[31m\"\n\t- : [\n").unwrap();
    let ran = xtask(&folder, ["check"]);
    assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{ran:?}");
}
