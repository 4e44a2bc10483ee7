#!/bin/bash
# Makes sure that the engine at DOCKER_HOST has the image atomicdevops/wapiti:3, from which PenTestExpert scans: Wapiti, Python 3 and a shell.
# Where no registry can be asked, it is put together from the files of the Debian packages on this machine, without any network.
# usage: wapiti-image.sh [IMAGE]        ATOMICDEVOPS_WAPITI_IMAGE: a registry's image to take instead, with python3 and wapiti in PATH
set -euo pipefail

image=${1:-atomicdevops/wapiti:3}
# shellcheck source=eng/setup/debian-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-image.sh"

if has_image "$image"; then
  echo "image: $image is there"
  exit 0
fi

if [ -n "${ATOMICDEVOPS_WAPITI_IMAGE:-}" ]; then
  if pull_image_as "$ATOMICDEVOPS_WAPITI_IMAGE" "$image"; then
    exit 0
  fi
  echo "image: $ATOMICDEVOPS_WAPITI_IMAGE cannot be had; making $image of this machine's packages" >&2
fi

for needed in /usr/bin/wapiti /usr/bin/python3 /usr/bin/dpkg; do
  if [ ! -e "$needed" ]; then
    echo "wapiti-image.sh: $needed is missing; install it with: apt-get install wapiti" >&2
    exit 69
  fi
done

image_of_packages "$image" wapiti dash
