# shellcheck shell=bash
# What the set-up scripts share; to be sourced, with $here naming this directory.

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "set-up: '$*' has to run as root, and there is no sudo" >&2
    return 77
  fi
}

# Installs Debian packages, and says so before.
install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "set-up: please install what these Debian packages bring, with this system's package manager: $*" >&2
    return 69
  fi
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    echo "set-up: there is no sudo, so please run this as root: apt-get install $*" >&2
    return 77
  fi
  echo "installing: $*"
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null 2>&1; then
    as_root apt-get update -qq || return
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null
  fi
}

# Installs the packages of the programs that are missing; those of administrators need not be in PATH.
# usage: ensure_programs PROGRAM=PACKAGE...
ensure_programs() {
  local missing=() pair
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
  done
  [ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

# What it takes to start an engine.
ensure_engine_programs() {
  ensure_programs dockerd=docker.io iptables=iptables docker-init=tini setsid=util-linux
}

has_python_module() {
  /usr/bin/python3 -c "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)" "$1" 2>/dev/null
}

# usage: ensure_python_modules MODULE=PACKAGE...
ensure_python_modules() {
  local missing=() pair
  for pair in "$@"; do
    has_python_module "${pair%%=*}" || missing+=("${pair#*=}")
  done
  if [ ${#missing[@]} -gt 0 ]; then
    install_packages "${missing[@]}"
  else
    echo "pytest: there"
  fi
}

engine_answers() {
  local host=$1
  case $host in
    unix://*) curl -fsS --max-time 5 --unix-socket "${host#unix://}" http://engine/_ping >/dev/null 2>&1 ;;
    tcp://*) curl -fsS --max-time 5 "http://${host#tcp://}/_ping" >/dev/null 2>&1 ;;
    *) curl -fsS --max-time 5 "$host/_ping" >/dev/null 2>&1 ;;
  esac
}

# Sets DOCKER_HOST to an engine that answers: the one it names, else one at a usual place, else one of its own in the directory given.
ensure_engine() {
  local dir=$1 candidate
  for candidate in "${DOCKER_HOST:-}" unix:///var/run/docker.sock "unix://${XDG_RUNTIME_DIR:-/run}/docker.sock" \
    "unix://${XDG_RUNTIME_DIR:-/run}/podman/podman.sock" unix:///run/podman/podman.sock; do
    if [ -n "$candidate" ] && engine_answers "$candidate"; then
      echo "engine: using $candidate"
      export DOCKER_HOST=$candidate
      return
    fi
  done
  ensure_engine_programs || return
  # shellcheck disable=SC2154
  "$here/engine.sh" start "$dir" || return
  DOCKER_HOST=unix://$(cd "$dir" && pwd -P)/docker.sock
  export DOCKER_HOST
}
