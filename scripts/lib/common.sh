# shellcheck shell=bash
# What every script here needs: where the repository is, and how to speak to people.

# shellcheck disable=SC2034 # for those who source this
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly repository

say() {
    printf '%s\n' "$*" >&2
}

# fail SENTENCE [HINT]
fail() {
    say "error: $1"
    if [[ -n ${2:-} ]]; then
        say "hint: $2"
    fi
    exit 1
}

# check NAME COMMAND…
check() {
    say "check: $1"
    shift
    "$@"
}

# run_logged LOG COMMAND…: quiet when it works; the last lines of the log when it does not.
run_logged() {
    local log=$1
    shift
    if ! "$@" >"$log" 2>&1 </dev/null; then
        show_end_of "$log"
        fail "\`$*\` failed" "the whole output is in $log"
    fi
}

show_end_of() {
    if [[ -s $1 ]]; then
        say "--- last lines of $1"
        tail -n 25 "$1" >&2
        say "---"
    fi
}

# install_packages LOG PACKAGE…
install_packages() {
    local log=$1
    shift
    if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
        fail "missing: $*" "install it, or run this as root on Debian"
    fi
    say "installing $*"
    export DEBIAN_FRONTEND=noninteractive
    run_logged "$log" apt-get update
    run_logged "$log" apt-get install --yes --no-install-recommends "$@"
}

# ensure_venv LOG DIRECTORY REQUIREMENTS [OPTION…]: Python packages in an environment of their own.
ensure_venv() {
    local log=$1 packages=$2 wanted=$3
    shift 3
    if cmp --silent "$wanted" "$packages/installed.txt" && "$packages/bin/python" -c ''; then
        return
    fi
    say "installing what $wanted lists"
    python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages "$log" python3 python3-venv
    run_logged "$log" python3 -m venv --clear "$packages"
    run_logged "$log" "$packages/bin/python" -m pip install "$@" --requirement "$wanted"
    # Last, so that a half-made environment is made again.
    cp "$wanted" "$packages/installed.txt"
}

# unpack_package LOG PACKAGE DIRECTORY: the files of a package, without what it would do to this machine.
unpack_package() {
    local log=$1 package=$2 directory=$3 download
    if ! command -v apt-get >/dev/null; then
        fail "missing: $package" "install it"
    fi
    # Beside the place it goes to, so that what is half unpacked never is in it.
    download=$(mktemp --directory "$directory.XXXXXX")
    # Without root, the lists that are there have to do.
    if [[ $(id -u) == 0 ]]; then
        run_logged "$log" apt-get update
    fi
    (cd "$download" && run_logged "$log" apt-get download "$package")
    run_logged "$log" dpkg-deb --extract "$download"/*.deb "$download/files"
    rm -rf "$directory"
    mv "$download/files" "$directory"
    rm -rf "$download"
}
