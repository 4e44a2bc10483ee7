#!/bin/bash
# Makes sure that the engine at DOCKER_HOST has the image atomicdevops/python:3: Python 3 with pytest and pytest-cov, a shell, and a user "app" (1000).
# Where no registry can be asked, it is put together from the files of the Debian packages on this machine, without any network.
# usage: python-base-image.sh [IMAGE]        ATOMICDEVOPS_PYTHON_IMAGE: a registry's image to take instead, for example python:3-slim
set -euo pipefail

image=${1:-atomicdevops/python:3}
socket=${DOCKER_HOST:-unix:///var/run/docker.sock}
repository=${image%:*}
tag=${image##*:}

engine() {
  local method=$1 path=$2
  shift 2
  case $socket in
    unix://*) curl -fsS -X "$method" --unix-socket "${socket#unix://}" "$@" "http://engine/v1.41/$path" ;;
    tcp://*) curl -fsS -X "$method" "$@" "http://${socket#tcp://}/v1.41/$path" ;;
    *) curl -fsS -X "$method" "$@" "$socket/v1.41/$path" ;;
  esac
}

if engine GET "images/$image/json" -o /dev/null 2>/dev/null; then
  echo "image: $image is there"
  exit 0
fi

if [ -n "${ATOMICDEVOPS_PYTHON_IMAGE:-}" ]; then
  echo "image: pulling $ATOMICDEVOPS_PYTHON_IMAGE"
  engine POST "images/create?fromImage=${ATOMICDEVOPS_PYTHON_IMAGE%:*}&tag=${ATOMICDEVOPS_PYTHON_IMAGE##*:}" -o /dev/null || true
  if engine POST "images/$ATOMICDEVOPS_PYTHON_IMAGE/tag?repo=$repository&tag=$tag" -o /dev/null 2>/dev/null; then
    echo "image: $image is $ATOMICDEVOPS_PYTHON_IMAGE"
    exit 0
  fi
  echo "image: $ATOMICDEVOPS_PYTHON_IMAGE cannot be had; making $image of this machine's packages" >&2
fi

for needed in /usr/bin/python3 /usr/bin/dpkg /usr/lib/python3/dist-packages/pytest /usr/lib/python3/dist-packages/pytest_cov; do
  if [ ! -e "$needed" ]; then
    echo "python-base-image.sh: $needed is missing; install it with: apt-get install python3-pytest python3-pytest-cov" >&2
    exit 69
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
python=$(readlink -f /usr/bin/python3)
version=${python##*/python}

# Programs of a base system that a test suite may call, and all that they and pytest depend on. Packages that only serve set-up stay out.
unwanted='^(perl.*|libperl.*|debconf.*|cdebconf|dpkg|man-db|ucf|init-system-helpers|media-types|mime-support|tzdata|libjs-.*|javascript-common|fonts-.*|gcc-[0-9]+-base)$'
apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  "python$version" python3-pytest python3-pytest-cov bash dash coreutils sed grep findutils tar \
  | sed -n 's/^\([a-z0-9][a-z0-9+.-]*\)\(:.*\)\{0,1\}$/\1/p' | sort -u | grep -Ev "$unwanted" >"$work/packages"

while read -r package; do
  dpkg -L "$package" 2>/dev/null || true
done <"$work/packages" \
  | grep -Ev '^/usr/share/(doc|man|locale|lintian|bug|info|bash-completion)(/|$)|/test/' | sort -u \
  | while read -r file; do
    if [ -L "$file" ] || [ -f "$file" ]; then
      echo "${file#/}"
    fi
  done >"$work/files"

# Compiled modules make pytest start in a fraction of the time.
cache=cpython-${version/./}
grep '\.py$' "$work/files" | while read -r module; do
  compiled=${module%/*}/__pycache__/$(basename "$module" .py).$cache.pyc
  if [ -f "/$compiled" ]; then
    echo "$compiled"
  fi
done >"$work/compiled" || true
cat "$work/compiled" >>"$work/files"

mkdir -p "$root"/usr/{bin,sbin,lib,lib32,lib64,libx32} "$root"/{etc,tmp,workspace,proc,sys,dev,run,root,var/tmp,home/app}
for directory in bin sbin lib lib32 lib64 libx32; do
  ln -s "usr/$directory" "$root/$directory"
done
chmod 1777 "$root/tmp" "$root/var/tmp"
tar -C / --no-recursion -cf - -T "$work/files" | tar -C "$root" --keep-directory-symlink -xf -
for loader in /lib64/ld-linux-*.so.*; do
  if [ -e "$loader" ] && [ ! -e "$root$loader" ]; then
    cp -L "$loader" "$root/usr/lib64/"
  fi
done
ln -sfn "python$version" "$root/usr/bin/python3"
ln -sfn python3 "$root/usr/bin/python"
[ -e "$root/usr/bin/sh" ] || ln -s dash "$root/usr/bin/sh"
cp /etc/ld.so.cache "$root/etc/"
cp -L /etc/os-release "$root/etc/" 2>/dev/null || true
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"

tar -C "$root" --owner=0 --group=0 --numeric-owner --sort=name -cf "$work/root.tar" .
engine POST "images/create?fromSrc=-&repo=$repository&tag=$tag" -H 'Content-Type: application/x-tar' -T "$work/root.tar" -o "$work/answer"
if ! engine GET "images/$image/json" -o /dev/null 2>/dev/null; then
  # Podman 4.3 names what it imports "latest", whatever tag it is asked for.
  imported=$(grep -oE 'sha256:[0-9a-f]{64}' "$work/answer" | tail -n 1 || true)
  if [ -n "$imported" ]; then
    engine POST "images/$imported/tag?repo=$repository&tag=$tag" -o /dev/null || true
  fi
fi
if ! engine GET "images/$image/json" -o /dev/null 2>/dev/null; then
  echo "python-base-image.sh: the engine did not take the image: $(tail -c 500 "$work/answer")" >&2
  exit 70
fi
echo "image: $image made of $(wc -l <"$work/packages") packages"
