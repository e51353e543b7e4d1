//! The lab's git server: lighttpd with git's own HTTP backend behind a password, and sshd with a key that may do nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ClusterError;
use super::layout::{GIT_HTTP_PORT, GIT_SSH_PORT, GIT_URL, Layout, NODE_IP};
use super::machine;
use super::secrets::{new_password, private};

/// Who pushes and pulls over HTTP.
const USER: &str = "hyperspace";

/// Where git keeps what it runs for others.
const BACKEND: &str = "git-http-backend";

/// Writes the server's configuration, its keys and its password, as far as they are not there, and the bare repository.
pub(super) fn prepare(layout: &Layout) -> Result<(), ClusterError> {
    for folder in ["git", "git-http", "git-ssh"] {
        let path = layout.path(folder);
        fs::create_dir_all(&path).map_err(ClusterError::io("creating", &path))?;
    }
    let users = layout.path("git-http/users");
    if !users.exists() {
        private(&users, &format!("{USER}:{}\n", new_password()?), 0o600)?;
    }
    // Also where git's helper took a line out of it.
    let password = password(layout)?;
    private(&credentials(layout), &format!("{}\n", host().replace("//", &format!("//{USER}:{password}@"))), 0o600)?;
    let backend = machine::find(BACKEND).unwrap_or_else(|| BACKEND.into());
    private(&layout.path("git-http/lighttpd.conf"), &lighttpd(layout, &backend), 0o600)?;
    ssh(layout)?;
    let bare = layout.text(BARE);
    if !layout.path(BARE).join("HEAD").exists() {
        machine::run("git", &["init", "--quiet", "--bare", "--initial-branch=main", &bare])?;
    }
    // A practice may begin again from another root.
    machine::run("git", &["-C", &bare, "config", "receive.denyNonFastForwards", "false"]).map(drop)
}

/// The repository that is served.
pub(super) const BARE: &str = "git/hyperspace.git";

/// git's file of passwords, for its helper `store`.
pub(super) fn credentials(layout: &Layout) -> PathBuf {
    layout.path("git-http/credentials")
}

/// For `ssh -F`: the lab's key for the lab's address; else as the person has it.
pub(super) fn ssh_config(layout: &Layout) -> PathBuf {
    layout.path("git-ssh/config")
}

/// The keys, what each may do, and the configuration of server and client.
fn ssh(layout: &Layout) -> Result<(), ClusterError> {
    for (key, comment) in [("git-ssh/host_key", "hyperspace-lab"), ("git-ssh/key", "hyperspace-lab-push")] {
        if !layout.path(key).with_extension("pub").exists() {
            let _ = fs::remove_file(layout.path(key));
            machine::run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", &layout.text(key)])?;
        }
    }
    let public = |key: &str| {
        let path = layout.path(key);
        fs::read_to_string(&path).map_err(ClusterError::io("reading", &path))
    };
    let command = layout.path("git-ssh/command");
    private(&command, &ssh_command(layout), 0o700)?;
    let keys = format!("restrict,command=\"'{}'\" {}", command.display(), public("git-ssh/key.pub")?);
    private(&layout.path("git-ssh/authorized_keys"), &keys, 0o600)?;
    let hosts = format!("[{NODE_IP}]:{GIT_SSH_PORT} {}", public("git-ssh/host_key.pub")?);
    private(&layout.path("git-ssh/known_hosts"), &hosts, 0o600)?;
    private(&layout.path("git-ssh/sshd_config"), &sshd(layout), 0o600)?;
    private(&ssh_config(layout), &ssh_client(layout), 0o600)
}

/// Everybody who asks needs the password; the backend lets those push whom the server knows.
fn lighttpd(layout: &Layout, backend: &Path) -> String {
    format!(
        r#"server.bind = "{NODE_IP}"
server.port = {GIT_HTTP_PORT}
server.document-root = "{folder}"
server.upload-dirs = ("{folder}")
server.modules = ("mod_auth", "mod_authn_file", "mod_setenv", "mod_alias", "mod_cgi")
auth.backend = "plain"
auth.backend.plain.userfile = "{folder}/users"
auth.require = ("" => ("method" => "basic", "realm" => "hyperspace lab", "require" => "valid-user"))
setenv.add-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "")
alias.url = ("/hyperspace.git" => "{backend}")
cgi.assign = ("" => "")
"#,
        folder = layout.text("git-http"),
        root = layout.text(BARE),
        backend = backend.display(),
    )
}

/// The machine's user is root, as no other is made for it: its key runs one command and nothing else.
fn sshd(layout: &Layout) -> String {
    let path = |below: &str| layout.text(below);
    format!(
        "ListenAddress {NODE_IP}:{GIT_SSH_PORT}
HostKey \"{}\"
AuthorizedKeysFile \"{}\"
PidFile none
PermitRootLogin forced-commands-only
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PermitTTY no
DisableForwarding yes
PrintMotd no
",
        path("git-ssh/host_key"),
        path("git-ssh/authorized_keys"),
    )
}

/// The one repository, and git's three ways to ask for it.
fn ssh_command(layout: &Layout) -> String {
    let repository = layout.text(BARE);
    format!(
        r#"#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
"git-receive-pack '/hyperspace.git'") exec git receive-pack '{repository}' ;;
"git-upload-pack '/hyperspace.git'") exec git upload-pack '{repository}' ;;
"git-upload-archive '/hyperspace.git'") exec git upload-archive '{repository}' ;;
*) echo "this key serves /hyperspace.git and nothing else" >&2; exit 1 ;;
esac
"#
    )
}

fn ssh_client(layout: &Layout) -> String {
    let path = |below: &str| layout.text(below);
    format!(
        "Host {NODE_IP}
  Port {GIT_SSH_PORT}
  User root
  IdentityFile \"{}\"
  IdentitiesOnly yes
  UserKnownHostsFile \"{}\"
  StrictHostKeyChecking yes
Host *
  Include ~/.ssh/config
  Include /etc/ssh/ssh_config
",
        path("git-ssh/key"),
        path("git-ssh/known_hosts"),
    )
}

/// For Argo CD.
pub(super) fn argocd_secret(layout: &Layout) -> Result<String, ClusterError> {
    let password = password(layout)?;
    Ok(format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: lab-repository\n  namespace: argocd\n  labels:\n    \
         argocd.argoproj.io/secret-type: repository\nstringData:\n  type: git\n  url: {GIT_URL}\n  username: {USER}\n  \
         password: \"{password}\"\n"
    ))
}

/// What a git host's webhook does after a push: Argo CD's server refreshes the Applications of the repository, its
/// ApplicationSet controller at `sets` the folders. The push does not wait for either.
pub(super) fn announce_pushes(layout: &Layout, sets: &str) -> Result<(), ClusterError> {
    let web = GIT_URL.trim_end_matches(".git");
    let hook = format!(
        r#"#!/bin/sh
while read -r before after ref; do
  body="{{\"ref\": \"$ref\", \"before\": \"$before\", \"after\": \"$after\", \"commits\": [], \
\"repository\": {{\"html_url\": \"{web}\", \"default_branch\": \"main\"}}}}"
  for address in http://127.0.0.1:30100 http://{sets}:7000; do
    curl --silent --max-time 5 --header 'X-GitHub-Event: push' --json "$body" "$address/api/webhook" >/dev/null 2>&1 &
  done
done
"#
    );
    private(&layout.path(BARE).join("hooks/post-receive"), &hook, 0o700)
}

fn password(layout: &Layout) -> Result<String, ClusterError> {
    let path = layout.path("git-http/users");
    let users = fs::read_to_string(&path).map_err(ClusterError::io("reading", &path))?;
    Ok(users.trim().split_once(':').map(|(_, password)| password).unwrap_or_default().to_owned())
}

/// The server without the repository, as git's credentials know it.
fn host() -> &'static str {
    GIT_URL.rsplit_once('/').map_or(GIT_URL, |(host, _)| host)
}

/// What git needs to know of the password: where it is. The first setting empties the list, so that no helper of the person's
/// is asked, nor keeps this password.
pub(super) fn settings(layout: &Layout) -> Vec<(String, String)> {
    let key = format!("credential.{}.helper", host());
    let store = format!("store --file='{}'", credentials(layout).display());
    vec![(key.clone(), String::new()), (key, store)]
}

/// The name of the remote.
const REMOTE: &str = "lab";

/// Adds the server as remote `lab` to a repository that has none of that name, with the password in git's own way: a file that
/// only its owner reads. What is added is noted, for [`forget_remotes`].
pub(super) fn add_remote(layout: &Layout, repository: &Path) -> Result<(), ClusterError> {
    let git = |args: &[&str]| machine::run("git", &[&["-C", &repository.display().to_string()], args].concat());
    // That of all worktrees: one of them may be gone when the lab goes, and the settings are in none of them.
    let Ok(folder) = git(&["rev-parse", "--path-format=absolute", "--git-common-dir"]) else { return Ok(()) };
    match git(&["config", "--local", "remote.lab.url"]) {
        Ok(there) if is_ours(&there) => git(&["remote", "set-url", REMOTE, GIT_URL]).map(drop)?,
        // The person's own.
        Ok(_) => return Ok(()),
        Err(_) => git(&["remote", "add", REMOTE, GIT_URL]).map(drop)?,
    }
    for (index, (key, value)) in settings(layout).iter().enumerate() {
        let how = if index == 0 { "--replace-all" } else { "--add" };
        git(&["config", "--local", how, key, value])?;
    }
    let note = layout.path("repositories");
    let noted = fs::read_to_string(&note).unwrap_or_default();
    let line = folder.trim();
    if noted.lines().any(|there| there == line) {
        return Ok(());
    }
    fs::write(&note, format!("{noted}{line}\n")).map_err(ClusterError::io("writing", &note))
}

/// Whether a remote's URL is this server's, with a name and a password in it or without.
fn is_ours(url: &str) -> bool {
    let Some((scheme, rest)) = url.trim().split_once("://") else { return false };
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}://{host}/{path}") == GIT_URL
}

/// Takes the remotes out again.
pub(super) fn forget_remotes(layout: &Layout) {
    let noted = fs::read_to_string(layout.path("repositories")).unwrap_or_default();
    for folder in noted.lines() {
        let git = |args: &[&str]| machine::run("git", &[&["-C", folder], args].concat());
        if git(&["config", "--local", "remote.lab.url"]).is_ok_and(|there| is_ours(&there)) {
            // The repository may be gone, or the person took them out.
            drop(git(&["remote", "remove", REMOTE]));
            drop(git(&["config", "--local", "--remove-section", &format!("credential.{}", host())]));
        }
    }
}

#[cfg(test)]
#[path = "git_server_tests.rs"]
mod tests;
