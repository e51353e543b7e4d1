//! `lab` where none is up: nothing is started, and what to do is said.

use crate::run::xtask;

#[test]
fn a_lab_that_is_not_up_says_so() {
    let home = tempfile::tempdir().unwrap();
    let status = xtask(home.path(), ["lab", "status"]);
    assert_eq!(status.code, 1, "{status:?}");
    assert!(status.out.contains("kube-apiserver") && !status.out.contains("ok "), "{}", status.out);
    let env = xtask(home.path(), ["lab", "env"]);
    assert_eq!((env.code, env.out.as_str()), (2, ""));
    assert!(env.err.contains("no lab is up") && env.err.contains("hint: lab up"), "{}", env.err);
    let down = xtask(home.path(), ["lab", "down"]);
    assert_eq!(down.code, 0, "{down:?}");
}

#[test]
fn components_have_names() {
    let home = tempfile::tempdir().unwrap();
    let names = xtask(home.path(), ["lab", "logs"]);
    assert!(names.out.lines().any(|name| name == "kubelet"), "{}", names.out);
    let wrong = xtask(home.path(), ["lab", "logs", "dockerd"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("the lab has no component dockerd"), "{}", wrong.err);
}
