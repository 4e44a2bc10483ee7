#!/bin/bash
# Makes sure that the engine at DOCKER_HOST has the image atomicdevops/python:3: Python 3 with pytest and pytest-cov, a shell, and a user "app" (1000).
# Where no registry can be asked, it is put together from the files of the Debian packages on this machine, without any network.
# usage: python-base-image.sh [IMAGE]        ATOMICDEVOPS_PYTHON_IMAGE: a registry's image to take instead, for example python:3-slim
set -euo pipefail

# shellcheck source=eng/setup/debian-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-image.sh"

# Beside pytest: programs of a base system that a test suite may call.
provide_image "${1:-atomicdevops/python:3}" ATOMICDEVOPS_PYTHON_IMAGE 'python3-pytest python3-pytest-cov' \
  '/usr/bin/python3 /usr/bin/dpkg /usr/lib/python3/dist-packages/pytest /usr/lib/python3/dist-packages/pytest_cov' \
  python3-pytest python3-pytest-cov bash dash coreutils sed grep findutils tar
