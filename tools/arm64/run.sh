#!/usr/bin/env bash
# Tries the agent on an emulated 64-bit ARM: Debian's arm64 Python, the aarch64 wheels, one small job.
# Correctness only: times under emulation mean nothing.
#
#   tools/arm64/run.sh FOLDER
#
# FOLDER is made, some 500 MB; what is there already is not fetched again. Nothing outside of it is changed. Needs
# Debian 12, no root, the program qemu-aarch64 (apt install qemu-user), and wattnas's own environment (make setup).
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "${1:?name a folder}"
folder=$(cd "$1" && pwd)
host_python=${PYTHON:-$here/.venv/bin/python}
root=$folder/root
version=3.11 # Debian 12's

# 1. Debian's arm64 packages, fetched and unpacked by the side of this system.
if [ ! -e "$root/usr/bin/python$version" ]; then
    mkdir -p "$folder"/apt/{state,cache,etc}/ "$root"/usr/{bin,sbin,lib}
    for name in bin sbin lib; do ln -sfn "usr/$name" "$root/$name"; done
    : > "$folder/apt/status"
    arm_apt() {
        apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= \
            -o Dir::State="$folder/apt/state" -o Dir::State::status="$folder/apt/status" \
            -o Dir::Cache="$folder/apt/cache" -o Debug::NoLocking=true "$@"
    }
    arm_apt update
    arm_apt install --download-only -y --no-install-recommends "python$version" libstdc++6
    for package in "$folder"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$root"; done
fi

# 2. The wheels.
if [ ! -d "$folder/site/onnxruntime" ]; then
    "$host_python" -m pip install --quiet --quiet --disable-pip-version-check --target "$folder/site" \
        --only-binary=:all: --python-version "$version" --implementation cp \
        --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 --platform manylinux2014_aarch64 \
        numpy onnxruntime
fi

# 3. A processor's description: without it the emulated program reads this machine's, which is no ARM, and ONNX Runtime
#    crashes on it while it loads.
mkdir -p "$root/proc"
for core in $(seq 0 $(($(nproc) - 1))); do
    printf 'processor\t: %d\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n' "$core"
    printf 'CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n' # Cortex-A72: Raspberry Pi 4
done > "$root/proc/cpuinfo"

# 4. A program that is this Python: the agent starts its workers with it, too.
cat > "$folder/python3" <<WRAPPER
#!/bin/sh
PYTHONPATH='$folder/site' exec qemu-aarch64 -cpu cortex-a72 -L '$root' -0 '$folder/python3' '$root/usr/bin/python$version' "\$@"
WRAPPER
chmod +x "$folder/python3"

# 5. The agent, driven as on any device.
"$host_python" "$here/tools/arm64/try_agent.py" "$folder/python3" "$folder/agent"
