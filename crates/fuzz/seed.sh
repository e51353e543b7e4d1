#!/usr/bin/env bash
# Writes corpora from the tests' own data: `bash crates/fuzz/seed.sh`, then `cargo +nightly fuzz run …`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p corpus/{yaml,repository,promql,condition}
bases=../rules/tests/bases
for case in ../rules/tests/fixtures/*/*/*; do
  name=$(printf '%s' "${case#../rules/tests/fixtures/}" | tr / _)
  base=$(sed -n 's/^base: //p' "$case/context.yaml" 2>/dev/null || true)
  for folder in ${base:+"$bases/$base"} "$case/input"; do
    (cd "$folder" && find . -name '*.yaml' -o -name '*.json' | sort | while read -r file; do
      [ "$folder" != "$case/input" ] && [ -e "$OLDPWD/$case/input/$file" ] && continue
      printf '//- %s\n' "${file#./}"
      cat "$file"
    done)
  done > "corpus/repository/$name"
done
for file in ../rules/tests/bases/*/*.yaml ../../xtask/practice/scenario/manifests/*/*.yaml ../yaml/tests/go-yaml/*; do
  [ -f "$file" ] && cp "$file" "corpus/yaml/$(printf '%s' "$file" | tr -c 'a-z0-9\n' _)"
done
sed -n 's/^ *\(success\|failure\)Condition: *//p' ../rules/tests/fixtures/*/*/*/input/*.yaml | sort -u |
  { n=0; while IFS= read -r line; do n=$((n + 1)); printf '%s' "$line" > "corpus/condition/$n"; done; }
# A query is the lines that are indented deeper than its key.
cat ../rules/tests/fixtures/gate/*/*/input/analysis.yaml | awk '
  inside { match($0, /^ */); if (RLENGTH > deep) { print substr($0, deep + 3) > file; next } inside = 0; close(file) }
  /query: \|/ { match($0, /^ */); deep = RLENGTH; inside = 1; file = "corpus/promql/" ++n }'
