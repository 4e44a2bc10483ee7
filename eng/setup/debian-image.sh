# shellcheck shell=bash
# Images put together from the files of the Debian packages on this machine, without any network; to be sourced.

engine_socket=${DOCKER_HOST:-unix:///var/run/docker.sock}

# usage: engine METHOD PATH [CURL_OPTION...]
engine() {
  local method=$1 path=$2
  shift 2
  case $engine_socket in
    unix://*) curl -fsS -X "$method" --unix-socket "${engine_socket#unix://}" "$@" "http://engine/v1.41/$path" ;;
    tcp://*) curl -fsS -X "$method" "$@" "http://${engine_socket#tcp://}/v1.41/$path" ;;
    *) curl -fsS -X "$method" "$@" "$engine_socket/v1.41/$path" ;;
  esac
}

has_image() {
  engine GET "images/$1/json" -o /dev/null 2>/dev/null
}

# Takes a registry's image instead; ends with failure where it cannot be had.
# usage: pull_image_as REFERENCE IMAGE
pull_image_as() {
  echo "image: pulling $1"
  engine POST "images/create?fromImage=${1%:*}&tag=${1##*:}" -o /dev/null || true
  engine POST "images/$1/tag?repo=${2%:*}&tag=${2##*:}" -o /dev/null 2>/dev/null || return
  echo "image: $2 is $1"
}

# Makes sure of an image: the one that is there, a registry's, or one of this machine's packages.
# usage: provide_image IMAGE VARIABLE PACKAGES FILES PACKAGE...
#   VARIABLE: names the variable that may name a registry's image; PACKAGES: what to install where one of FILES is missing; PACKAGE...: what the image is made of
provide_image() {
  local image=$1 variable=$2 install=$3 files=$4 needed
  local reference=${!variable:-}
  shift 4
  if has_image "$image"; then
    echo "image: $image is there"
    return
  fi

  if [ -n "$reference" ]; then
    if pull_image_as "$reference" "$image"; then
      return
    fi
    echo "image: $reference cannot be had; making $image of this machine's packages" >&2
  fi

  for needed in $files; do
    if [ ! -e "$needed" ]; then
      echo "$(basename "$0"): $needed is missing; install it with: apt-get install $install" >&2
      return 69
    fi
  done

  image_of_packages "$image" "$@"
}

# Everything that the installed packages depend on, with Python, a shell, a user "app" (1000) and a directory /workspace.
# usage: image_of_packages IMAGE PACKAGE...
image_of_packages() {
  local image=$1 work root python version cache loader imported
  local repository=${image%:*} tag=${image##*:}
  shift
  work=$(mktemp -d)
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  root=$work/root
  python=$(readlink -f /usr/bin/python3)
  version=${python##*/python}

  # Packages that only serve set-up, or people, stay out.
  local unwanted='^(perl.*|libperl.*|debconf.*|cdebconf|dpkg|man-db|ucf|init-system-helpers|media-types|mime-support|tzdata|libjs-.*|javascript-common|fonts-.*|gcc-[0-9]+-base)$'
  apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
    "python$version" "$@" \
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

  # Compiled modules make Python programs start in a fraction of the time.
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
  if ! has_image "$image"; then
    # Podman 4.3 names what it imports "latest", whatever tag it is asked for.
    imported=$(grep -oE 'sha256:[0-9a-f]{64}' "$work/answer" | tail -n 1 || true)
    if [ -n "$imported" ]; then
      engine POST "images/$imported/tag?repo=$repository&tag=$tag" -o /dev/null || true
    fi
  fi
  if ! has_image "$image"; then
    echo "image: the engine did not take $image: $(tail -c 500 "$work/answer")" >&2
    return 70
  fi
  echo "image: $image made of $(wc -l <"$work/packages") packages"
}
