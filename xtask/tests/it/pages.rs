use crate::run::{scratch, xtask};
use serde_json::Value;
use std::process::Command;

#[test]
fn every_listed_rule_is_explained() {
    let (_guard, folder) = scratch();
    let ran = xtask(&folder, ["rules", "--format", "json"]);
    let rules: Value = serde_json::from_str(&ran.out).unwrap();
    for rule in rules.as_array().unwrap() {
        let name = rule["rule"].as_str().unwrap();
        let page = xtask(&folder, ["explain", name]);
        assert_eq!(page.code, 0, "{page:?}");
        assert!(page.out.contains(name), "{name}: {}", page.out);
    }
}

#[test]
fn an_unknown_rule_exits_2_and_points_to_the_list() {
    let (_guard, folder) = scratch();
    let ran = xtask(&folder, ["explain", "gate/nonsense"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("hint:") && ran.err.contains("cargo xtask rules"), "{ran:?}");
}

#[test]
fn help_has_examples_for_the_program_as_it_was_called() {
    let (_guard, folder) = scratch();
    for command in ["check", "fix", "fix-and-push", "explain", "rules", "gates", "practice", "demo", "console"] {
        let help = xtask(&folder, [command, "--help"]);
        assert_eq!(help.code, 0);
        assert!(help.out.contains(&format!("cargo xtask {command}")), "{command}: {}", help.out);
    }
    let installed = Command::new(env!("CARGO_BIN_EXE_hyperspace")).args(["check", "--help"]).output().unwrap();
    let help = String::from_utf8(installed.stdout).unwrap();
    assert!(help.contains("hyperspace check") && !help.contains("xtask"), "{help}");
}

#[test]
fn completions_for_every_shell() {
    let (_guard, folder) = scratch();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = xtask(&folder, ["completions", shell]);
        assert_eq!(ran.code, 0);
        assert!(ran.out.contains("hyperspace"), "{shell}");
    }
}

#[test]
fn the_printed_policy_is_the_one_in_force() {
    let (_guard, folder) = scratch();
    let policy = xtask(&folder, ["policy"]);
    std::fs::write(folder.join("hyperspace.yaml"), &policy.out).unwrap();
    assert_eq!(xtask(&folder, ["check"]).code, 0);
}
