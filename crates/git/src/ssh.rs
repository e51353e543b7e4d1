//! Key files for a host: those that `~/.ssh/config` names, then ssh's own defaults. libssh2 reads no configuration.

use std::fs;
use std::path::{Path, PathBuf};

/// ssh's default names, in its order, without those that need a hardware key (libssh2 has no support for them).
const DEFAULTS: &[&str] = &["id_rsa", "id_ecdsa", "id_ed25519"];

/// How an unencrypted private key in OpenSSH's format begins: base64 of its magic, then cipher "none".
const PLAIN: &str = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZ";

/// Existing private keys for `host`, in the order in which ssh tries them, each once.
pub(crate) fn key_files(folder: &Path, host: &str) -> Vec<PathBuf> {
    let config = fs::read_to_string(folder.join("config")).unwrap_or_default();
    let named = identity_files(&config, host).into_iter().map(|name| expand(folder, &name));
    let mut keys: Vec<PathBuf> = Vec::new();
    for key in named.chain(DEFAULTS.iter().map(|name| folder.join(name))) {
        if key.is_file() && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Whether a private key needs a passphrase: libssh2 gives up altogether on one, where ssh would ask.
pub(crate) fn is_encrypted(key: &Path) -> bool {
    let text = fs::read_to_string(key).unwrap_or_default();
    let mut lines = text.lines();
    match lines.next().map(str::trim) {
        Some("-----BEGIN OPENSSH PRIVATE KEY-----") => !lines.next().is_some_and(|line| line.starts_with(PLAIN)),
        Some("-----BEGIN ENCRYPTED PRIVATE KEY-----") => true,
        _ => text.contains("Proc-Type: 4,ENCRYPTED"),
    }
}

/// `IdentityFile` of every `Host` block that matches. `Match` blocks are left out: they may run commands.
fn identity_files(config: &str, host: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut applies = true;
    for line in config.lines() {
        let line = line.trim();
        let Some((key, value)) = line.split_once(|c: char| c.is_whitespace() || c == '=') else { continue };
        let value = value.trim_start_matches(|c: char| c.is_whitespace() || c == '=').trim_end();
        match key.to_ascii_lowercase().as_str() {
            "host" => applies = matches_any(value, host),
            "match" => applies = value.eq_ignore_ascii_case("all"),
            "identityfile" if applies => found.push(value.trim_matches('"').to_owned()),
            _ => {}
        }
    }
    found
}

/// ssh_config(5)'s patterns: `*`, `?`, and `!` to exclude.
fn matches_any(patterns: &str, host: &str) -> bool {
    let mut any = false;
    for pattern in patterns.split_whitespace().map(|pattern| pattern.trim_matches('"')) {
        match pattern.strip_prefix('!') {
            Some(pattern) if glob(pattern.as_bytes(), host.as_bytes()) => return false,
            Some(_) => {}
            None => any |= glob(pattern.as_bytes(), host.as_bytes()),
        }
    }
    any
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => glob(rest, text) || text.split_first().is_some_and(|(_, text)| glob(pattern, text)),
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((a, rest)), Some((b, text))) => a.eq_ignore_ascii_case(b) && glob(rest, text),
        _ => false,
    }
}

fn expand(folder: &Path, name: &str) -> PathBuf {
    let home = folder.parent().unwrap_or(folder);
    match name.strip_prefix("~/").or_else(|| name.strip_prefix("%d/")) {
        Some(below) => home.join(below),
        None => home.join(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_files_of_matching_hosts() {
        let config = "IdentityFile ~/.ssh/first\n\
            Host github.com *.example.org !bad.example.org\n  IdentityFile=\"~/.ssh/work\"\n\
            Host *\n\tidentityfile /keys/any\n\
            Match exec \"rm -rf /\"\n IdentityFile never\n";
        assert_eq!(identity_files(config, "github.com"), ["~/.ssh/first", "~/.ssh/work", "/keys/any"]);
        assert_eq!(identity_files(config, "a.example.org"), ["~/.ssh/first", "~/.ssh/work", "/keys/any"]);
        assert_eq!(identity_files(config, "bad.example.org"), ["~/.ssh/first", "/keys/any"]);
    }

    #[test]
    fn keys_that_exist_in_order() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(".ssh");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("config"), "Host h\nIdentityFile ~/.ssh/work\nIdentityFile ~/.ssh/none\n").unwrap();
        for name in ["work", "id_ed25519"] {
            fs::write(folder.join(name), "-----BEGIN OPENSSH PRIVATE KEY-----\n").unwrap();
        }
        assert_eq!(key_files(&folder, "h"), [folder.join("work"), folder.join("id_ed25519")]);
        assert_eq!(key_files(&folder, "other"), [folder.join("id_ed25519")]);
        assert!(key_files(&home.path().join("none"), "h").is_empty());
    }

    #[test]
    fn keys_with_a_passphrase_are_told_apart() {
        let home = tempfile::tempdir().unwrap();
        let key = home.path().join("key");
        let begin = "-----BEGIN OPENSSH PRIVATE KEY-----";
        for (text, encrypted) in [
            (format!("{begin}\n{PLAIN}QAAAAAAAAAB\n"), false),
            (format!("{begin}\nb3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI\n"), true),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n".to_owned(), true),
            ("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".to_owned(), true),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n".to_owned(), false),
        ] {
            fs::write(&key, &text).unwrap();
            assert_eq!(is_encrypted(&key), encrypted, "{text}");
        }
    }
}
