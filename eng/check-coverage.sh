#!/usr/bin/env bash
# Fails unless src/Primitives is covered by its own tests to the last line and branch. Run it after `dotnet test`.
# Usage: eng/check-coverage.sh [directory that holds coverage.cobertura.xml files]
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
results="${1:-$root/tests/Primitives.Tests/TestResults}"

report="$(find "$results" -name coverage.cobertura.xml -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2-)"
if [[ -z "$report" ]]; then
  echo "No coverage.cobertura.xml under $results. Run 'dotnet test' first." >&2
  exit 2
fi

python3 - "$report" <<'PYTHON'
import sys
import xml.etree.ElementTree as ElementTree

gaps = set()
lines = 0
for source in ElementTree.parse(sys.argv[1]).getroot().iter("class"):
    for line in source.iter("line"):
        lines += 1
        place = (source.get("filename"), int(line.get("number")))
        if line.get("hits") == "0":
            gaps.add((*place, "line not covered"))
        elif line.get("branch", "False").lower() == "true" and not line.get("condition-coverage").startswith("100%"):
            gaps.add((*place, "branches covered: " + line.get("condition-coverage")))

if lines == 0:
    sys.exit("The report " + sys.argv[1] + " covers no line at all: the collector saw no code of AtomicDevOps.Primitives.")
for file, number, gap in sorted(gaps):
    print(f"{file}:{number}: {gap}", file=sys.stderr)
if gaps:
    sys.exit(f"src/Primitives must be covered to the last line and branch; {len(gaps)} places are not.")
print("src/Primitives is covered to the last line and branch.")
PYTHON
