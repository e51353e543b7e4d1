"""Reads the contrib changelog on standard input and prints history.json: what came, went and was renamed, with the version.

    awk '/^## v/{v=$2} {print v": "$0}' CHANGELOG.md | python3 history.py > history.json

Lines that the words alone do not tell (the core's components, successors) are added by hand below, each with its source.
"""

import json
import re
import sys

CLASSES = ["receiver", "processor", "exporter", "connector", "extension"]

# The core's own changelog and what the contrib changelog says without naming a type.
BY_HAND = [
    {"class": "exporter", "type": "jaeger", "removed": "0.86.0", "successor": ["exporter", "otlp"], "source": "contrib changelog 0.86.0"},
    {"class": "exporter", "type": "jaeger_thrift", "removed": "0.86.0", "successor": ["exporter", "otlp"], "source": "contrib changelog 0.86.0"},
    {"class": "exporter", "type": "logging", "removed": "0.111.0", "successor": ["exporter", "debug"], "source": "core changelog 0.111.0"},
    {"class": "exporter", "type": "debug", "added": "0.86.0", "source": "core changelog 0.86.0"},
    {"class": "extension", "type": "memory_ballast", "removed": "0.108.0", "successor": ["processor", "memory_limiter"], "source": "opentelemetry-collector-releases #607, opentelemetry-collector #10995"},
    {"class": "processor", "type": "spanmetrics", "removed": "0.96.0", "successor": ["connector", "spanmetrics"], "source": "contrib changelog 0.96.0 (#29567)"},
    {"class": "processor", "type": "servicegraph", "removed": "0.94.0", "successor": ["connector", "servicegraph"], "source": "contrib changelog 0.94.0 (#26091)"},
    {"class": "processor", "type": "routing", "removed": "0.133.0", "successor": ["connector", "routing"], "source": "contrib changelog 0.133.0 (#19739)"},
    {"class": "exporter", "type": "opencensus", "removed": "0.134.0", "successor": ["exporter", "otlp"], "source": "contrib changelog 0.134.0 (#36791)"},
    {"class": "receiver", "type": "opencensus", "removed": "0.134.0", "successor": ["receiver", "otlp"], "source": "contrib changelog 0.134.0 (#36791)"},
    {"class": "exporter", "type": "loki", "removed": "0.131.0", "successor": ["exporter", "otlphttp"], "source": "contrib changelog 0.131.0 (#41413)"},
    {"class": "exporter", "type": "sapm", "removed": "0.148.0", "successor": ["exporter", "otlphttp"], "source": "contrib changelog 0.148.0 (#46555)"},
    {"class": "receiver", "type": "sapm", "removed": "0.135.0", "source": "contrib changelog 0.135.0"},
    {"class": "exporter", "type": "kinetica", "removed": "0.131.0", "source": "contrib changelog 0.131.0 (#38911)"},
    {"class": "exporter", "type": "skywalking", "removed": "0.105.0", "source": "contrib changelog 0.105.0 (#23796)"},
    {"class": "exporter", "type": "instana", "removed": "0.111.0", "successor": ["exporter", "otlphttp"], "source": "contrib changelog 0.111.0 (#35367)"},
    {"class": "exporter", "type": "dynatrace", "removed": "0.99.0", "successor": ["exporter", "otlphttp"], "source": "contrib changelog 0.99.0 (#32278)"},
    {"class": "exporter", "type": "f5cloud", "removed": "0.96.0", "source": "contrib changelog 0.96.0 (#31531)"},
    {"class": "extension", "type": "httpforwarder", "removed": "0.96.0", "successor": ["extension", "http_forwarder"], "source": "contrib changelog 0.96.0 (#24171)"},
    {"class": "exporter", "type": "tanzuobservability", "removed": "0.92.0", "source": "contrib changelog 0.92.0 (#30184)"},
    {"class": "exporter", "type": "parquet", "removed": "0.88.0", "source": "contrib changelog 0.88.0 (#27284)"},
    {"class": "receiver", "type": "bigip", "removed": "0.147.0", "source": "contrib changelog 0.147.0 (#46040)"},
    {"class": "receiver", "type": "jmx", "removed": "0.157.0", "source": "contrib changelog 0.157.0 (#45740)"},
    {"class": "receiver", "type": "k8slog", "removed": "0.148.0", "successor": ["receiver", "filelog"], "source": "contrib changelog 0.148.0 (#46544)"},
    {"class": "receiver", "type": "awscloudwatchmetrics", "removed": "0.134.0", "source": "contrib changelog 0.134.0 (#42238)"},
    {"class": "receiver", "type": "prometheus_exec", "removed": "0.83.0", "source": "contrib changelog 0.83.0 (#24740)"},
    {"class": "extension", "type": "kafkatopicsobserver", "removed": "0.159.0", "source": "contrib changelog 0.159.0 (#48186)"},
    {"class": "exporter", "type": "carbon", "removed": "0.141.0", "source": "contrib changelog 0.141.0 (#38913)"},
    {"class": "extension", "type": "ecs_task_observer", "removed": "0.140.0", "source": "contrib changelog 0.140.0 (#43818)"},
    {"class": "processor", "type": "datadog", "removed": "0.94.0", "successor": ["connector", "datadog"], "source": "contrib changelog 0.94.0 (#31026), 0.84.0 (#19740)"},
    {"class": "processor", "type": "remoteobserver", "removed": "0.89.0", "successor": ["processor", "remotetap"], "source": "contrib changelog 0.89.0 (#27873)"},
    {"class": "processor", "type": "dynamic_sampling", "removed": "0.160.0", "successor": ["processor", "adaptive_tail_sampling"], "source": "contrib changelog 0.160.0 (#50367)"},
    {"class": "processor", "type": "adaptive_tail_sampling", "added": "0.160.0", "source": "contrib changelog 0.160.0 (#50367)"},
    {"class": "receiver", "type": "gitprovider", "removed": "0.109.0", "successor": ["receiver", "github"], "source": "contrib changelog 0.109.0 (#34731)"},
    {"class": "receiver", "type": "dotnet_diagnostics", "removed": "0.77.0", "source": "contrib changelog 0.77.0 (#13218)"},
    {"class": "receiver", "type": "promtail", "removed": "0.72.0", "source": "contrib changelog 0.72.0 (#18474)"},
    {"class": "extension", "type": "fluentbit", "removed": "0.72.0", "source": "contrib changelog 0.72.0 (#18505)"},
    {"class": "exporter", "type": "humio", "removed": "0.71.0", "source": "contrib changelog 0.71.0 (#17013)"},
    {"class": "exporter", "type": "observiq", "removed": "0.60.0", "source": "contrib changelog 0.60.0 (#12406)"},
    {"class": "exporter", "type": "stackdriver", "removed": "0.50.0", "successor": ["exporter", "googlecloud"], "source": "contrib changelog 0.50.0 (#9274)"},
    {"class": "extension", "type": "aws_logs_encoding", "added": "0.148.0", "alias": "awslogs_encoding", "source": "contrib changelog 0.148.0 (#46776)"},
    {"class": "extension", "type": "google_cloud_logentry_encoding", "added": "0.148.0", "alias": "googlecloudlogentry_encoding", "source": "contrib changelog 0.148.0 (#46778)"},
    {"class": "exporter", "type": "nop", "added": "0.97.0", "source": "core changelog 0.97.0 (#7316)"},
    {"class": "receiver", "type": "nop", "added": "0.97.0", "source": "core changelog 0.97.0 (#7316)"},
    {"class": "connector", "type": "spanmetrics", "added": "0.73.0", "source": "contrib changelog 0.73.0"},
    {"class": "exporter", "type": "otlp_grpc", "added": "0.144.0", "alias": "otlp", "source": "core changelog 0.144.0"},
    {"class": "exporter", "type": "otlp_http", "added": "0.144.0", "alias": "otlphttp", "source": "core changelog 0.144.0"},
]

def renames(lines):
    for line in lines:
        match = re.match(r"^v([\d.]+): - `(\w+)/(\w+)`: (.*)$", line)
        if not match or not re.search("rename|introduce new snake case", line, re.IGNORECASE):
            continue
        version, kind, new, text = match.groups()
        if kind not in CLASSES:
            continue
        quoted = re.findall(r"[`'](\w+)[`']", text)
        old = [word for word in quoted if word != new and word.replace("_", "") == new.replace("_", "")]
        if not old:
            old = [new.replace("_", "")] if "_" in new else []
        if old and old[0] != new:
            yield {"class": kind, "type": new, "added": version, "alias": old[0], "source": f"contrib changelog {version}"}


def main():
    lines = sys.stdin.read().splitlines()
    found = {(e["class"], e["type"]): e for e in renames(lines)}
    for entry in BY_HAND:
        found[(entry["class"], entry["type"])] = entry
    print("[")
    print(",\n".join("  " + json.dumps(found[key]) for key in sorted(found)))
    print("]")


main()
