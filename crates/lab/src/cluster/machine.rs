//! What the machine lends: its programs, settings and folders; all of it is put back.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::configs::CNI_PLUGINS;
use super::error::ClusterError;
use super::layout::{BRIDGE, CGROUP, Layout, NODE_ADDRESS};

/// Programs that the lab calls, with the Debian packages that bring them.
const NEEDED: [(&str, &str); 18] = [
    ("containerd", "containerd"),
    ("containerd-shim-runc-v2", "containerd"),
    ("ctr", "containerd"),
    ("runc", "runc"),
    ("iptables", "iptables"),
    ("ip6tables", "iptables"),
    ("conntrack", "conntrack"),
    ("ip", "iproute2"),
    ("setsid", "util-linux"),
    ("redis-server", "redis-server"),
    ("curl", "curl"),
    ("git", "git"),
    ("git-http-backend", "git"),
    ("lighttpd", "lighttpd"),
    ("ssh", "openssh-client"),
    ("ssh-keygen", "openssh-client"),
    ("sshd", "openssh-server"),
    ("kubectl", "kubernetes-client"),
];

/// Folders in which an administrator's programs may lie though a person's `PATH` does not name them.
const MORE_FOLDERS: [&str; 6] =
    ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/usr/lib/git-core"];

/// What kubelet and kube-proxy change.
const SETTINGS: [&str; 14] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-iptables",
    "net/bridge/bridge-nf-call-ip6tables",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
];

/// Folders that these programs create wherever they are told to work.
const FOLDERS: [&str; 7] = [
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
    "/run/containerd",
    "/var/lib/cni",
    "/run/xtables.lock",
    SSHD_FOLDER,
];

/// sshd starts only where its empty folder is there.
const SSHD_FOLDER: &str = "/run/sshd";

/// A program of the machine.
pub(super) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = MORE_FOLDERS.iter().map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// `PATH` for the components.
pub(super) fn search_path() -> String {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{}", MORE_FOLDERS.join(":"))
}

/// What is missing, in one error with the command that installs it.
pub(super) fn check() -> Result<(), ClusterError> {
    let lacks = |(name, package): &(&'static str, &'static str)| find(name).is_none().then_some((*name, *package));
    let mut missing: Vec<_> = NEEDED.iter().filter_map(lacks).collect();
    if !Path::new(CNI_PLUGINS).join("bridge").is_file() {
        missing.push(("the CNI plugins", "containernetworking-plugins"));
    }
    match install(&missing) {
        Some(install) => Err(ClusterError::Missing { what: missing.iter().map(|(name, _)| *name).collect(), install }),
        None if !rustix::process::geteuid().is_root() => Err(ClusterError::NotRoot),
        None => Ok(()),
    }
}

fn install(missing: &[(&str, &str)]) -> Option<String> {
    let mut packages: Vec<_> = missing.iter().map(|(_, package)| *package).collect();
    packages.sort_unstable();
    packages.dedup();
    (!packages.is_empty()).then(|| format!("apt-get install -y --no-install-recommends {}", packages.join(" ")))
}

/// Runs a program of the machine.
pub(super) fn run(name: &str, args: &[&str]) -> Result<String, ClusterError> {
    let mut command = Command::new(find(name).unwrap_or_else(|| name.into()));
    command.args(args).env("PATH", search_path());
    output(&mut command, [&[name], args].concat().join(" ").as_str(), "")
}

/// What a command writes that is given `input`; an error calls it `said`.
pub(super) fn output(command: &mut Command, said: &str, input: &str) -> Result<String, ClusterError> {
    let failed = |output: String| ClusterError::Command { command: said.to_owned(), output };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let mut stdin = child.stdin.take();
    thread::scope(|scope| {
        // On a thread of its own: neither side then waits for the other's full pipe. The program says why it stopped reading.
        scope.spawn(|| stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes())));
        let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(failed(text(&output.stderr).trim().to_owned()))
        }
    })
}

fn setting(name: &str) -> PathBuf {
    Path::new("/proc/sys").join(name)
}

/// Notes how the machine is, once, and sets up bridge, forwarding and control group.
pub(super) fn prepare(layout: &Layout) -> Result<(), ClusterError> {
    let note = layout.path("machine-before");
    let bridge = Path::new("/sys/class/net").join(BRIDGE);
    if !note.exists() {
        if bridge.exists() {
            return Err(ClusterError::OtherLab(BRIDGE));
        }
        if ["iptables-save", "ip6tables-save"].iter().any(|save| has_chains(&run(save, &[]).unwrap_or_default())) {
            return Err(ClusterError::OtherKubernetes);
        }
        write_note(&note)?;
    }
    if !bridge.exists() {
        run("ip", &["link", "add", BRIDGE, "type", "bridge"])?;
    }
    run("ip", &["addr", "replace", NODE_ADDRESS, "dev", BRIDGE])?;
    run("ip", &["link", "set", BRIDGE, "up"])?;
    for name in ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables"] {
        let path = setting(name);
        // Without the bridge's filter there is nothing to turn on.
        if path.exists() {
            fs::write(&path, "1").map_err(ClusterError::io("setting", &path))?;
        }
    }
    for folder in control_groups().into_iter().chain([SSHD_FOLDER.into()]) {
        fs::create_dir_all(&folder).map_err(ClusterError::io("creating", &folder))?;
    }
    Ok(())
}

/// Settings with their values, and the folders that were not there. Written in one step: half a note would lose the rest.
fn write_note(note: &Path) -> Result<(), ClusterError> {
    let mut text = String::new();
    for name in SETTINGS {
        if let Ok(value) = fs::read_to_string(setting(name)) {
            text.push_str(&format!("setting {name} {}\n", value.trim()));
        }
    }
    for folder in FOLDERS.iter().filter(|folder| !Path::new(folder).exists()) {
        text.push_str(&format!("absent {folder}\n"));
    }
    let new = note.with_extension("new");
    fs::write(&new, text).map_err(ClusterError::io("writing", &new))?;
    fs::rename(&new, note).map_err(ClusterError::io("writing", note))
}

/// Puts back what [`prepare`] and the components changed. Goes on after a failure, and reports the first.
pub(super) fn restore(layout: &Layout) -> Result<(), ClusterError> {
    let mut first = Ok(());
    let mut also = |result: Result<(), ClusterError>| {
        if first.is_ok() {
            first = result;
        }
    };
    unmount(layout.root());
    if Path::new("/sys/class/net").join(BRIDGE).exists() {
        also(run("ip", &["link", "del", BRIDGE]).map(drop));
    }
    for tables in ["iptables", "ip6tables"] {
        also(remove_chains(tables));
    }
    for group in control_groups() {
        remove_groups(&group);
    }
    let note = fs::read_to_string(layout.path("machine-before")).unwrap_or_default();
    for (name, value) in note.lines().filter_map(|line| line.strip_prefix("setting ")?.split_once(' ')) {
        let path = setting(name);
        if fs::read_to_string(&path).is_ok_and(|now| now.trim() != value) {
            also(fs::write(&path, value).map_err(ClusterError::io("setting", &path)));
        }
    }
    for folder in note.lines().filter_map(|line| line.strip_prefix("absent ")).map(Path::new) {
        unmount(folder);
        let removed = if folder.is_dir() { fs::remove_dir_all(folder) } else { fs::remove_file(folder) };
        if folder.exists() {
            also(removed.map_err(ClusterError::io("removing", folder)));
        }
    }
    first
}

/// The lab's control group in every hierarchy.
pub(super) fn control_groups() -> Vec<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    groups_in(&mounts)
}

/// Version 1 has a hierarchy for each controller; where version 2 stands beside them it has none and the pods don't use it.
fn groups_in(mounts: &str) -> Vec<PathBuf> {
    let of = |kind: &str| {
        let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        let mine = fields.filter(|fields| fields.get(2) == Some(&kind));
        mine.filter_map(|fields| Some(Path::new(fields.get(1)?).join(CGROUP))).collect::<Vec<_>>()
    };
    let first = of("cgroup");
    if first.is_empty() { of("cgroup2") } else { first }
}

/// Processes of the pods.
pub(super) fn in_groups() -> Vec<u32> {
    let mut found = Vec::new();
    let mut folders = control_groups();
    while let Some(folder) = folders.pop() {
        let processes = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        found.extend(processes.lines().filter_map(|line| line.parse::<u32>().ok()));
        folders.extend(below(&folder));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

fn remove_groups(folder: &Path) {
    below(folder).iter().for_each(|folder| remove_groups(folder));
    // A group that still has a process stays; `down` says so by looking for processes.
    drop(fs::remove_dir(folder));
}

/// Takes away every mount at or below a folder, the last one first.
fn unmount(folder: &Path) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let below = mounts_below(&mounts, folder);
    let mut args = vec!["-l"];
    args.extend(below.iter().rev().map(String::as_str));
    if args.len() > 1 {
        // What stays is in the way of removing the folder, which says so.
        drop(run("umount", &args));
    }
}

fn mounts_below(mounts: &str, folder: &Path) -> Vec<String> {
    // Blanks in paths are octal there.
    let points = mounts.lines().filter_map(|line| Some(line.split(' ').nth(4)?.replace("\\040", " ")));
    points.filter(|point| Path::new(point).starts_with(folder)).collect()
}

fn has_chains(rules: &str) -> bool {
    rules.lines().any(|line| line.starts_with(":KUBE-"))
}

fn remove_chains(tables: &str) -> Result<(), ClusterError> {
    let Ok(rules) = run(&format!("{tables}-save"), &[]) else { return Ok(()) };
    for command in removal(&rules) {
        run(tables, &command.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

/// What takes the KUBE- chains out again: first the jumps to them, then their rules, then they themselves.
fn removal(rules: &str) -> Vec<Vec<String>> {
    let (mut jumps, mut flushes, mut chains) = (Vec::new(), Vec::new(), Vec::new());
    let mut table = "";
    for line in rules.lines() {
        if let Some(name) = line.strip_prefix('*') {
            table = name;
        } else if let Some(chain) = line.strip_prefix(':').filter(|chain| chain.starts_with("KUBE-")) {
            let chain = chain.split(' ').next().unwrap_or_default();
            flushes.push(["-w", "-t", table, "-F", chain].map(str::to_owned).to_vec());
            chains.push(["-w", "-t", table, "-X", chain].map(str::to_owned).to_vec());
        } else if let Some(rule) = line.strip_prefix("-A ")
            && !rule.starts_with("KUBE-")
            && rule.contains("-j KUBE-")
        {
            let mut command = ["-w", "-t", table, "-D"].map(str::to_owned).to_vec();
            command.extend(words(rule));
            jumps.push(command);
        }
    }
    [jumps, flushes, chains].concat()
}

/// The words of a rule; comments come in quotes.
fn words(rule: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in rule.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_go_after_what_jumps_to_them() {
        let rules = "*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:OURS - [0:0]\n\
                     -A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n\
                     -A PREROUTING -j OURS\n-A KUBE-SERVICES -j KUBE-MARK-MASQ\nCOMMIT\n";
        let commands: Vec<_> = removal(rules).iter().map(|command| command.join("|")).collect();
        assert_eq!(
            commands,
            [
                "-w|-t|nat|-D|PREROUTING|-m|comment|--comment|kubernetes service portals|-j|KUBE-SERVICES",
                "-w|-t|nat|-F|KUBE-SERVICES",
                "-w|-t|nat|-X|KUBE-SERVICES",
            ]
        );
        assert!(has_chains(rules) && !has_chains("*nat\n:OURS - [0:0]\n"));
    }

    #[test]
    fn only_mounts_of_the_lab_are_taken_away() {
        let mounts = "1 2 0:1 / / rw - ext4 a rw\n3 1 0:2 / /state/lab/run/x rw - tmpfs t rw\n\
                      4 1 0:2 / /state/laboratory rw - tmpfs t rw\n5 1 0:2 / /state/lab/a\\040b rw - tmpfs t rw\n";
        assert_eq!(mounts_below(mounts, Path::new("/state/lab")), ["/state/lab/run/x", "/state/lab/a b"]);
    }

    #[test]
    fn control_groups_of_both_versions() {
        let second = "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(groups_in(second), [Path::new("/sys/fs/cgroup/unified/hyperspace-lab")]);
        let both = format!("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\n{second}");
        assert_eq!(groups_in(&both), [Path::new("/sys/fs/cgroup/cpu/hyperspace-lab")]);
    }

    #[test]
    fn what_is_missing_is_one_command() {
        let missing = [("ctr", "containerd"), ("runc", "runc"), ("containerd", "containerd")];
        assert_eq!(install(&missing).as_deref(), Some("apt-get install -y --no-install-recommends containerd runc"));
        assert_eq!(install(&[]), None);
    }

    #[test]
    fn the_note_holds_what_is_set_now() {
        let folder = tempfile::tempdir().expect("a folder");
        let note = folder.path().join("note");
        write_note(&note).expect("a note");
        let text = fs::read_to_string(&note).expect("the note");
        let forward = fs::read_to_string("/proc/sys/net/ipv4/ip_forward").expect("a setting");
        assert!(text.contains(&format!("setting net/ipv4/ip_forward {}\n", forward.trim())), "{text}");
        assert!(!text.contains("absent /proc"));
    }
}
