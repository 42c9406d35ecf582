# shellcheck shell=bash
# The workflows, the actions and those of the examples: no finding by zizmor, no complaint by GitHub's own parser, clean
# scripts in them.
# shellcheck disable=SC2154 # common.sh says where the repository is

readonly workflow_sources=$repository/scripts/lib/workflows
readonly workflow_tools=$repository/target/workflow-tools

check_workflows() {
    local file files=() logs=$repository/target/test
    mkdir -p "$logs" "$workflow_tools"
    ensure_zizmor "$logs"
    ensure_parser "$logs"
    while IFS= read -r file; do
        files+=("$file")
    done < <(workflow_files)
    if [[ ${#files[@]} == 0 ]]; then
        fail "there are no workflows to check"
    fi
    audit_workflows "${files[@]}"
    parse_workflows "${files[@]}"
}

# One absolute path a line.
workflow_files() {
    find "$repository/.github" "$repository/examples" -path '*/.github/workflows/*' -name '*.y*ml' | sort
    find "$repository" \( -name target -o -name .git -o -name node_modules \) -prune \
        -o \( -name action.yml -o -name action.yaml \) -print | sort
}

# Offline: what it found does not depend on the day.
audit_workflows() {
    "$workflow_tools/venv/bin/zizmor" --quiet --no-progress --pedantic --offline "$@" >&2 ||
        fail "zizmor has findings" "fix what is named above; docs.zizmor.sh/audits explains each finding"
}

parse_workflows() {
    local scripts=$workflow_tools/scripts
    rm -rf "$scripts"
    mkdir -p "$scripts"
    node "$workflow_tools/parse.mjs" "$repository" "$scripts" "$@" ||
        fail "GitHub would refuse what is named above"
    shellcheck "$scripts"/*.sh
}

ensure_zizmor() {
    ensure_venv "$1/zizmor.log" "$workflow_tools/venv" "$workflow_sources/requirements.txt" --require-hashes
}

# Packages are found from the directory of a module, so these modules lie beside them.
ensure_parser() {
    local logs=$1 lock=package-lock.json
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        install_packages "$logs/apt.log" nodejs npm
    fi
    cp "$workflow_sources"/*.mjs "$workflow_sources/package.json" "$workflow_sources/$lock" "$workflow_tools"
    if cmp --silent "$workflow_sources/$lock" "$workflow_tools/node_modules/installed.json"; then
        return
    fi
    run_logged "$logs/npm.log" npm ci --prefix "$workflow_tools" --ignore-scripts --no-audit --no-fund
    cp "$workflow_sources/$lock" "$workflow_tools/node_modules/installed.json"
}
