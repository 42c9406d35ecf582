#!/usr/bin/env bash
# What action.yml runs: inputs in variables → the command line of shipgate. Written for bash 3.2, which macOS has.
# Values are only ever expanded in quotes, as one element of an array; nothing is evaluated.
set -euo pipefail

action_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly action_directory
# shellcheck source=report.sh
source "$action_directory/report.sh"
# shellcheck source=inputs.sh
source "$action_directory/inputs.sh"
# shellcheck source=process.sh
source "$action_directory/process.sh"
# shellcheck source=cache.sh
source "$action_directory/cache.sh"
# shellcheck source=download.sh
source "$action_directory/download.sh"
# shellcheck source=build.sh
source "$action_directory/build.sh"
# shellcheck source=install.sh
source "$action_directory/install.sh"

# The job's token, for the program alone: neither for what downloads or builds it, nor in an argument.
hand_over_token() {
    unset GITHUB_TOKEN
    if [[ -n $token ]]; then
        export GITHUB_TOKEN=$token
    fi
}

# What the program writes to standard error goes to the run's log and nowhere else, so it may register its secrets with the runner,
# for them to be hidden.
ask_for_masks() {
    export SHIPGATE_MASK=true
}

# With a path that cannot be taken for an option, for `-` or for one of CDPATH.
enter_working_directory() {
    if [[ -z $input_working_directory ]]; then
        return
    fi
    absolute_path "$input_working_directory"
    if [[ ! -d $path ]] || ! cd "$path" 2>/dev/null; then
        refuse "the input working-directory names no directory: $(shown "$input_working_directory")" \
            "write a directory of the repository, relative to the workspace, and check out the repository first"
    fi
}

unset BASH_ENV ENV CDPATH
trap interrupted INT TERM
take_inputs
check_inputs
make_arguments
find_binary
enter_working_directory
hand_over_token
ask_for_masks
clean_up
unset SHIPGATE_RELEASE_URL SHIPGATE_SOURCE_BUILD

# In the place of this shell: the runner signals its direct child only.
shopt -s execfail
# shellcheck disable=SC2093 # with execfail, what cannot be started comes back
exec "$binary" "${arguments[@]}"
give_up "shipgate could not be started: $(shown "$binary")" \
    "is it a program for this operating system and architecture, and are the inputs together under a megabyte?"
