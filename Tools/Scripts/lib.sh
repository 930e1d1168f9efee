# shellcheck shell=bash
# What the scripts beside this file share. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export root

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "error: $1"
    exit "${2:-1}"
}

# Ends with status 69 (EX_UNAVAILABLE) where there is no usable Swift toolchain.
require_swift() {
    local wanted=6.2 version
    command -v swift >/dev/null || fail "no 'swift' in PATH: install Swift $wanted or newer \
(https://www.swift.org/install/linux), put its usr/bin in PATH and run this again" 69
    version=$(swift --version 2>/dev/null | grep -oE 'Swift version [0-9]+\.[0-9]+' | grep -oE '[0-9.]+$') ||
        fail "'swift --version' does not work: the toolchain in PATH is incomplete" 69
    if [ "$(printf '%s\n' "$wanted" "$version" | sort -V | head -n 1)" != "$wanted" ]; then
        fail "Swift $wanted or newer is needed, $(command -v swift) is $version" 69
    fi
}

# Installs those of the named Debian packages that are missing; does nothing where none is.
need_packages() {
    local missing=() name
    if ! command -v dpkg-query >/dev/null; then
        say "note: not a Debian system; expected here by other means: $*"
        return 0
    fi
    for name; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed ||
            missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    local run=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "missing packages; run as root: apt-get install ${missing[*]}" 69
        run=(sudo -n)
    fi
    say "installing ${missing[*]}"
    local install=("${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q
        --no-install-recommends "${missing[@]}")
    # The package lists may be missing or old: refresh them only where the first try fails.
    "${install[@]}" >/dev/null 2>&1 || { "${run[@]}" apt-get update -q >&2 && "${install[@]}" >&2; } ||
        fail "could not install ${missing[*]}" 69
}

# What a Swift toolchain needs to compile, link and fetch on Debian.
need_swift_packages() {
    need_packages binutils git libc6-dev "$(libstdcxx_package)" libcurl4 libxml2
}

# The C++ library's package has the compiler's version in its name; take the newest there is.
libstdcxx_package() {
    local found
    found=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' 'libstdc++-*-dev' 2>/dev/null |
        awk '$2 == "installed" { print $1 }' | sort -V | tail -n 1) || true
    echo "${found:-g++}"
}
