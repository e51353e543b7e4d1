use crate::run::{git, scratch, xtask};

#[test]
fn it_ends_with_a_pushed_commit_and_keeps_its_folder() {
    let (_guard, folder) = scratch();
    let ran = xtask(&folder, ["demo", "--keep", "there"]);
    assert!(ran.code <= 1, "{ran:?}");
    let (clone, remote) = (folder.join("there/fleet"), folder.join("there/remote.git"));
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]), git(&remote, &["rev-parse", "main"]));
    assert_eq!(git(&clone, &["status", "--porcelain"]), "");
    assert!(ran.out.contains("What to try next"), "{ran:?}");
}

#[test]
fn it_takes_no_folder_that_is_in_use() {
    let (_guard, folder) = scratch();
    std::fs::write(folder.join("mine.txt"), "mine\n").unwrap();
    assert_eq!(xtask(&folder, ["demo", "--keep", "."]).code, 2);
}
