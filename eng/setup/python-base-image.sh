#!/bin/bash
# Makes sure that the engine at DOCKER_HOST has the image atomicdevops/python:3: Python 3 with pytest and pytest-cov, a shell, and a user "app" (1000).
# Where no registry can be asked, it is put together from the files of the Debian packages on this machine, without any network.
# usage: python-base-image.sh [IMAGE]        ATOMICDEVOPS_PYTHON_IMAGE: a registry's image to take instead, for example python:3-slim
set -euo pipefail

image=${1:-atomicdevops/python:3}
# shellcheck source=eng/setup/debian-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-image.sh"

if has_image "$image"; then
  echo "image: $image is there"
  exit 0
fi

if [ -n "${ATOMICDEVOPS_PYTHON_IMAGE:-}" ]; then
  if pull_image_as "$ATOMICDEVOPS_PYTHON_IMAGE" "$image"; then
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

# Programs of a base system that a test suite may call.
image_of_packages "$image" python3-pytest python3-pytest-cov bash dash coreutils sed grep findutils tar
