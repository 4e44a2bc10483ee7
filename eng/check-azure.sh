#!/usr/bin/env bash
# Builds the app for the azure host and runs on the real engine what runs on both, where the package feed has what that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DurableHost=azure
# shellcheck source=eng/restore-where-possible.sh
. eng/restore-where-possible.sh

app=src/FunctionApp
suites=(tests/Conformance.Tests tests/Orchestrations.Tests tests/Contracts.Tests tests/Activities.Octokit.Tests tests/EndToEnd.Tests)
restore_where_possible 'The azure host' "$app" "${suites[@]}" || exit 0

for project in "$app" "${suites[@]}"; do
  dotnet build "$project" --no-restore
done
for suite in "${suites[@]}"; do
  dotnet test "$suite" --no-build --filter 'Needs!=management API'
done

# The embedded host's build of these tests compares both hosts' functions once the app is built for the other one too.
DurableHost=embedded dotnet test tests/FunctionApp.Tests --filter FullyQualifiedName~AzureFunctionListTests -- RunConfiguration.TreatNoTestsAsError=true
