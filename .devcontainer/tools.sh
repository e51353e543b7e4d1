#!/bin/sh
# The lab's tools, at the versions of crates/lab/src/cluster/kind/versions.rs (a test compares them).
# Usage: tools.sh FOLDER
set -eu

KIND=v0.30.0
KUBECTL=v1.34.0
HELM=v3.19.0
ARGOCD=v3.2.0
ROLLOUTS=v1.8.3
K9S=v0.50.16
KUBENS=v0.9.5

folder=$1
arch=$(dpkg --print-architecture)
case "$arch" in
    amd64) other=x86_64 ;;
    arm64) other=arm64 ;;
    *) echo "no tools are published for $arch" >&2; exit 1 ;;
esac
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# binary NAME URL
binary() {
    curl -fsSL --retry 3 -o "$here/$1" "$2"
    install -m 755 "$here/$1" "$folder/$1"
}

# packed NAME URL [NAME IN THE ARCHIVE]
packed() {
    curl -fsSL --retry 3 -o "$here/$1.tar.gz" "$2"
    tar -xzf "$here/$1.tar.gz" -C "$here" "${3:-$1}"
    install -m 755 "$here/${3:-$1}" "$folder/$1"
}

binary kind "https://kind.sigs.k8s.io/dl/$KIND/kind-linux-$arch"
binary kubectl "https://dl.k8s.io/release/$KUBECTL/bin/linux/$arch/kubectl"
binary argocd "https://github.com/argoproj/argo-cd/releases/download/$ARGOCD/argocd-linux-$arch"
binary kubectl-argo-rollouts "https://github.com/argoproj/argo-rollouts/releases/download/$ROLLOUTS/kubectl-argo-rollouts-linux-$arch"
packed helm "https://get.helm.sh/helm-$HELM-linux-$arch.tar.gz" "linux-$arch/helm"
packed k9s "https://github.com/derailed/k9s/releases/download/$K9S/k9s_Linux_$arch.tar.gz"
packed kubens "https://github.com/ahmetb/kubectx/releases/download/$KUBENS/kubens_${KUBENS}_linux_$other.tar.gz"
