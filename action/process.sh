# shellcheck shell=bash
# Other programs: without the action's secrets, and ended when the run is cancelled.

# What downloading and building needs, and no more: a token of this job, of AWS or of anything else stays here.
readonly handed_on=(
    PATH HOME USER LOGNAME LANG LC_ALL TMPDIR RUNNER_TRACKING_ID
    HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
    SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE CARGO_HTTP_CAINFO
    CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN CARGO_BUILD_JOBS CARGO_NET_OFFLINE
    CC CXX AR SDKROOT DEVELOPER_DIR MACOSX_DEPLOYMENT_TARGET
)

child=

# Sets `without_secrets`, the beginning of a command.
prepare_environment() {
    local name
    without_secrets=(env -i)
    for name in "${handed_on[@]}"; do
        if [[ -n ${!name-} ]]; then
            without_secrets+=("$name=${!name}")
        fi
    done
}

# run_apart DIRECTORY COMMAND…: in the background and in a process group of its own. A shell that waits for a program in
# the foreground gets no signal, and would not end it.
run_apart() {
    local directory=$1 status=0
    shift
    prepare_environment
    set -m
    (cd "$directory" && exec "${without_secrets[@]}" "$@") </dev/null &
    child=$!
    set +m
    wait "$child" || status=$?
    child=
    return "$status"
}

interrupted() {
    trap '' INT TERM
    if [[ -n $child ]]; then
        kill -TERM -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
    fi
    say "interrupted before shipgate was started: nothing was changed"
    write_outcome interrupted
    clean_up_all
    exit 130
}

# Sets `private`, a fresh directory of this step that only its user can enter, and `scratch` inside of it. The program is
# started from there, so that no other user or job can put another in its place; the runner empties RUNNER_TEMP.
make_private() {
    local parent=${RUNNER_TEMP:-${TMPDIR:-/tmp}}
    if [[ -n $(find "$parent/." -maxdepth 0 -perm -0002 ! -perm -1000 2>/dev/null) ]]; then
        give_up "any user of this machine may replace what is in $parent" \
            "take that right away: \`chmod o-w\`, or \`chmod +t\` as /tmp has it"
    fi
    if ! private=$(mktemp -d "$parent/shipgate.XXXXXX") || ! mkdir "$private/scratch"; then
        give_up "no directory can be made in $parent" "is the disk full, or RUNNER_TEMP not writable?"
    fi
    scratch=$private/scratch
}

# Before the program starts: what it does not need.
clean_up() {
    if [[ -n ${scratch-} ]]; then
        rm -rf "$scratch"
    fi
}

# Where no program starts: all of it.
clean_up_all() {
    if [[ -n ${private-} ]]; then
        rm -rf "$private"
    fi
}
