//! Files are replaced whole or not at all.

use std::fs;

use hyperspace_files::replace;
use proptest::prelude::*;

#[test]
fn creates_and_replaces_and_leaves_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.yaml");
    replace(&path, b"one").unwrap();
    replace(&path, b"two").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn the_mode_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.yaml");
    for mode in [0o755, 0o640, 0o400] {
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
        fs::remove_file(&path).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_new_file_gets_what_open_would_give_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("open"), "").unwrap();
    replace(&dir.path().join("ours"), b"").unwrap();
    let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode("ours"), mode("open"));
}

#[cfg(unix)]
#[test]
fn links_and_folders_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("real"), "mine").unwrap();
    std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
    fs::create_dir(dir.path().join("folder")).unwrap();
    for name in ["link", "folder"] {
        let error = replace(&dir.path().join(name), b"x").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput, "{name}: {error}");
    }
    assert_eq!(fs::read(dir.path().join("real")).unwrap(), b"mine");
    assert!(fs::symlink_metadata(dir.path().join("link")).unwrap().is_symlink());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn any_bytes_survive(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        replace(&path, &bytes).unwrap();
        prop_assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
