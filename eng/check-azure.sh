#!/usr/bin/env bash
# Builds the app for the azure host and runs the conformance suite on the real engine, where the package feed has what that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DurableHost=azure

log=$(mktemp)
trap 'rm -f "$log"' EXIT
projects=(src/FunctionApp tests/Conformance.Tests)

for project in "${projects[@]}"; do
  dotnet restore "$project" >>"$log" 2>&1 || touch "$log.failed"
done

if [ -e "$log.failed" ]; then
  rm -f "$log.failed"
  missing=$(sed -nE \
    -e 's/.*error NU110[12]: Unable to find package ([A-Za-z0-9.]*[A-Za-z0-9])( with version \(>= ([^)]*)\))?.*/\1 \3/p' \
    -e 's/.*error NU1603: .* but ([^ ]+ [^ ]+) was not found.*/\1/p' "$log" | sed 's/ *$//' | sort -u)
  if [ -z "$missing" ] || grep -F 'error' "$log" | grep -qvE 'error (NU110[12]|NU1603):'; then
    cat "$log"
    exit 1
  fi

  printf 'The azure host is not checked. The package feed lacks:\n%s\n' "$missing"
  exit 0
fi

for project in "${projects[@]}"; do
  dotnet build "$project" --no-restore
done
dotnet test tests/Conformance.Tests --no-build
