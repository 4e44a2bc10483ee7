#!/usr/bin/env bash
# Builds the app for the azure host and runs the conformance suite on the real engine, where the package feed has what that takes.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DurableHost=azure
# shellcheck source=eng/restore-where-possible.sh
. eng/restore-where-possible.sh

projects=(src/FunctionApp tests/Conformance.Tests)
restore_where_possible 'The azure host' "${projects[@]}" || exit 0

for project in "${projects[@]}"; do
  dotnet build "$project" --no-restore
done
dotnet test tests/Conformance.Tests --no-build
