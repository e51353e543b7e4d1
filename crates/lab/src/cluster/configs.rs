//! The configuration files of the components.

use super::layout::{API, BRIDGE, CGROUP, DNS_IP, Layout, NODE, NODE_IP, POD_CIDR};

/// Every file below the lab's folder, with its text; certificates aside.
pub(super) fn files(layout: &Layout) -> Vec<(String, String)> {
    let mut files = vec![
        ("config/containerd.toml".to_owned(), containerd(layout)),
        ("config/cni/10-hyperspace.conflist".to_owned(), cni(layout)),
        ("config/kubelet.yaml".to_owned(), kubelet(layout)),
        ("config/kube-proxy.yaml".to_owned(), kube_proxy(layout)),
        // The pods' names come from CoreDNS; nothing outside has one for them.
        ("config/resolv.conf".to_owned(), String::new()),
        ("kubeconfig".to_owned(), kubeconfig(layout, "admin")),
    ];
    for client in ["controller-manager", "scheduler", "kubelet", "kube-proxy"] {
        files.push((format!("config/{client}.kubeconfig"), kubeconfig(layout, client)));
    }
    files
}

fn kubeconfig(layout: &Layout, client: &str) -> String {
    let (ca, certificate, key) = (
        layout.text("pki/ca.crt"),
        layout.text(&format!("pki/{client}.crt")),
        layout.text(&format!("pki/{client}.key")),
    );
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: hyperspace-lab\nclusters:\n- name: hyperspace-lab\n  cluster:\n    \
         server: {API}\n    certificate-authority: {ca}\nusers:\n- name: hyperspace-lab\n  user:\n    client-certificate: \
         {certificate}\n    client-key: {key}\ncontexts:\n- name: hyperspace-lab\n  context:\n    cluster: hyperspace-lab\n    \
         user: hyperspace-lab\n"
    )
}

/// Everything of it below the lab's folder. A machine without CAP_SYS_RESOURCE cannot lower an oom_score_adj, which
/// runc says as "can't get final child's PID from pipe: EOF".
fn containerd(layout: &Layout) -> String {
    let (root, state, socket) = (layout.text("containerd"), layout.text("run"), layout.socket());
    let (cni, opt, socket) = (layout.text("config/cni"), layout.text("containerd/opt"), socket.display());
    format!(
        r#"version = 2
root = "{root}"
state = "{state}"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]

[grpc]
  address = "{socket}"

[plugins."io.containerd.internal.v1.opt"]
  path = "{opt}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{CNI_PLUGINS}"
  conf_dir = "{cni}"

[plugins."io.containerd.grpc.v1.cri".containerd]
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
"#,
        pause = super::images::PAUSE,
    )
}

/// Where Debian puts the network plugins.
pub(super) const CNI_PLUGINS: &str = "/usr/lib/cni";

/// No masquerading: traffic stays on this machine.
fn cni(layout: &Layout) -> String {
    let addresses = layout.text("cni");
    format!(
        r#"{{
  "cniVersion": "0.4.0",
  "name": "hyperspace-lab",
  "plugins": [
    {{
      "type": "bridge",
      "bridge": "{BRIDGE}",
      "isGateway": true,
      "hairpinMode": true,
      "ipam": {{
        "type": "host-local",
        "dataDir": "{addresses}",
        "ranges": [[{{"subnet": "{POD_CIDR}", "gateway": "{NODE_IP}"}}]],
        "routes": [{{"dst": "0.0.0.0/0"}}]
      }}
    }}
  ]
}}
"#
    )
}

/// `failCgroupV1`, `failSwapOn` and `localStorageCapacityIsolation`: a small machine may have the first two, and a root file
/// system whose size cannot be read. Nothing is evicted for a full disk that is not the lab's.
fn kubelet(layout: &Layout) -> String {
    let path = |below: &str| layout.text(below);
    format!(
        "apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: {NODE_IP}
healthzBindAddress: {NODE_IP}
containerRuntimeEndpoint: unix://{socket}
tlsCertFile: {certificate}
tlsPrivateKeyFile: {key}
authentication:
  anonymous: {{enabled: false}}
  webhook: {{enabled: true}}
  x509: {{clientCAFile: {ca}}}
authorization: {{mode: Webhook}}
clusterDomain: cluster.local
clusterDNS: [{DNS_IP}]
resolvConf: {resolv}
cgroupDriver: cgroupfs
cgroupRoot: /{CGROUP}
failCgroupV1: false
failSwapOn: false
localStorageCapacityIsolation: false
makeIPTablesUtilChains: false
podLogsDir: {logs}
volumePluginDir: {plugins}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard:
  memory.available: 100Mi
  nodefs.available: 0%
  nodefs.inodesFree: 0%
  imagefs.available: 0%
  imagefs.inodesFree: 0%
syncFrequency: 10s
",
        socket = layout.socket().display(),
        certificate = path("pki/serving.crt"),
        key = path("pki/serving.key"),
        ca = path("pki/ca.crt"),
        resolv = path("config/resolv.conf"),
        logs = path("pod-logs"),
        plugins = path("kubelet-plugins"),
    )
}

/// NodePorts answer on this machine and its pods, not on its other addresses. The machine's connection tracking keeps its limits.
fn kube_proxy(layout: &Layout) -> String {
    let kubeconfig = layout.text("config/kube-proxy.kubeconfig");
    format!(
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
clusterCIDR: {POD_CIDR}
hostnameOverride: {NODE}
bindAddress: {NODE_IP}
healthzBindAddress: {NODE_IP}:10256
metricsBindAddress: {NODE_IP}:10249
nodePortAddresses: [127.0.0.0/8, {POD_CIDR}]
clientConnection:
  kubeconfig: {kubeconfig}
conntrack:
  maxPerCore: 0
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 0s
"
    )
}
