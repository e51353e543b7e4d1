//! Signed commits, as `commit.gpgsign` asks: libgit2 stores signatures but makes none, so the programs that git calls are
//! called here in the same way.

use std::io::Write;
use std::process::{Command, Stdio};

use git2::Oid;

use crate::error::{Doing, Error, io};
use crate::plan::Person;
use crate::refusal::Refusal;
use crate::repository::Repository;

/// Whether `commit.gpgsign` is on.
pub(crate) fn wanted(repository: &Repository) -> Result<bool, Error> {
    let config = repository.inner.config().doing("read git's configuration")?;
    Ok(config.get_bool("commit.gpgsign").unwrap_or(false))
}

/// Signs the commit whose content is `content` and stores it.
pub(crate) fn commit(repository: &Repository, content: &str, committer: &Person) -> Result<Oid, Error> {
    let format = repository.config("gpg.format")?.unwrap_or_else(|| "openpgp".to_owned());
    let signature = match format.as_str() {
        "openpgp" | "x509" => with_gpg(repository, &format, content, committer)?,
        "ssh" => with_ssh(repository, content)?,
        other => return Err(failed(format!("gpg.format={other} is not known here"))),
    };
    repository.inner.commit_signed(content, signature.trim_end(), None).doing("store the signed commit")
}

fn failed(reason: impl Into<String>) -> Error {
    Refusal::CannotSign { reason: reason.into() }.into()
}

fn with_gpg(repository: &Repository, format: &str, content: &str, committer: &Person) -> Result<String, Error> {
    let mut program = repository.config(&format!("gpg.{format}.program"))?;
    if program.is_none() && format == "openpgp" {
        program = repository.config("gpg.program")?;
    }
    let program = program.unwrap_or_else(|| if format == "x509" { "gpgsm" } else { "gpg" }.to_owned());
    let key = repository.config("user.signingkey")?.unwrap_or_else(|| committer.to_string());
    let mut command = Command::new(&program);
    command.args(["--status-fd=2", "-bsau", &key]);
    let (output, status) = run(&mut command, content)?;
    // git looks for the same line: gpg's exit code alone is not to be trusted.
    if !status.contains("[GNUPG:] SIG_CREATED ") {
        return Err(failed(last_words(&status, &program)));
    }
    Ok(output)
}

fn with_ssh(repository: &Repository, content: &str) -> Result<String, Error> {
    let program = repository.config("gpg.ssh.program")?.unwrap_or_else(|| "ssh-keygen".to_owned());
    let Some(key) = repository.config("user.signingkey")? else {
        return Err(failed("user.signingkey is not set"));
    };
    let mut command = Command::new(&program);
    command.args(["-Y", "sign", "-n", "git", "-f"]);
    // A literal public key stands for a key in the agent.
    let literal = key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key.as_str()));
    let mut public = tempfile::NamedTempFile::new().map_err(io("create a file in", std::env::temp_dir()))?;
    if let Some(literal) = literal {
        public.write_all(literal.as_bytes()).map_err(io("write", public.path()))?;
        command.arg(public.path()).arg("-U");
    } else {
        let config = repository.inner.config().doing("read git's configuration")?;
        command.arg(config.get_path("user.signingkey").doing("read user.signingkey")?);
    }
    let (output, status) = run(&mut command, content)?;
    if output.contains("-----BEGIN SSH SIGNATURE-----") {
        Ok(output)
    } else {
        Err(failed(last_words(&status, &program)))
    }
}

/// Gives `input` to a program; returns what it says on its two outputs.
fn run(command: &mut Command, input: &str) -> Result<(String, String), Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.map_err(|error| failed(format!("{name}: {error}")))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ends early says why on its error output.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(format!("{name}: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        Ok((text(&output.stdout), text(&output.stderr)))
    } else {
        Err(failed(last_words(&text(&output.stderr), &name)))
    }
}

fn last_words(status: &str, program: &str) -> String {
    let line = status.lines().rfind(|line| !line.trim().is_empty() && !line.starts_with("[GNUPG:]"));
    line.map_or_else(|| format!("{program} gave no signature"), |line| line.trim().to_owned())
}
