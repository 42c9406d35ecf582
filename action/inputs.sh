# shellcheck shell=bash
# Inputs, from the variables of action.yml to the array `arguments`.

# One argument or variable of Linux has at most 128 KiB, its name included.
readonly most_bytes=65536

# From the environment into this shell alone, so that no child inherits them.
take_inputs() {
    input_command=${SHIPGATE_INPUT_COMMAND-}
    input_environment=${SHIPGATE_INPUT_ENVIRONMENT-}
    input_release=${SHIPGATE_INPUT_RELEASE-}
    input_expect_plan=${SHIPGATE_INPUT_EXPECT_PLAN-}
    input_plan_run=${SHIPGATE_INPUT_PLAN_RUN-}
    input_plan_document=${SHIPGATE_INPUT_PLAN_DOCUMENT-}
    input_override=${SHIPGATE_INPUT_OVERRIDE-}
    input_reason=${SHIPGATE_INPUT_REASON-}
    input_bundles=${SHIPGATE_INPUT_BUNDLES-}
    input_bundle_directory=${SHIPGATE_INPUT_BUNDLE_DIRECTORY-}
    input_component=${SHIPGATE_INPUT_COMPONENT-}
    input_config=${SHIPGATE_INPUT_CONFIG-}
    input_working_directory=${SHIPGATE_INPUT_WORKING_DIRECTORY-}
    input_binary_path=${SHIPGATE_INPUT_BINARY_PATH-}
    input_extra_args=${SHIPGATE_INPUT_EXTRA_ARGS-}
    token=${SHIPGATE_INPUT_GITHUB_TOKEN-}
    # shellcheck disable=SC2034 # for download.sh
    action_repository=${SHIPGATE_INPUT_ACTION_REPOSITORY-}
    unset "${!SHIPGATE_INPUT_@}"
}

check_inputs() {
    check_size command "$input_command"
    check_size environment "$input_environment"
    check_size release "$input_release"
    check_size expect-plan "$input_expect_plan"
    check_size plan-run "$input_plan_run"
    check_size plan-document "$input_plan_document"
    check_size override "$input_override"
    check_size reason "$input_reason"
    check_size bundles "$input_bundles"
    check_size bundle-directory "$input_bundle_directory"
    check_size component "$input_component"
    check_size config "$input_config"
    check_size working-directory "$input_working_directory"
    check_size binary-path "$input_binary_path"
    check_size extra-args "$input_extra_args"
    check_size github-token "$token"
    check_command
    check_bundles
}

# check_size INPUT VALUE
check_size() {
    local LC_ALL=C
    if [[ ${#2} -gt $most_bytes ]]; then
        refuse "the input $1 has ${#2} bytes" "write at most $most_bytes"
    fi
}

# One or two words: an option among them would not be visible in the list of inputs.
check_command() {
    local LC_ALL=C
    if [[ -z $input_command ]]; then
        refuse "the input command is empty" "write \`command: deploy\`, or another command of shipgate, under \`with:\`"
    fi
    if [[ ! $input_command =~ ^[a-z][a-z-]*(\ [a-z][a-z-]*)?$ ]]; then
        refuse "the input command is not a command: $(shown "$input_command")" \
            "write one like \`deploy\` or \`plan promote\`; its arguments have inputs of their own, others go to extra-args"
    fi
    if [[ ${input_command%% *} == credentials ]]; then
        refuse "the input command is \`credentials\`: it would print them to the log, as no program reads what this step prints" \
            "write \`shipgate credentials\` into \`credential_process\` of a profile of AWS, or use another command"
    fi
}

# `build` writes bundles, and every other command that is given some reads them. The object is read here already, so that a
# deploy of something else than was built ends before the program starts.
check_bundles() {
    bundle_components=() bundle_digests=()
    if [[ $input_command == build ]]; then
        if [[ -n $input_bundles ]]; then
            refuse "the input bundles is not for \`build\`, which makes them" "remove it, and read the output bundles"
        fi
        if [[ -z $input_bundle_directory ]]; then
            refuse "the input bundle-directory is empty" \
                "write where \`build\` is to put its files: \`\${{ runner.temp }}/bundles\`"
        fi
        return
    fi
    read_bundles
    if [[ ${#bundle_components[@]} != 0 && -z $input_bundle_directory ]]; then
        refuse "the input bundle-directory is empty" "write the directory that the files of the input bundles are in"
    fi
}

# Sets `bundle_components` and `bundle_digests` from a JSON object of strings, which has no escapes: neither a component
# nor a digest needs one.
read_bundles() {
    local LC_ALL=C rest=$input_bundles name='[A-Za-z0-9][A-Za-z0-9._-]{0,63}' digest='sha256:[0-9a-f]{64}'
    local space='[[:space:]]*'
    local entry="^$space\"($name)\"$space:$space\"($digest)\"$space(,|\$)"
    trim "$rest"
    if [[ -z $trimmed ]]; then
        return
    fi
    if [[ ${trimmed:0:1} != "{" || ${trimmed: -1} != "}" ]]; then
        refuse_bundles
    fi
    rest=${trimmed:1:${#trimmed}-2}
    trim "$rest"
    if [[ -z $trimmed ]]; then
        return
    fi
    while [[ $rest =~ $entry ]]; do
        add_bundle "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
        rest=${rest:${#BASH_REMATCH[0]}}
        if [[ -z ${BASH_REMATCH[3]} ]]; then
            return
        fi
    done
    refuse_bundles
}

# add_bundle COMPONENT DIGEST: each component once, or nothing says which of its digests counts.
add_bundle() {
    local index
    for ((index = 0; index < ${#bundle_components[@]}; index++)); do
        if [[ ${bundle_components[index]} == "$1" ]]; then
            refuse "the input bundles names component $(shown "$1") twice" "write one digest for each component"
        fi
    done
    bundle_components+=("$1")
    bundle_digests+=("$2")
}

refuse_bundles() {
    refuse "the input bundles is not a JSON object of digests by component: $(shown "$input_bundles")" \
        "hand on the output bundles of the job that ran \`build\`, as it is"
}

# Options as `--name=value`, and the environment behind `--`, so that no value is taken for an option.
make_arguments() {
    local newline=$'\n'
    read -r -a arguments <<<"$input_command"
    add_option release "$input_release"
    add_option expect-plan "$input_expect_plan"
    add_option plan-run "$input_plan_run"
    add_option plan-document "$input_plan_document"
    add_lines override "$input_override"
    add_option reason "$input_reason"
    add_bundles
    if [[ $input_command == build ]]; then
        make_build_arguments "${input_component//,/$newline}"
        return
    fi
    add_lines component "${input_component//,/$newline}"
    add_option config "$input_config"
    add_extra_arguments
    if [[ -n $input_environment ]]; then
        arguments+=(-- "$input_environment")
    fi
}

# `build` takes its components behind `--`, and the environment as an option.
make_build_arguments() {
    local LC_ALL=C line
    add_option to "$input_bundle_directory"
    add_option environment "$input_environment"
    add_option config "$input_config"
    add_extra_arguments
    arguments+=(--)
    while IFS= read -r line; do
        trim "$line"
        if [[ -n $trimmed ]]; then
            arguments+=("$trimmed")
        fi
    done <<<"$1"
}

# The digest is the last of what a bundle is named by, so that no file name can bring another one in.
add_bundles() {
    local index
    for ((index = 0; index < ${#bundle_components[@]}; index++)); do
        arguments+=("--bundle=${bundle_components[index]}=$input_bundle_directory/${bundle_components[index]}.tar@${bundle_digests[index]}")
    done
}

# add_option NAME VALUE
add_option() {
    if [[ -n $2 ]]; then
        arguments+=("--$1=$2")
    fi
}

# add_lines NAME VALUE: an option for each line.
add_lines() {
    local LC_ALL=C line
    while IFS= read -r line; do
        trim "$line"
        add_option "$1" "$trimmed"
    done <<<"$2"
}

# Sets `trimmed`.
trim() {
    trimmed=${1#"${1%%[![:space:]]*}"}
    trimmed=${trimmed%"${trimmed##*[![:space:]]}"}
}

add_extra_arguments() {
    local line
    while IFS= read -r line; do
        line=${line%$'\r'}
        if [[ -n $line ]]; then
            arguments+=("$line")
        fi
    done <<<"$input_extra_args"
}

# Sets `path`.
absolute_path() {
    path=$1
    if [[ $path != /* ]]; then
        path=$PWD/$path
    fi
}
