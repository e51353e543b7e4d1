//! Tests of the native driver. What needs root and containerd is skipped, loudly, where these are missing.

use super::*;

#[test]
fn a_larger_lab_has_all_of_the_smaller() {
    let of = needed_programs;
    assert!(of(Extent::Kubernetes).iter().all(|program| of(Extent::Release).contains(program)));
    assert!(of(Extent::Release).iter().all(|program| of(Extent::All).contains(program)));
    assert!(!of(Extent::Release).contains(&Program::ArgoCd) && of(Extent::All).contains(&Program::ArgoCd));
}

#[test]
fn a_lab_that_is_not_there_is_down() {
    let folder = tempfile::tempdir().expect("a folder");
    let lab = Native::new(Layout::at(folder.path().join("lab")));
    lab.down(&|_| panic!("nothing to do")).expect("down");
    assert!(lab.status().expect("a status").iter().all(|state| !state.ready && state.says == "not running"));
    assert!(matches!(lab.shell(), Err(ClusterError::NotUp)));
    assert!(matches!(lab.log("etcd", 5), Err(ClusterError::NotUp)));
    assert!(matches!(lab.log("dockerd", 5), Err(ClusterError::NoComponent(_))));
}

/// What a lab must leave as it was: mounts, interfaces, rules, settings.
fn of_the_machine() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").expect("mounts");
    // Others mount things meanwhile; their numbers differ from run to run.
    let mut found: Vec<_> = mounts.lines().filter_map(|line| line.split(' ').nth(4).map(str::to_owned)).collect();
    found.sort();
    let links = machine::run("ip", &["-brief", "link"]).expect("interfaces");
    found.extend(links.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)));
    for tables in ["iptables-save", "ip6tables-save"] {
        let rules = machine::run(tables, &[]).expect("rules");
        found.extend(
            rules.lines().filter(|line| line.starts_with("-A") || line.starts_with(":KUBE")).map(str::to_owned),
        );
    }
    for setting in ["net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables", "net/ipv4/conf/all/route_localnet"] {
        found.push(fs::read_to_string(Path::new("/proc/sys").join(setting)).unwrap_or_default());
    }
    found
}

/// Command lines that name a folder, and shims of its containers, wherever they run.
fn processes_of(root: &Path) -> Vec<String> {
    let folder = root.display().to_string();
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
    lines.filter(|line| line.contains(&folder)).collect()
}

/// Everything, as `lab up` brings it up: Argo CD, the git server and the release as well.
#[test]
#[ignore = "brings a whole lab up, which takes minutes and the machine's only bridge"]
fn a_whole_lab_leaves_nothing_behind() {
    machine::check().expect("a machine that can run a lab");
    assert!(!Path::new("/sys/class/net").join(super::super::layout::BRIDGE).exists(), "a lab is up on this machine");
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().join("repository");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    machine::run("git", &["clone", "--quiet", &source.display().to_string(), &repository.display().to_string()])
        .expect("a clone");
    let config = || fs::read_to_string(repository.join(".git/config")).expect("a config");
    let lab = Native::new(Layout::at(folder.path().join("lab")));
    let (before, config_before) = (of_the_machine(), config());
    let up = lab.up(&repository, Extent::All, &|_| {});
    let (during, config_during) = (of_the_machine(), config());
    let running = (processes_of(lab.layout.root()).len(), machine::in_groups().len());
    let status = lab.status().expect("a status");
    let down = lab.down(&|_| {});
    up.expect("it comes up");
    down.expect("it goes");
    assert!(status.iter().all(|state| state.ready), "{status:?}");
    assert!(running.0 > 9 && running.1 > 20, "components and pods ran: {running:?}");
    assert!(during.iter().any(|line| line.starts_with(":KUBE-")) && config_during != config_before);
    assert_eq!(processes_of(lab.layout.root()), [""; 0]);
    assert!(machine::in_groups().is_empty() && !lab.layout.root().exists());
    assert!(machine::control_groups().iter().all(|group| !group.exists()));
    assert_eq!(of_the_machine(), before);
    assert_eq!(config(), config_before);
}

/// Bridge, containerd, etcd and a container: without Kubernetes, whose build takes minutes.
#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn what_comes_up_leaves_nothing_behind() {
    if let Err(why) = machine::check() {
        eprintln!("SKIPPED: {why}");
        return;
    }
    if Path::new("/sys/class/net").join(super::super::layout::BRIDGE).exists() {
        eprintln!("SKIPPED: a lab is up on this machine");
        return;
    }
    let Some(etcd) = build::built(Program::Etcd) else {
        eprintln!("SKIPPED: etcd is not built, which `lab build --cluster` does");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let lab = Native::new(Layout::at(folder.path().join("lab")));
    let before = of_the_machine();
    let mut programs = Programs::from([(Program::Etcd, etcd)]);
    // Minutes to build: taken where `lab build --cluster` left it.
    programs.extend(build::built(Program::KubeApiserver).map(|api| (Program::KubeApiserver, api)));
    let up = || {
        lab.write_files()?;
        machine::prepare(&lab.layout)?;
        lab.start(Component::Containerd, &programs, &|_| {})?;
        lab.start(Component::Etcd, &programs, &|_| {})?;
        let pause = IMAGES.iter().find(|image| image.short() == "pause").expect("the image");
        lab.image(pause, folder.path(), &programs, &|_| {})?;
        // As kubelet's runtime does: below the lab's control group.
        let group = format!("/{}/pod", super::super::layout::CGROUP);
        ready::ctr(&lab.layout, &["run", "--detach", "--cgroup", &group, pause.name, "pod"])?;
        assert!(ready::ctr(&lab.layout, &["tasks", "ls"])?.contains("RUNNING"), "the container runs");
        if !programs.contains_key(&Program::KubeApiserver) {
            eprintln!("SKIPPED: no kube-apiserver is built, which would say whether it takes our manifests");
            return Ok(());
        }
        lab.start(Component::Apiserver, &programs, &|_| {})?;
        let kubectl = Kubectl::of(&lab.layout);
        for (namespace, manifests) in
            [("kube-system", addons::COREDNS), ("prometheus", addons::PROMETHEUS), ("jaeger", addons::JAEGER)]
        {
            kubectl.apply(namespace, manifests)?;
        }
        let status = lab.status()?;
        assert!(status.iter().any(|state| state.name == "kube-apiserver" && state.ready), "{status:?}");
        assert!(status.iter().any(|state| state.says == "0 of 1 available"), "{status:?}");
        Ok::<_, ClusterError>(())
    };
    let result = up();
    let running = (supervise::running(&lab.layout, "etcd"), machine::in_groups().len());
    let during = of_the_machine();
    let down = lab.down(&|_| {});
    result.expect("it comes up");
    down.expect("it goes");
    assert!(running.0.is_some_and(|etcd| !etcd.runs()) && running.1 == 1, "etcd and the container ran, and have ended");
    assert_ne!(during, before, "nothing was there to be taken away");
    assert_eq!(of_the_machine(), before);
    assert!(machine::in_groups().is_empty() && !lab.layout.root().exists());
    assert!(machine::control_groups().iter().all(|group| !group.exists()));
}
