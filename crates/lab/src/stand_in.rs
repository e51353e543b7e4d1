//! Programs that tests put in the place of others.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable script. A shell does it, not this process: a file that this process writes is open in every child
/// that another test forks just then, and the kernel runs no file that is open for writing ("text file busy").
pub(crate) fn script(path: &Path, text: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut shell = shell.spawn().expect("a shell");
    shell.stdin.take().expect("its input").write_all(text.as_bytes()).expect("written");
    assert!(shell.wait().expect("an end").success(), "{}", path.display());
}
