# shellcheck shell=bash
# The program's bytes: the private copy that is run, and the stores that other steps and jobs fill and read.
#
# Nothing in a store is trusted: the program is copied to a directory that only this user can enter,
# hashed there and started from there. A program that was built from source is in no store: a job that could put another in
# its place could change its digest as well.
#   STORE/shipgate/VERSION-SHA256/ARCH/shipgate, where STORE is RUNNER_TOOL_CACHE or, for this job, RUNNER_TEMP/shipgate-tools

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

# take FILE DIGEST: copies a file to the private directory and sets `binary`, or says no. What is hashed is what is run.
take() {
    if [[ -L $1 || ! -f $1 ]]; then
        return 1
    fi
    # A file of a store may be anything, and of any size.
    if ! head -c $((most_kibibytes * 1024)) <"$1" >"$private/shipgate" 2>/dev/null ||
        [[ $(sha256 "$private/shipgate") != "$2" ]]; then
        rm -f "$private/shipgate"
        return 1
    fi
    chmod 700 "$private/shipgate"
    binary=$private/shipgate
}

# The tool cache outlives the job; the other store is for a runner whose cache cannot be written.
stores() {
    printf '%s\n' "${RUNNER_TOOL_CACHE:-}" "${RUNNER_TEMP:+$RUNNER_TEMP/shipgate-tools}"
}

# use_stored DIGEST: sets `binary`, or says no.
use_stored() {
    local store entry
    while IFS= read -r store; do
        if [[ -z $store ]]; then
            continue
        fi
        entry=$store/shipgate/$version-$1/$architecture
        if has_link "$store" "$1"; then
            warn "$entry/shipgate is behind a symbolic link, and is not used" \
                "find out what else writes to the tool cache of this runner"
        elif take "$entry/shipgate" "$1"; then
            return
        elif [[ -e $entry/shipgate ]]; then
            warn "$entry/shipgate is not what was put there, and is replaced" \
                "find out what else writes to the tool cache of this runner"
        fi
    done <<<"$(stores)"
    return 1
}

# keep DIGEST: puts the private copy into the first store that takes it. It is no harm if none does.
keep() {
    local store
    while IFS= read -r store; do
        if [[ -n $store ]] && put "$store" "$1"; then
            return
        fi
    done <<<"$(stores)"
}

# put STORE DIGEST: under another name first. Another job that does the same replaces a file by the same bytes.
put() {
    local entry=$1/shipgate/$version-$2/$architecture fresh
    ! has_link "$1" "$2" &&
        mkdir -p "$entry" 2>/dev/null &&
        [[ ! -d $entry/shipgate ]] &&
        fresh=$(mktemp "$entry/.shipgate.XXXXXX" 2>/dev/null) &&
        cp "$binary" "$fresh" &&
        chmod 755 "$fresh" &&
        mv -f "$fresh" "$entry/shipgate"
}

# has_link STORE DIGEST: whether anything below the store leads elsewhere. The store itself may, as its owner wants it.
has_link() {
    local path=$1 name
    for name in shipgate "$version-$2" "$architecture" shipgate; do
        path=$path/$name
        if [[ -L $path ]]; then
            return
        fi
    done
    return 1
}
