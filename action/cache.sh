# shellcheck shell=bash
# Programs that were installed before, by the digest of their bytes, laid out as the runner's other tools are:
#   $RUNNER_TOOL_CACHE/shipgate/VERSION-SHA256/ARCH/shipgate, complete when ARCH.complete is beside ARCH
#   $RUNNER_TOOL_CACHE/shipgate/source/VERSION-SHA256/ARCH: which program was built from these sources

# The digest of a file, or of standard input.
sha256() {
    local line
    if command -v sha256sum >/dev/null; then
        line=$(sha256sum <"${1:-/dev/stdin}")
    else
        line=$(shasum -a 256 <"${1:-/dev/stdin}")
    fi
    printf '%s' "${line%% *}"
}

is_sha256() {
    [[ $1 =~ ^[0-9a-f]{64}$ ]]
}

# cache_entry DIGEST: sets `entry`.
cache_entry() {
    entry=$1/shipgate/$version-$2/$architecture
}

# use_cached DIGEST: sets `binary`, or says no. The bytes are looked at each time.
use_cached() {
    local entry
    if [[ -z ${RUNNER_TOOL_CACHE:-} ]]; then
        return 1
    fi
    cache_entry "$RUNNER_TOOL_CACHE" "$1"
    if [[ ! -f $entry.complete || ! -f $entry/shipgate ]]; then
        return 1
    fi
    if [[ $(sha256 "$entry/shipgate") != "$1" || ! -x $entry/shipgate ]]; then
        warn "$entry/shipgate is not what was put there, and is replaced" \
            "find out what else writes to the tool cache of this runner"
        return 1
    fi
    binary=$entry/shipgate
}

# keep FILE DIGEST: sets `binary`. A runner may not let us write to its cache; then it lasts for this job.
keep() {
    if [[ -n ${RUNNER_TOOL_CACHE:-} ]] && put "$1" "$2" "$RUNNER_TOOL_CACHE"; then
        return
    fi
    if ! put "$1" "$2" "${RUNNER_TEMP:-${TMPDIR:-/tmp}}/shipgate-tools"; then
        give_up "shipgate could not be installed" "is the disk full, or RUNNER_TEMP not writable?"
    fi
}

# put FILE DIGEST STORE: under another name first. Another job that does the same replaces a file by the same bytes.
put() {
    local entry fresh
    cache_entry "$3" "$2"
    mkdir -p "$entry" 2>/dev/null &&
        fresh=$(mktemp "$entry/.shipgate.XXXXXX" 2>/dev/null) &&
        cp "$1" "$fresh" &&
        chmod 755 "$fresh" &&
        mv -f "$fresh" "$entry/shipgate" &&
        : >"$entry.complete" &&
        binary=$entry/shipgate
}
