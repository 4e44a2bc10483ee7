#!/usr/bin/env bash
# Builds the GitHub client of the azure host and runs on it the tests of the other one, where the package feed has Octokit.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=eng/restore-where-possible.sh
. eng/restore-where-possible.sh

restore_where_possible 'The GitHub client over Octokit' tests/Activities.Octokit.Tests || exit 0

dotnet build tests/Activities.Octokit.Tests --no-restore
for project in src/Activities.Octokit tests/Activities.Octokit.Tests; do
  dotnet format "$project" --verify-no-changes --no-restore
done
dotnet test tests/Activities.Octokit.Tests --no-build
