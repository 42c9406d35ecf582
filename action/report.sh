# shellcheck shell=bash
# What the action prints: annotations of the workflow, and the outcome of a step that never came to its program.

say() {
    printf 'shipgate: %s\n' "$1" >&2
}

# A text that ends no line and hides no escape, as the runner reads it back.
escaped() {
    local text=$1
    text=${text//\%/%25}
    text=${text//$'\r'/%0D}
    text=${text//$'\n'/%0A}
    printf '%s' "$text"
}

# The beginning of a value of an input, in quotation marks.
shown() {
    if [[ ${#1} -gt 200 ]]; then
        printf '"%s…"' "${1:0:200}"
    else
        printf '"%s"' "$1"
    fi
}

# annotate KIND SENTENCE HINT
annotate() {
    printf '::%s title=shipgate::%s%%0Ahint: %s\n' "$1" "$(escaped "$2")" "$(escaped "$3")" >&2
}

warn() {
    annotate warning "$1" "$2"
}

# An input cannot be used. refuse SENTENCE HINT
refuse() {
    end_with invalid 2 "$1" "$2"
}

# There is no program to run. give_up SENTENCE HINT
give_up() {
    end_with failed 1 "$1" "$2"
}

# end_with OUTCOME CODE SENTENCE HINT
end_with() {
    annotate error "$3" "$4"
    write_outcome "$1"
    clean_up_all
    exit "$2"
}

# The same output that the program writes, so that a workflow never reads an empty outcome.
write_outcome() {
    if [[ -n ${GITHUB_OUTPUT:-} ]]; then
        printf 'outcome=%s\n' "$1" >>"$GITHUB_OUTPUT" || true
    fi
}
