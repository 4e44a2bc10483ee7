#!/bin/bash
# From nothing to a merged pull request: makes sure of a container engine and pytest, then runs the sample.
# An engine that answers is used as it is; else one is installed and started, with its data below .quickstart/.
# usage: ./quickstart.sh [arguments of samples/QuickStart, for example --keep]
set -euo pipefail

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
here=$repository/eng/setup
cd "$repository"

# shellcheck source=eng/setup/functions.sh
. "$here/functions.sh"

ready=yes
if ! command -v git >/dev/null; then
  echo "quickstart: git is missing; on Debian or Ubuntu: apt-get install git" >&2
  ready=no
fi
if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -Eq '^1[0-9]\.'; then
  echo "quickstart: the .NET 10 SDK is missing; see https://dotnet.microsoft.com/download/dotnet/10.0" >&2
  ready=no
fi
[ "$ready" = yes ] || exit 69

ensure_programs curl=curl

engine_dir=$repository/.quickstart/engine
# An engine's sockets need a short path.
[ ${#engine_dir} -le 60 ] || engine_dir=${TMPDIR:-/tmp}/atomicdevops-engine

if ensure_engine "$engine_dir" && ensure_python_modules pytest=python3-pytest pytest_cov=python3-pytest-cov; then
  "$here/python-base-image.sh" || echo "quickstart: there is no Python base image, so the sample's build may fail" >&2
else
  echo "quickstart: there is no container engine; the sample says what that means" >&2
fi

echo "building and starting the sample; the first build takes about a minute"
exec dotnet run --project samples/QuickStart -- "$@"
