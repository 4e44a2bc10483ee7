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
  engine_pid >/dev/null || as_root rm -f "$pid_file"
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

stop() {
  local pid
  if ! pid=$(engine_pid); then
    echo "engine: not running"
    return
  fi
  as_root kill -TERM "$pid"
  for _ in $(seq 1 150); do
    if [ ! -d "/proc/$pid" ]; then
      echo "engine: stopped"
      return
    fi
    sleep 0.2
  done
  echo "engine.sh: the engine (process $pid) did not end within 30 s" >&2
  exit 70
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
