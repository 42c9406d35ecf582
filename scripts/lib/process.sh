# shellcheck shell=bash
# Processes that outlive the script that started them. They are recorded as "PID START-TIME":
# a number alone may be another process by the time it is to be stopped.

# process_identity PID: prints "PID START-TIME" while the process lives.
process_identity() {
    local text fields
    # Not `$(<…)`: where the file is missing, bash 5.2 ends the whole script, silently.
    text=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The second field is the name in parentheses, which may contain blanks: read on after it.
    read -ra fields <<<"${text##*) }"
    [[ ${fields[0]} != Z ]] || return 1
    printf '%s %s\n' "$1" "${fields[19]}"
}

# process_lives FILE: the process recorded in FILE is still that process.
process_lives() {
    local pid recorded
    [[ -s $1 ]] || return 1
    recorded=$(<"$1")
    pid=${recorded%% *}
    [[ $(process_identity "$pid") == "$recorded" ]]
}

# start_in_background LOG COMMAND…: prints the identity. The process keeps nothing of this script open:
# neither the caller's output (which would wait for it) nor the locks (descriptors 8 and 9).
start_in_background() {
    local log=$1
    shift
    setsid "$@" >"$log" 2>&1 </dev/null 8>&- 9>&- &
    process_identity "$!" || true
}

# refuse_taken_port PORT ABOVE: ends where something else listens on the port, which is so far above the stack's own.
refuse_taken_port() {
    if (exec 3<>"/dev/tcp/localhost/$1") 2>/dev/null; then
        fail "port $1, $2 above the stack's, is taken by something this stack did not start" \
            "set SHIPGATE_STACK_PORT and SHIPGATE_STACK_DIR"
    fi
}

# wait_for_service NAME WHAT PORT: until it answers. NAME_runs and NAME_answers check; its log is $state/log/NAME.log.
# shellcheck disable=SC2154 # stack says where its state is
wait_for_service() {
    local name=$1 what=$2 service_port=$3 attempts
    for ((attempts = 300; attempts > 0; attempts--)); do
        if ! "${name}_runs"; then
            show_end_of "$state/log/$name.log"
            fail "$what ended"
        fi
        if "${name}_answers"; then
            return
        fi
        sleep 0.1
    done
    show_end_of "$state/log/$name.log"
    fail "$what does not answer on port $service_port"
}

# stop_process FILE SECONDS: asks the process recorded in FILE to end, and insists after SECONDS.
stop_process() {
    local file=$1 seconds=$2 pid attempts
    if process_lives "$file"; then
        pid=$(cut -d ' ' -f 1 "$file")
        kill -TERM "$pid"
        for ((attempts = seconds * 10; attempts > 0; attempts--)); do
            process_lives "$file" || break
            sleep 0.1
        done
        if process_lives "$file"; then
            say "process $pid did not end within $seconds s: killing it"
            kill -KILL "$pid"
        fi
    fi
    rm -f "$file"
}
