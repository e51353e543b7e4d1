"""Keys that came after the compiled version: what newer modules' config.schema.yaml have beside the reflected keys.

A configuration of a newer image may name them; that an older one refuses them stays unsaid.
"""

import json
import pathlib
import subprocess

import yaml

VERSIONS = ["v0.165.0", "v0.164.0", "v0.155.0", "v1.71.0"]
CORE = "go.opentelemetry.io/collector/"
CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib/"
FILE = "config.schema.yaml"


def newest(module, offline):
    """The folder of the newest version that can be had."""
    cache = pathlib.Path(subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True).stdout.strip())
    for version in VERSIONS:
        there = cache / f"{module}@{version}"
        if there.is_dir():
            return there
    for version in VERSIONS if not offline else []:
        run = subprocess.run(["go", "mod", "download", "-json", f"{module}@{version}"], capture_output=True, text=True)
        if run.returncode == 0:
            return pathlib.Path(json.loads(run.stdout)["Dir"])
    return None


class Newer:
    def __init__(self, offline):
        self.offline = offline

    def later(self, module, keys):
        """The tree of keys that `keys` lacks, or None."""
        folder = newest(module, self.offline)
        if not folder or not (folder / FILE).exists():
            return None
        repository = CORE if module.startswith(CORE) else CONTRIB
        document = yaml.safe_load((folder / FILE).read_text())
        return self.lacking(keys, self.properties(document, document, folder, repository))

    def properties(self, node, document, folder, repository, depth=0):
        """Keys to their trees, [inner] for a list; None where that is not known."""
        if depth > 12 or not isinstance(node, dict):
            return None
        if "$ref" in node:
            found = self.resolve(node["$ref"], document, folder, repository)
            if not found:
                return None
            properties = self.properties(*found, depth + 1)
            if node.get("x-optional") and isinstance(properties, dict):
                properties["enabled"] = None
            return properties
        if "items" in node:
            return [self.properties(node["items"], document, folder, repository, depth + 1)]
        found = {}
        for part in node.get("allOf", []):
            inner = self.properties(part, document, folder, repository, depth + 1)
            found.update(inner if isinstance(inner, dict) else {})
        for key, value in (node.get("properties") or {}).items():
            found[key] = self.properties(value, document, folder, repository, depth + 1)
        return found or None

    def resolve(self, reference, document, folder, repository):
        if reference in (document.get("$defs") or {}):
            return document["$defs"][reference], document, folder, repository
        path, _, name = reference.rpartition(".")
        if path.startswith("./"):
            there = folder / path[2:]
        else:
            for known in (CORE, CONTRIB):
                if path.startswith(known):
                    repository, path = known, path.removeprefix(known)
            there = self.package(repository, path.strip("/").split("/"))
        if not there or not (there / FILE).exists():
            return None
        document = yaml.safe_load((there / FILE).read_text())
        return (document.get("$defs") or {}).get(name, document), document, there, repository

    def package(self, repository, parts):
        for length in range(len(parts), 0, -1):
            module = newest(repository + "/".join(parts[:length]), self.offline or length < len(parts))
            if module:
                return module.joinpath(*parts[length:])
        return None

    def lacking(self, keys, newer):
        if isinstance(newer, list) and isinstance(keys, dict) and "list" in keys:
            inner = self.lacking(keys["list"], newer[0])
            return {"list": inner} if inner else None
        if not isinstance(newer, dict) or not isinstance(keys, dict) or "fields" not in keys:
            return None
        found = {}
        for key, inner in newer.items():
            if key not in keys["fields"]:
                found[key] = "any"
            elif below := self.lacking(keys["fields"][key], inner):
                found[key] = below
        return {"fields": found} if found else None
