#!/usr/bin/env bash
# Create or refresh .venv: pinned, hashed requirements, VLFeat's binding, the library itself; bytecode compiled, or every
# job of the workflow would compile what it imports. Run by `make demo` and `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: PYTHON=/path/to/python3.11 make demo" >&2; exit 1; }

may_install() { command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; }
apt_install() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

vlfeat_found() { echo '#include <vl/generic.h>' | "${CC:-cc}" -E - >/dev/null 2>&1; }
if [ "${VLFEAT:-1}" = 1 ] && ! vlfeat_found; then
    if may_install; then
        apt_install libvlfeat-dev gcc libc6-dev
    else
        echo "VLFeat is missing. Type: sudo apt-get install libvlfeat-dev gcc   (or go without it: VLFEAT=0 make ...)" >&2
        exit 1
    fi
fi
# The test of the report needs a browser; elsewhere than in CI it is the user's to install.
if [ "${CI:-}" = true ] && may_install && ! command -v chromium >/dev/null; then apt_install chromium; fi
# So do the tests on a real Slurm.
if [ "${CI:-}" = true ] && may_install && ! command -v slurmctld >/dev/null; then apt_install slurmctld slurmd slurm-client munge; fi

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
if ! .venv/bin/python -m uv --version >/dev/null 2>&1; then .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/uv.txt; fi
install() { UV_COMPILE_BYTECODE=1 .venv/bin/python -m uv pip install --quiet --python .venv/bin/python "$@"; }
install --require-hashes -r envs/requirements.txt
if [ "${VLFEAT:-1}" = 1 ]; then install --require-hashes --no-deps --no-build-isolation -r envs/cyvlfeat.txt; fi
install --no-deps --no-build-isolation --editable .
touch .venv/ready
