# shellcheck shell=bash
# The website endpoint of S3 for the local cloud, as a proxy: its clients ask for websites by their real names.
# shellcheck disable=SC2154 # stack says where its state is and which port it has

websites_answers() {
    curl --silent --fail --max-time 2 --noproxy '*' --output /dev/null "$websites/health"
}

websites_runs() {
    process_lives "$state/websites.pid"
}

ensure_websites() {
    if ! websites_runs; then
        refuse_taken_port "$websites_port" 300
        say "starting the websites of buckets on port $websites_port"
        start_in_background "$state/log/websites.log" env --ignore-environment PATH="$PATH" HOME="$HOME" \
            PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$repository/scripts/lib/websites.py" \
            --port "$websites_port" --endpoint "$endpoint" >"$state/websites.pid"
    fi
    wait_for_service websites "the websites of buckets" "$websites_port"
}

stop_websites() {
    stop_process "$state/websites.pid" 5
}
