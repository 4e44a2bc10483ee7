#!/usr/bin/env bash
# Publishes the embedded host's app as it is built, and starts what comes out twice on the same data: it has to become ready, and to end with 0 at SIGTERM.
# Usage: eng/check-publish.sh [configuration, Debug unless given]; run it after `dotnet build`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DurableHost=embedded

directory=$(mktemp -d)
process=
finish() {
  [ -z "$process" ] || kill -KILL "$process" 2>/dev/null || true
  rm -rf "$directory"
}
trap finish EXIT

fail() {
  printf 'check-publish.sh: %s\n' "$1" >&2
  cat "$directory/log" >&2 || true
  exit 1
}

dotnet publish src/FunctionApp --configuration "${1:-Debug}" --no-build --output "$directory/app"
mkdir "$directory/work"
for round in first second; do
  # In a directory of its own: an app that needs the repository's files would find them in the present one.
  (
    cd "$directory/work"
    exec env Host__Port=0 Host__DataDirectory="$directory/data" Host__DrainTimeout=00:00:01 DOCKER_HOST=unix:///nonexistent/docker.sock \
      dotnet "$directory/app/AtomicDevOps.FunctionApp.dll"
  ) >"$directory/log" 2>&1 &
  process=$!
  address=
  for _ in $(seq 600); do
    address=$(sed -nE 's/.*Now listening on: (http:[^ ]+).*/\1/p' "$directory/log")
    [ -z "$address" ] || break
    kill -0 "$process" 2>/dev/null || fail "the $round start ended before it listened"
    sleep 0.1
  done
  [ -n "$address" ] || fail "the $round start did not listen within a minute"
  curl --fail --silent --show-error --output /dev/null --retry 20 --retry-all-errors --retry-delay 1 "$address/api/health/ready" || fail "the $round start did not become ready"
  kill -TERM "$process"
  code=0
  wait "$process" || code=$?
  process=
  [ "$code" -eq 0 ] || fail "the $round start ended with $code"
done

echo 'The published app becomes ready, ends at SIGTERM, and goes on with its data.'
