#!/bin/bash
# A container engine of its own: everything it writes is below one directory, it listens on a unix socket there and nowhere else,
# and it changes neither the host's firewall nor its networks. Containers run without a network.
# usage: engine.sh start|stop|status DIR
set -euo pipefail

usage() {
  echo "usage: engine.sh start|stop|status DIR" >&2
  exit 64
}

[ $# -eq 2 ] || usage
action=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd -P)
socket=$dir/docker.sock
pid_file=$dir/pid

# The kernel takes socket paths of at most 107 bytes, and containerd adds its own part.
if [ ${#dir} -gt 60 ]; then
  echo "engine.sh: $dir is too long a path for an engine's sockets; 60 characters at most" >&2
  exit 64
fi

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# The shell's own kill, because there may be no other.
send() {
  as_root sh -c 'kill "$@"' sh "$@"
}

answers() {
  curl -fsS --max-time 5 --unix-socket "$socket" http://engine/_ping >/dev/null 2>&1
}

engine_pid() {
  [ -s "$pid_file" ] || return 1
  local pid
  pid=$(cat "$pid_file")
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ] || return 1
  echo "$pid"
}

start() {
  if answers; then
    echo "engine: running at unix://$socket"
    return
  fi
  command -v dockerd >/dev/null || PATH=$PATH:/usr/sbin:/sbin
  if ! command -v dockerd >/dev/null; then
    echo "engine.sh: there is no dockerd; install it with: apt-get install docker.io iptables" >&2
    exit 69
  fi
  if ! engine_pid >/dev/null; then
    as_root rm -f "$pid_file"
    clean_up
  fi
  # The directory stays this user's, and so does the socket: its group is the one that may use the engine.
  as_root setsid "$(command -v dockerd)" --host "unix://$socket" --group "$(id -g)" \
    --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$pid_file" \
    --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
    --default-ulimit nofile=16384:16384 --log-opt max-size=1m --log-opt max-file=2 \
    </dev/null >"$dir/log" 2>&1 &
  for _ in $(seq 1 150); do
    if answers; then
      echo "engine: started at unix://$socket"
      return
    fi
    sleep 0.2
  done
  echo "engine.sh: the engine did not answer within 30 s; its log ends with:" >&2
  tail -n 20 "$dir/log" >&2
  exit 70
}

# An engine that was killed leaves the containerd that it had started, which does not always serve the next one.
end_containerd() {
  local pid
  pid=$(cat "$dir/exec/containerd/containerd.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$dir/exec/"; then
    send -KILL "$pid"
    wait_for_end "$pid"
  fi
}

# The processes whose command line has this in it; procps is not on every machine.
processes_with() {
  local process
  for process in /proc/[0-9]*; do
    if tr '\0' ' ' <"$process/cmdline" 2>/dev/null | grep -qF -- "$1"; then
      echo "${process#/proc/}"
    fi
  done 2>/dev/null
}

children_of() {
  awk -v parent="$1" '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid }' /proc/[0-9]*/status 2>/dev/null || true
}

# It also leaves its containers running, and mounts.
end_containers() {
  local shim mount
  for shim in $(processes_with " -address $dir/exec/"); do
    # shellcheck disable=SC2046
    send -KILL $(children_of "$shim") "$shim" 2>/dev/null || true
    wait_for_end "$shim"
  done
  awk -v prefix="$dir/" 'index($5, prefix) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r mount; do
    as_root umount --lazy "$mount"
  done
}

clean_up() {
  end_containerd
  end_containers
}

# Ends with failure if the process is still there after 30 s.
wait_for_end() {
  for _ in $(seq 1 300); do
    [ -d "/proc/$1" ] || return 0
    sleep 0.1
  done
  return 1
}

stop() {
  local pid
  if ! pid=$(engine_pid); then
    clean_up
    echo "engine: not running"
    return
  fi
  send -TERM "$pid"
  if ! wait_for_end "$pid"; then
    echo "engine.sh: the engine (process $pid) did not end within 30 s" >&2
    exit 70
  fi
  clean_up
  echo "engine: stopped"
}

case $action in
  start) start ;;
  stop) stop ;;
  status)
    if answers; then
      echo "engine: running at unix://$socket"
    else
      echo "engine: not running"
      exit 1
    fi
    ;;
  *) usage ;;
esac
