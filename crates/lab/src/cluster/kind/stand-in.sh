#!/bin/sh
# Stands in for docker, kind, kubectl, helm and git: writes down how it was called, and plays what they would say.
PATH=/usr/bin:/bin
scene=$(dirname "$(dirname "$0")")
call="$(basename "$0") $*"
echo "$call" >> "$scene/calls"
if [ -f "$scene/fails" ]; then
    case "$call" in *"$(cat "$scene/fails")"*) echo "played to fail" >&2; exit 1 ;; esac
fi
case "$call" in
    "docker info"*) echo 28.0.0 ;;
    "docker inspect"*) echo 172.18.0.2 ;;
    "kind get clusters") cat "$scene/clusters" 2>/dev/null || echo "No kind clusters found." >&2 ;;
    "kind create"*) cat > "$scene/kind-config"; echo hyperspace > "$scene/clusters"; touch "$scene/lab/kubeconfig" ;;
    "kind delete"*) rm -f "$scene/clusters" ;;
    "helm upgrade"*) cat > "$scene/helm-values" ;;
    "git ls-remote"*) cat "$scene/main" 2>/dev/null || true ;;
    "git "*" push "*) printf 'c0ffee\trefs/heads/main\n' > "$scene/main" ;;
    "kubectl "*"get rollout/hotrod"*"-o name") [ -f "$scene/applied" ] && grep -q "kind: Rollout" "$scene/applied" ;;
    "kubectl "*"get applications"*) echo "Synced c0ffee,Synced c0ffee,Synced c0ffee,Synced c0ffee," ;;
    "kubectl "*"get deployments,"*) echo "Deployment,argocd,argocd-server,1,,," ;;
    "kubectl "*"apply"*"-f -") cat >> "$scene/applied" ;;
esac
