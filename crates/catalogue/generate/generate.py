#!/usr/bin/env python3
"""Writes ../data/components.jsonl: what the collector's contrib distribution holds.

    python3 crates/catalogue/generate/generate.py [--offline] [--keys=FILE]

Needs Go and PyYAML; --offline takes what the module cache holds, --keys reads the output of a `go run ./keys` made before.

Sources:
  modules.txt    the component modules of the contrib distribution's manifest.yaml (0.86.0, 0.136.0 and later), a path a line
  metadata.yaml  of each module: type, class, signals with their stability, distributions
  config.schema.yaml  of each module, since about 0.144: keys
  keys           ../../lab/go/collector/keys: signals, joins and keys of the compiled components, by reflection
  newer.py       keys that newer modules of the compiled components have
  reports        reports/distributions/*.yaml of the contrib and core repositories: the newest names, and who holds them
  history.json   what came, went and was renamed, made by history.py from the contrib changelog
A module whose pinned version can't be had is taken at the nearest that can, and marked `nearest`.
"""

import json
import pathlib
import re
import subprocess
import sys

import yaml

from newer import Newer

HERE = pathlib.Path(__file__).resolve().parent
CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib/"
CORE = "go.opentelemetry.io/collector/"
VERSIONS = ["v0.145.0", "v0.149.0", "v0.155.0", "v0.160.0", "v0.136.0"]
REPORTS = [CONTRIB.rstrip("/") + "@v0.160.0", CORE.rstrip("/") + "@v0.165.0"]
SIGNALS = ["traces", "metrics", "logs", "profiles"]
CLASSES = ["receiver", "processor", "exporter", "connector", "extension"]
# Types of modules without metadata, where the folder's name does not tell.
NAMES = {
    "memorylimiterprocessor": "memory_limiter",
    "otlpexporter": "otlp",
    "otlphttpexporter": "otlphttp",
    "ecstaskobserver": "ecs_task_observer",
    "awsiamdbauthextension": "aws_iam_db_auth",
    "awslogsencodingextension": "awslogs_encoding",
    "googlecloudlogentryencodingextension": "googlecloudlogentry_encoding",
    "pebbletailstorageextension": "pebble_tail_storage",
}


def module(path):
    if path.startswith("core/"):
        return CORE + path[len("core/"):]
    return CONTRIB + path


def folder(path):
    cache = pathlib.Path(subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True).stdout.strip())
    for version in VERSIONS:
        there = cache / f"{module(path)}@{version}"
        if there.is_dir():
            return there, version
    if "--offline" in sys.argv:
        return None, None
    for version in VERSIONS:
        run = subprocess.run(["go", "mod", "download", "-json", f"{module(path)}@{version}"], capture_output=True, text=True)
        try:
            found = json.loads(run.stdout).get("Dir")
        except ValueError:
            found = None
        if run.returncode == 0 and found:
            return pathlib.Path(found), version
    return None, None


def class_of(path):
    first = path.removeprefix("core/").split("/")[0]
    return first if first in CLASSES else None


def named(path, kind):
    base = path.rsplit("/", 1)[-1]
    return NAMES.get(base, base.removesuffix(kind))


def signals(metadata, kind):
    found, joins = set(), set()
    for listed in (metadata.get("status", {}).get("stability") or {}).values():
        for signal in listed:
            if "_to_" in signal:
                joins.add(tuple(signal.split("_to_")))
            elif signal in SIGNALS:
                found.add(signal)
    return sorted(found), sorted(joins)


def convert(schema, local, shared, depth=0):
    """A config.schema.yaml node as a key tree; what can't be resolved is open."""
    if depth > 12 or not isinstance(schema, dict):
        return "any"
    reference = schema.get("$ref")
    if reference:
        if reference in local:
            return convert(local[reference], local, shared, depth + 1)
        return shared.get(reference.replace(CORE, CORE), "any")
    kind = schema.get("type")
    if "properties" in schema or "allOf" in schema or kind == "object":
        fields, is_open = {}, False
        for part in schema.get("allOf", []):
            inner = convert(part, local, shared, depth + 1)
            if isinstance(inner, dict) and "fields" in inner:
                fields.update(inner["fields"])
                is_open |= inner.get("open", False)
            else:
                is_open = True
        for key, value in (schema.get("properties") or {}).items():
            fields[key] = convert(value, local, shared, depth + 1)
        extra = schema.get("additionalProperties")
        if extra and not fields:
            return {"map": convert(extra, local, shared, depth + 1) if isinstance(extra, dict) else "any"}
        if not fields and "properties" not in schema and "allOf" not in schema:
            return "any"
        tree = {"fields": fields}
        # Generated schemas leave out what a component reads by itself: their keys are complete only at the top.
        if is_open or extra or depth > 0:
            tree["open"] = True
        return tree
    if kind == "array":
        return {"list": convert(schema.get("items", {}), local, shared, depth + 1)}
    if schema.get("format") == "duration" or schema.get("x-customType") == "time.Duration":
        return "duration"
    return {"string": "string", "boolean": "bool", "integer": "int", "number": "float"}.get(kind, "any")


OWN_READING = re.compile(r"func \(\w+ \*?\w+\) Unmarshal\(\w+ \*confmap\.Conf\)")
TAG = re.compile(r'mapstructure:"([^",]+)')


def complete(keys, where):
    """Generated schemas miss fields; a key that any struct beside the configuration has is no unknown one, and a
    component that reads its configuration by itself may take others too."""
    for file in where.glob("*.go"):
        if file.name.endswith("_test.go"):
            continue
        text = file.read_text()
        if OWN_READING.search(text):
            keys["open"] = True
        for tag in TAG.findall(text):
            keys["fields"].setdefault(tag, "any")
    return keys


def compiled():
    keys = HERE.parents[1] / "lab/go/collector"
    given = [a.removeprefix("--keys=") for a in sys.argv if a.startswith("--keys=")]
    if given:
        text = pathlib.Path(given[0]).read_text()
    else:
        run = subprocess.run(["go", "run", "./keys"], cwd=keys, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stderr)
        text = run.stdout
    components, shared = {}, {}
    for line in text.splitlines():
        entry = json.loads(line)
        if entry["class"] == "type":
            shared[entry["type"]] = entry["keys"]
        else:
            components[(entry["class"], entry["type"])] = entry
    return components, shared


def reports():
    """(class, type, distribution) of all that the distributions list."""
    for source in REPORTS:
        run = subprocess.run(["go", "mod", "download", "-json", source], capture_output=True, text=True, check=True)
        for file in sorted(pathlib.Path(json.loads(run.stdout)["Dir"]).glob("reports/distributions/*.yaml")):
            report = yaml.safe_load(file.read_text())
            for kind, names in (report.get("components") or {}).items():
                for name in names if kind in CLASSES else []:
                    yield kind, name, report["name"]


def add_listed(components, renamed):
    """Every listed name is a component. One that was never renamed corrects what the folder's name made us guess."""
    for kind, name, distribution in reports():
        plain = [k for k in components if k[0] == kind and k[1].replace("_", "") == name.replace("_", "")]
        if (kind, name) not in components:
            old = components.get(plain[0]) if plain else None
            if old and (kind, name) not in renamed and "version" not in old:
                del components[plain[0]]
            components[(kind, name)] = {**(old or {"class": kind}), "type": name}
        for key in {(kind, name), *plain} & components.keys():
            held = components[key].setdefault("distributions", [])
            if distribution not in held:
                held = components[key]["distributions"] = sorted([*held, distribution])


def main():
    reflected, shared = compiled()
    newer = Newer("--offline" in sys.argv)
    components = {}
    for path in (HERE / "modules.txt").read_text().split():
        kind = class_of(path)
        where, version = folder(path)
        entry = {"class": kind, "module": module(path)}
        if where is None:
            entry["type"] = named(path, kind)
            entry["nearest"] = True
        else:
            file = where / "metadata.yaml"
            metadata = yaml.safe_load(file.read_text()) if file.exists() else {}
            status = metadata.get("status") or {}
            entry["type"] = metadata.get("type") or named(path, kind)
            entry["class"] = status.get("class", kind) if status.get("class") in CLASSES else kind
            entry["version"] = version
            if version != VERSIONS[0]:
                entry["nearest"] = True
            found, joins = signals(metadata, kind)
            if kind == "connector":
                entry["joins"] = [list(j) for j in joins]
            elif kind != "extension" and found:
                entry["signals"] = found
            if status.get("distributions"):
                entry["distributions"] = status["distributions"]
            schema = where / "config.schema.yaml"
            if schema.exists():
                tree = yaml.safe_load(schema.read_text())
                keys = convert(tree, tree.get("$defs") or {}, shared)
                if isinstance(keys, dict) and keys.get("fields"):
                    entry["keys"] = complete(keys, where)
        components[(entry["class"], entry["type"])] = entry
    for (kind, name), found in reflected.items():
        entry = components.setdefault((kind, name), {"class": kind, "type": name})
        entry["keys"] = found["keys"]
        entry["reflected"] = True
        later = newer.later(entry["module"], found["keys"]) if "module" in entry else None
        if later:
            entry["later"] = later
        joins = [s.split("->") for s in found.get("signals") or {} if "->" in s]
        plain = sorted(s for s in found.get("signals") or {} if "->" not in s)
        if joins:
            entry["joins"] = sorted(joins)
        if plain:
            entry["signals"] = plain
        if found.get("alias"):
            components[(kind, found["alias"])] = {**components.get((kind, found["alias"]), {}), **entry, "type": found["alias"]}
    history = json.loads((HERE / "history.json").read_text())
    add_listed(components, {(e["class"], e["type"]) for e in history if e.get("alias")})
    for entry in history:
        key = (entry["class"], entry["type"])
        # Another name of what is known under the old one, or the reverse: a module is read at one version only.
        old = components.get((entry["class"], entry.get("alias")))
        known = components.get(key)
        if entry.get("alias"):
            if known and not old:
                components[(entry["class"], entry["alias"])] = {**known, "type": entry["alias"]}
            elif old and not known:
                components[key] = {**old, "type": entry["type"]}
        target = components.setdefault(key, {"class": entry["class"], "type": entry["type"]})
        target.update({k: v for k, v in entry.items() if k not in ("class", "type")})
    lines = [json.dumps(components[key], sort_keys=True, separators=(",", ":")) for key in sorted(components)]
    out = HERE.parent / "data/components.jsonl"
    out.write_text("".join(f"{key[0]} {key[1]} {line}\n" for key, line in zip(sorted(components), lines)))
    print(f"{len(lines)} components, {out.stat().st_size} bytes")


main()
