# shellcheck shell=bash
# The container engine. Several stacks may use one dockerd; if a stack started it, the last stack that
# ends stops it. So what is known about it is kept for the machine, not for one stack.

readonly engine_state=/run/shipgate-stack

# The docker to use: a client without buildx cannot drive BuildKit, and a newer client with an older
# daemon is the usual reason for one; Debian's own client goes with Debian's daemon.
docker_client() {
    local first
    first=$(type -P docker || true)
    if [[ -n $first ]] && "$first" buildx version >/dev/null 2>&1; then
        printf '%s\n' "$first"
    elif [[ -x /usr/bin/docker ]]; then
        printf '/usr/bin/docker\n'
    elif [[ -n $first ]]; then
        printf '%s\n' "$first"
    else
        return 1
    fi
}

docker() {
    local client
    client=$(docker_client) || return 127
    "$client" "$@"
}

engine_answers() {
    docker version >/dev/null 2>&1
}

engine_is_ours() {
    process_lives "$engine_state/dockerd.pid"
}

# In a subshell, so that the lock goes with it.
with_engine_lock() {
    (
        flock 9
        "$@"
    ) 9>"$engine_state/lock"
}

# engine_user DIRECTORY: the name of the stack in DIRECTORY among the engine's users.
engine_user() {
    printf '%s\n' "${1//\//%}"
}

# engine_up USER: an engine that answers, and USER registered with it if this script has to stop it.
engine_up() {
    if mkdir -p "$engine_state/users" 2>/dev/null; then
        with_engine_lock engine_up_locked "$1"
    elif ! engine_answers; then
        fail "no docker daemon answers, and only root can start one" "start docker, or run this as root"
    fi
}

engine_up_locked() {
    if ! engine_answers; then
        engine_install
        engine_answers || engine_start
    fi
    if engine_is_ours; then
        # Until there is a longer-lived process to name, this script is what needs it.
        process_identity "$$" >"$engine_state/users/$1.starting"
    fi
}

engine_install() {
    if command -v dockerd >/dev/null && docker_client >/dev/null; then
        return
    fi
    # Where the kernel has AppArmor, no container starts without its parser.
    install_packages "$engine_state/install.log" docker.io apparmor
    # With systemd the package starts the daemon itself: give it a moment before starting another.
    if [[ -d /run/systemd/system ]]; then
        wait_for_engine 10 || true
    fi
}

engine_start() {
    say "starting dockerd"
    remove_stale_pid_files
    start_in_background "$engine_state/dockerd.log" dockerd >"$engine_state/dockerd.pid"
    if ! wait_for_engine 60; then
        show_end_of "$engine_state/dockerd.log"
        fail "dockerd does not answer"
    fi
}

# The pid files of a killed dockerd and its containerd stay, and the next ones do not start, or wait
# until they time out, while the old processes are dead but not yet collected.
remove_stale_pid_files() {
    local file pid
    for file in /var/run/docker.pid /var/run/docker/containerd/containerd.pid; do
        pid=$(cat "$file" 2>/dev/null || true)
        if [[ -n $pid ]] && ! process_identity "$pid" >/dev/null; then
            rm -f "$file"
        fi
    done
}

# wait_for_engine SECONDS: ends early when the daemon that was started here is gone.
wait_for_engine() {
    local attempts
    for ((attempts = $1 * 5; attempts > 0; attempts--)); do
        if engine_answers; then
            return 0
        fi
        if [[ -e $engine_state/dockerd.pid ]] && ! engine_is_ours; then
            return 1
        fi
        sleep 0.2
    done
    return 1
}

# engine_hand_over USER FILE: from now on the process recorded in FILE is what keeps the engine up.
engine_hand_over() {
    if engine_is_ours; then
        cp "$2" "$engine_state/users/$1"
    fi
}

# engine_down USER: USER needs the engine no more.
engine_down() {
    if [[ -d $engine_state/users ]]; then
        with_engine_lock engine_down_locked "$1"
    fi
}

engine_down_locked() {
    local user containers
    rm -f "$engine_state/users/$1" "$engine_state/users/$1.starting"
    if ! engine_is_ours; then
        return
    fi
    for user in "$engine_state"/users/*; do
        if process_lives "$user"; then
            user=$(basename "$user" .starting)
            say "dockerd stays up: the stack in ${user//%//} uses it"
            return
        fi
    done
    containers=$(docker ps --format '{{.Names}}' || true)
    if [[ -n $containers ]]; then
        say "dockerd stays up, it runs containers that are not this stack's:" "${containers//$'\n'/ }"
        return
    fi
    say "stopping dockerd"
    stop_process "$engine_state/dockerd.pid" 30
    rm -f "$engine_state"/users/*
}
