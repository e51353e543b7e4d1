//! Supervision, with shells in the programs' place.

use super::*;

fn shell(name: &str, script: &str, ready: Ready) -> Spec {
    let args = vec!["-c".to_owned(), script.to_owned()];
    let path = std::env::var("PATH").expect("a path");
    Spec { name: name.to_owned(), binary: "sh".into(), args, env: vec![("PATH".to_owned(), path)], ready }
}

#[test]
fn a_crash_comes_with_its_last_lines_and_ends_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::new(folder.path(), folder.path()).expect("a stack");
    let says = |text: &str| Ready::Says(text.to_owned());
    let specs = vec![
        shell("well", "echo up; exec sleep 600", says("up")),
        shell("ill", "echo one; echo cannot bind >&2; exit 3", says("up")),
    ];
    let error = stack.start_all(specs, Duration::from_secs(60)).expect_err("a crash");
    let text = error.to_string();
    assert!(error.name == "ill" && text.contains("exit status: 3") && text.contains("cannot bind"), "{text}");
    assert!(std::fs::read_to_string(error.log).expect("a log").contains("one"));
}

#[test]
fn nothing_of_the_caller_s_environment_is_inherited() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::new(folder.path(), folder.path()).expect("a stack");
    let mut spec = shell("env", "echo home=$HOME kind=$KIND; exec sleep 600", Ready::Says("home= kind=pod".to_owned()));
    spec.env.push(("KIND".to_owned(), "pod".to_owned()));
    stack.start_all(vec![spec], Duration::from_secs(60)).expect("an environment of its own");
}

#[test]
fn an_end_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::new(folder.path(), folder.path()).expect("a stack");
    let mut all = stack
        .start_all(vec![shell("one", "echo up; exec sleep 600", Ready::Says("up".to_owned()))], Duration::from_secs(60))
        .expect("a shell");
    let one = all.first_mut().expect("one");
    assert!(one.check().is_ok());
    one.kill();
    assert!(one.check().is_err_and(|error| error.why.contains("signal: 9")));
}

#[test]
fn a_taken_port_is_told_from_other_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let stack = Stack::new(folder.path(), folder.path()).expect("a stack");
    let script = "echo listen tcp 127.0.0.1:1: bind: address already in use; exit 1";
    let specs = vec![shell("late", script, Ready::Says("up".to_owned()))];
    let error = stack.start_all(specs, Duration::from_secs(60)).expect_err("a taken port");
    assert!(error.kind == io::ErrorKind::AddrInUse && error.to_string().contains("found its port taken"), "{error}");
}
