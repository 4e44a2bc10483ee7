#!/usr/bin/env bash
# Runs an image of the embedded host without a network: it has to become healthy as a user of its own, to end with 0 at SIGTERM, and to go on on its volume.
# Usage: eng/check-container.sh IMAGE
set -euo pipefail
image=$1

volume=$(docker volume create)
container=
finish() {
  [ -z "$container" ] || docker rm --force "$container" >/dev/null
  docker volume rm "$volume" >/dev/null
}
trap finish EXIT

fail() {
  printf 'check-container.sh: %s\n' "$1" >&2
  docker logs "$container" >&2
  exit 1
}

for round in first second; do
  container=$(docker run --detach --network none --health-interval 2s --volume "$volume:/data" "$image")
  health=
  for _ in $(seq 60); do
    health=$(docker inspect --format '{{.State.Health.Status}}' "$container")
    [ "$health" != healthy ] || break
    sleep 1
  done
  [ "$health" = healthy ] || fail "the $round container is $health after a minute"
  [ "$(docker exec "$container" id -u)" != 0 ] || fail 'it runs as root'
  docker exec "$container" curl --fail --silent --show-error --output /dev/null http://127.0.0.1:7071/api/health/ready || fail "the $round container is not ready"
  docker exec "$container" git --version >/dev/null || fail 'it has no git'
  probed=
  for _ in $(seq 60); do
    probed=$(docker exec "$container" curl --silent http://127.0.0.1:7071/api/health | sed -nE 's/.*"round":([1-9][0-9]*).*/\1/p')
    [ -z "$probed" ] || break
    sleep 1
  done
  [ -n "$probed" ] || fail "the $round container has ended no round of probes within a minute"
  docker stop -t 60 "$container" >/dev/null
  code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
  [ "$code" = 0 ] || fail "the $round container ended with $code"
  log=$(docker logs "$container" 2>&1)
  [[ $log == '{"Timestamp":'* ]] || fail 'its log is no JSON'
  [ "$round" = first ] || [[ $log != *'system health orchestration is absent'* ]] || fail 'the second container has not gone on from the volume'
  docker rm "$container" >/dev/null
  container=
done

echo "$image becomes healthy, ends at SIGTERM, and goes on on its volume."
