use crate::run::{git, orbit, scratch, xtask};

#[test]
fn it_writes_a_repository_and_tells_the_story() {
    let (_guard, folder) = scratch();
    let ran = xtask(&folder, ["practice", "orbit"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("HotROD") && ran.out.contains("practice orbit --hint"), "{ran:?}");
    let orbit = folder.join("orbit");
    assert!(orbit.join("manifests/otel/config.yaml").is_file());
    assert_eq!(git(&orbit, &["status", "--porcelain"]), "");
}

#[test]
fn a_folder_that_is_not_empty_is_left_alone_unless_forced() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("mine.txt"), "mine\n").unwrap();
    let ran = xtask(&folder, ["practice", "."]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(xtask(&folder, ["practice", ".", "--force"]).code, 0);
    assert_eq!(std::fs::read_to_string(folder.join("mine.txt")).unwrap(), "mine\n");
}

#[test]
fn hints_are_given_where_there_is_something_to_practise_on() {
    let (_guard, orbit) = orbit();
    let first = xtask(&orbit, ["practice", ".", "--hint"]);
    assert_eq!(first.code, 0, "{first:?}");
    assert_eq!(xtask(&orbit, ["practice", ".", "--hint", "--step", "3"]).code, 0);
    assert_eq!(xtask(&orbit, ["practice", ".", "--hint", "--step", "9"]).code, 2);
    assert_eq!(xtask(&orbit, ["practice", "nowhere", "--hint"]).code, 2);
    assert_eq!(git(&orbit, &["status", "--porcelain", "--untracked-files=no"]), "", "hints change no manifest");
}
