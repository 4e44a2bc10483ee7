#!/usr/bin/env bash
# Builds the app for the azure host and runs on the real engine what runs on both, where the package feed has what that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DurableHost=azure

log=$(mktemp)
trap 'rm -f "$log"' EXIT
app=src/FunctionApp
suites=(tests/Conformance.Tests tests/Orchestrations.Tests tests/Contracts.Tests)

for project in "$app" "${suites[@]}"; do
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

for project in "$app" "${suites[@]}"; do
  dotnet build "$project" --no-restore
done
for suite in "${suites[@]}"; do
  dotnet test "$suite" --no-build
done

# The embedded host's build of these tests compares both hosts' functions once the app is built for the other one too.
DurableHost=embedded dotnet test tests/FunctionApp.Tests --filter FullyQualifiedName~AzureFunctionListTests -- RunConfiguration.TreatNoTestsAsError=true
