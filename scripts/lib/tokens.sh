# shellcheck shell=bash
# GitHub's token endpoint, as a step of a job finds it: what makes the roles of the local cloud those of real jobs.
# shellcheck disable=SC2154 # stack says where its state is and which port it has

# The repository whose jobs the roles let in.
readonly github_repository=shop/cloudshop

tokens_answer() {
    curl --silent --fail --max-time 2 --noproxy '*' --output /dev/null "$tokens/health"
}

tokens_run() {
    process_lives "$state/tokens.pid"
}

ensure_tokens() {
    if ! tokens_run; then
        if (exec 3<>"/dev/tcp/localhost/$tokens_port") 2>/dev/null; then
            fail "port $tokens_port, 200 above the stack's, is taken by something this stack did not start" \
                "set SHIPGATE_STACK_PORT and SHIPGATE_STACK_DIR"
        fi
        say "starting the token endpoint on port $tokens_port"
        start_in_background "$state/log/tokens.log" env --ignore-environment PATH="$PATH" HOME="$HOME" \
            "$environment/bin/python" "$repository/scripts/lib/token_endpoint.py" --port "$tokens_port" \
            >"$state/tokens.pid"
    fi
    wait_for_tokens
}

wait_for_tokens() {
    local attempts
    for ((attempts = 100; attempts > 0; attempts--)); do
        if tokens_run && tokens_answer; then
            return
        fi
        sleep 0.1
    done
    show_end_of "$state/log/tokens.log"
    fail "the token endpoint does not answer on port $tokens_port"
}

stop_tokens() {
    stop_process "$state/tokens.pid" 10
}

# job_subject JOB: the `sub` of its tokens.
job_subject() {
    case $1 in
    main) printf 'repo:%s:ref:refs/heads/main' "$github_repository" ;;
    pull-request) printf 'repo:%s:pull_request' "$github_repository" ;;
    *) printf 'repo:%s:environment:%s' "$github_repository" "$1" ;;
    esac
}
