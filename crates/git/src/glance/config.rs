//! git's configuration, as far as it is plain.

use std::fs;
use std::path::PathBuf;

/// The repository's own settings, in order. Sections and keys are lower case, subsections as written.
pub(super) struct Config {
    entries: Vec<(String, String, String, String)>,
}

impl Config {
    /// `None` for anything that takes more than lines of `key = value`, or that may change how others are read.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut entries = Vec::new();
        let (mut section, mut subsection) = (String::new(), String::new());
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.trim();
            if line.is_empty() || line.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = line.strip_prefix('[') {
                let name = name.strip_suffix(']')?;
                let (first, second) = match name.split_once(char::is_whitespace) {
                    Some((first, second)) => (first, second.trim().strip_prefix('"')?.strip_suffix('"')?),
                    None => (name, ""),
                };
                // The old form [section.sub], and names with quotes in them.
                if first.contains('.') || second.contains(['"', '\\']) {
                    return None;
                }
                section = first.to_ascii_lowercase();
                second.clone_into(&mut subsection);
                if matches!(section.as_str(), "include" | "includeif" | "url" | "extensions") {
                    return None;
                }
                continue;
            }
            let (key, value) = line.split_once('=')?;
            let value = value.trim();
            if value.contains(['"', '\\', '#', ';']) {
                return None;
            }
            let key = key.trim().to_ascii_lowercase();
            // A working tree elsewhere.
            if section == "core" && (key == "worktree" || key == "bare" && value != "false") {
                return None;
            }
            entries.push((section.clone(), subsection.clone(), key, value.to_owned()));
        }
        Some(Self { entries })
    }

    pub(super) fn subsections<'a>(&'a self, section: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.entries.iter().filter(move |(first, second, ..)| first == section && !second.is_empty());
        found.map(|(_, second, ..)| second.as_str())
    }

    /// The one value of a key; `None` when it has several, which git treats differently from key to key.
    pub(super) fn get(&self, section: &str, subsection: &str, key: &str) -> Option<Option<&str>> {
        let mut found = self.entries.iter().filter(|(a, b, c, _)| a == section && b == subsection && c == key);
        let first = found.next().map(|(.., value)| value.as_str());
        found.next().is_none().then_some(first)
    }
}

/// Whether nothing outside the repository can change what its remotes are: the user's and the system's configuration
/// are searched for the words that could, wherever they stand.
pub(super) fn users_are_silent() -> bool {
    let home = std::env::home_dir();
    let xdg = std::env::var_os("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| home.as_ref().map(|home| home.join(".config")));
    let files = [
        home.map(|home| home.join(".gitconfig")),
        xdg.map(|folder| folder.join("git/config")),
        Some(PathBuf::from("/etc/gitconfig")),
    ];
    files.into_iter().flatten().all(|file| match fs::read(&file) {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
            !["include", "insteadof", "push", "[remote", "[branch"].iter().any(|word| text.contains(word))
        }
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    })
}
