//! What runs in the cluster besides the release: manifests, and what says that they serve.

use super::layout::GIT_URL;

/// A workload that is waited for: namespace and object.
pub(super) type Workload = (&'static str, &'static str);

/// Names and addresses of the cluster, before anything else.
pub(super) const COREDNS: &str = include_str!("../../cluster/coredns.yaml");
/// Prometheus with the job of the adventure's chart.
pub(super) const PROMETHEUS: &str = include_str!("../../cluster/prometheus.yaml");
/// Jaeger, all in one.
pub(super) const JAEGER: &str = include_str!("../../cluster/jaeger.yaml");
/// The dashboard's NodePort.
pub(super) const ROLLOUTS_PORT: &str = include_str!("../../cluster/rollouts.yaml");
/// The account and the NodePort of Argo CD.
pub(super) const ARGOCD_SETTINGS: &str = include_str!("../../cluster/argocd.yaml");

/// What the release needs.
pub(super) const BASE: [Workload; 5] = [
    ("kube-system", "deployment/coredns"),
    ("prometheus", "deployment/prometheus-server"),
    ("jaeger", "deployment/jaeger"),
    ("argo-rollouts", "deployment/argo-rollouts"),
    ("argo-rollouts", "deployment/argo-rollouts-dashboard"),
];

/// Argo CD without single sign-on and notifications.
pub(super) const ARGOCD: [Workload; 5] = [
    ("argocd", "deployment/argocd-redis"),
    ("argocd", "deployment/argocd-repo-server"),
    ("argocd", "statefulset/argocd-application-controller"),
    ("argocd", "deployment/argocd-applicationset-controller"),
    ("argocd", "deployment/argocd-server"),
];

/// Where people look, with what is there. The last one is a repository's own: where it deploys a console.
pub const ADDRESSES: [(&str, &str); 5] = [
    ("Argo CD", "http://localhost:30100"),
    ("Argo Rollouts", "http://localhost:30101"),
    ("Prometheus", "http://localhost:30102"),
    ("Jaeger", "http://localhost:30103"),
    ("Console", "http://localhost:30104"),
];

/// A namespace.
pub(super) fn namespace(name: &str) -> String {
    format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n")
}

/// Argo Rollouts' own install for a cluster whose images are on the node and whose node cannot tell the size of its disk:
/// with a request for ephemeral storage the pod would stay Pending.
pub(super) fn rollouts(install: &str) -> String {
    let lines = install.lines().filter(|line| !line.trim_start().starts_with("ephemeral-storage:"));
    let pinned = lines.map(|line| match line.strip_suffix(":latest") {
        Some(image) if line.contains("image: ") => format!("{image}:v1.8.3\n"),
        _ => format!("{line}\n"),
    });
    on_the_node(&pinned.collect::<String>())
}

/// Argo CD's own install: images on the node, neither single sign-on nor notifications, no signatures.
pub(super) fn argocd(install: &str) -> String {
    let idle = ["name: argocd-dex-server\n", "name: argocd-notifications-controller\n"];
    let documents = install.split("\n---\n").map(|document| {
        let workload = ["kind: Deployment\n", "kind: StatefulSet\n"].iter().any(|kind| document.contains(kind));
        let mut text = String::new();
        for line in document.lines() {
            text.push_str(line);
            text.push('\n');
            if workload && line == "        env:" {
                // Else repo-server looks for a script that its image brings.
                text.push_str("        - name: ARGOCD_GPG_ENABLED\n          value: \"false\"\n");
            }
            if workload && line == "spec:" && idle.iter().any(|name| document.contains(&format!("\n  {name}"))) {
                text.push_str("  replicas: 0\n");
            }
        }
        text
    });
    on_the_node(&documents.collect::<Vec<_>>().join("---\n"))
}

fn on_the_node(install: &str) -> String {
    install.replace("imagePullPolicy: Always", "imagePullPolicy: IfNotPresent")
}

/// The tag of HotROD's version before the release.
pub(super) const OLD: &str = ":1.75.0";

/// The release's manifests with the version that the canary replaces: the first deploy of a Rollout skips all its steps.
pub(super) fn before_the_release(manifests: &str) -> String {
    let image = "jaegertracing/example-hotrod";
    let lines = manifests.lines().map(|line| match line.split_once(image) {
        Some((before, after))
            if before.trim_start().trim_start_matches("- ") == "image: " && after.starts_with(':') =>
        {
            format!("{before}{image}{OLD}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// The ApplicationSet, following the lab's git server.
pub(super) fn following_the_lab(appset: &str) -> String {
    following(appset, GIT_URL)
}

/// The ApplicationSet, following the git server at a URL.
pub(super) fn following(appset: &str, url: &str) -> String {
    let lines = appset.lines().map(|line| match line.split_once("repoURL:") {
        Some((before, _)) if before.trim_start_matches([' ', '-']).is_empty() => {
            format!("{before}repoURL: {url}\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::super::images::IMAGES;
    use super::super::layout::DNS_IP;
    use super::*;

    fn of_the_repository(path: &str) -> String {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        std::fs::read_to_string(root.join(path)).expect(path)
    }

    #[test]
    fn manifests_name_images_that_the_lab_has() {
        for manifests in [COREDNS, PROMETHEUS, JAEGER] {
            let mut names = manifests.lines().filter_map(|line| line.trim().strip_prefix("image: "));
            let name = names.next().expect("an image");
            let known = IMAGES.iter().any(|image| image.name == name || image.name == format!("docker.io/{name}"));
            assert!(known, "{name}");
        }
        assert!(COREDNS.contains(&format!("clusterIP: {DNS_IP}\n")));
    }

    #[test]
    fn gates_find_prometheus_where_it_serves() {
        let gates = of_the_repository("manifests/hotrod/analysis-template.yaml");
        assert!(gates.contains("http://prometheus-server.prometheus.svc.cluster.local\n"));
        assert!(
            PROMETHEUS.contains("  name: prometheus-server\n  namespace: prometheus\n")
                && PROMETHEUS.contains("port: 80,")
        );
        assert!(
            of_the_repository("manifests/otel/config.yaml").contains("jaeger-collector.jaeger.svc.cluster.local:4317")
        );
        assert!(JAEGER.contains("name: jaeger-collector\n  namespace: jaeger\n"));
    }

    #[test]
    fn the_old_version_comes_first() {
        let rollout = of_the_repository("manifests/hotrod/rollout.yaml");
        let old = before_the_release(&rollout);
        assert!(rollout.contains(":1.76.0") && !old.contains(":1.76.0"));
        assert_eq!(old.replace(":1.75.0", ":1.76.0"), rollout);
    }

    #[test]
    fn the_application_set_follows_the_lab_and_nothing_else_changes() {
        let ours = of_the_repository("appset/hyperspace-operations-and-transport.yaml");
        let lab = following_the_lab(&ours);
        let changed = ours.lines().zip(lab.lines()).filter(|(before, after)| before != after);
        let changed: Vec<_> = changed.map(|(_, after)| after.trim()).collect();
        assert_eq!(changed, [format!("repoURL: {GIT_URL}"), format!("repoURL: {GIT_URL}")]);
        assert_eq!(following_the_lab("  - repoURL: x\n"), format!("  - repoURL: {GIT_URL}\n"));
    }

    #[test]
    fn installs_are_fitted_to_the_node() {
        let install = "kind: Deployment\nspec:\n      - image: quay.io/x/y:latest\n        imagePullPolicy: Always\n            ephemeral-storage: 1Gi\n";
        let fitted =
            "kind: Deployment\nspec:\n      - image: quay.io/x/y:v1.8.3\n        imagePullPolicy: IfNotPresent\n";
        assert_eq!(rollouts(install), fitted);
        let install = "kind: Service\nspec:\n---\nkind: Deployment\nmetadata:\n  name: argocd-dex-server\nspec:\n  x: 1\n---\n\
                       kind: Deployment\nmetadata:\n  name: argocd-server\nspec:\n        env:\n        - name: A\n";
        let fitted = "kind: Service\nspec:\n---\nkind: Deployment\nmetadata:\n  name: argocd-dex-server\nspec:\n  replicas: 0\n  x: 1\n---\n\
                      kind: Deployment\nmetadata:\n  name: argocd-server\nspec:\n        env:\n        - name: ARGOCD_GPG_ENABLED\n          value: \"false\"\n        - name: A\n";
        assert_eq!(argocd(install), fitted);
    }
}
