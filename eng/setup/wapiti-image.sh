#!/bin/bash
# Makes sure that the engine at DOCKER_HOST has the image atomicdevops/wapiti:3, from which PenTestExpert scans: Wapiti, Python 3 and a shell.
# Where no registry can be asked, it is put together from the files of the Debian packages on this machine, without any network.
# usage: wapiti-image.sh [IMAGE]        ATOMICDEVOPS_WAPITI_IMAGE: a registry's image to take instead, with python3 and wapiti in PATH
set -euo pipefail

# shellcheck source=eng/setup/debian-image.sh
. "$(dirname "${BASH_SOURCE[0]}")/debian-image.sh"

provide_image "${1:-atomicdevops/wapiti:3}" ATOMICDEVOPS_WAPITI_IMAGE wapiti '/usr/bin/wapiti /usr/bin/python3 /usr/bin/dpkg' wapiti dash
