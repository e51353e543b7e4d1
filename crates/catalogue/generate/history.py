"""Reads the contrib changelog on standard input and prints history.json: what came, went and was renamed, with the version.

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
    {"class": "connector", "type": "spanmetrics", "added": "0.73.0", "source": "contrib changelog 0.73.0"},
    {"class": "exporter", "type": "otlp_grpc", "added": "0.144.0", "alias": "otlp", "source": "core changelog 0.144.0"},
    {"class": "exporter", "type": "otlp_http", "added": "0.144.0", "alias": "otlphttp", "source": "core changelog 0.144.0"},
]

RENAME = re.compile(
    r"^v([\d.]+): - `(\w+)/(\w+)`: .*?[Rr]ename.*?(?:`|'|\b)(\w+)(?:`|'|\b)[^`']*?(?:to|name)\s+(?:use\s+)?.*?(?:`|')(\w+)(?:`|')"
)


def renames(lines):
    for line in lines:
        match = re.match(r"^v([\d.]+): - `(\w+)/(\w+)`: (.*)$", line)
        if not match or "rename" not in line.lower():
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
