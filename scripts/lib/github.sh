# shellcheck shell=bash
# GitHub for the local cloud: the part of its REST API that shipgate uses, and the token endpoint that a step of a job
# finds, which is what makes the roles of the local cloud those of real jobs.
# shellcheck disable=SC2154 # stack says where its state is and which port it has

# The repository whose jobs the roles let in.
readonly github_repository=shop/cloudshop

github_answers() {
    curl --silent --fail --max-time 2 --noproxy '*' --output /dev/null "$github/health"
}

github_runs() {
    process_lives "$state/github.pid"
}

# GitHub's official OpenAPI description, for all stacks of this repository. The package has it for each version of
# GitHub's server, too, 400 MB in all: only one file of it is kept.
ensure_github_description() {
    local source=$repository/tests/github kept=$repository/target/github-description
    mkdir -p "$kept"
    (
        flock 9
        if cmp --silent "$source/package-lock.json" "$kept/package-lock.json"; then
            exit 0
        fi
        command -v npm >/dev/null || install_packages "$state/log/npm-install.log" nodejs npm
        say "fetching GitHub's description of its API"
        rm -rf "$kept/npm"
        mkdir -p "$kept/npm"
        cp "$source/package.json" "$source/package-lock.json" "$kept/npm/"
        (cd "$kept/npm" && run_logged "$state/log/npm.log" npm ci --ignore-scripts --no-audit --no-fund)
        mv "$kept/npm/node_modules/@octokit/openapi/generated/api.github.com.json" "$kept/"
        rm -rf "$kept/npm"
        # Last, so that what is half done is done again.
        cp "$source/package-lock.json" "$kept/"
    ) 9>"$kept.lock"
}

ensure_github() {
    ensure_github_description
    if ! github_runs; then
        refuse_taken_port "$github_port" 200
        say "starting the fake GitHub on port $github_port"
        start_in_background "$state/log/github.log" env --ignore-environment PATH="$PATH" HOME="$HOME" \
            PYTHONDONTWRITEBYTECODE=1 "$environment/bin/python" "$repository/tests/github/serve.py" \
            --port "$github_port" --description "$repository/target/github-description/api.github.com.json" \
            >"$state/github.pid"
    fi
    wait_for_service github "the fake GitHub" "$github_port"
}

stop_github() {
    stop_process "$state/github.pid" 10
}

# github_violations ADDRESS: the requests that were not what GitHub describes, one in a line.
github_violations() {
    curl --silent --show-error --fail --max-time 10 --noproxy '*' "$1/_stand-in/violations" |
        python3 -c 'import json, sys; [print(json.dumps(found)) for found in json.load(sys.stdin)]'
}

# job_subject JOB: the `sub` of its tokens.
job_subject() {
    case $1 in
    main) printf 'repo:%s:ref:refs/heads/main' "$github_repository" ;;
    pull-request) printf 'repo:%s:pull_request' "$github_repository" ;;
    *) printf 'repo:%s:environment:%s' "$github_repository" "$1" ;;
    esac
}

# job_token JOB: its token of GitHub, which in the fake GitHub says what it may do: what the documents ask for.
job_token() {
    case $1 in
    pull-request) printf 'permissions:contents=read,statuses=write,pull_requests=write' ;;
    *) printf 'permissions:contents=read,statuses=write,actions=read' ;;
    esac
}
