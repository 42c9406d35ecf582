# shellcheck shell=bash
# The program, built from the checkout that this action is.

# Builds, or takes what was built from the same sources before: sets `binary`.
build() {
    copy_sources
    local built digest sources pointer
    sources=$(source_digest)
    pointer=${RUNNER_TOOL_CACHE:-}/shipgate/source/$version-$sources/$architecture
    if use_built "$pointer"; then
        return
    fi
    compile
    built=$scratch/target/release/shipgate
    digest=$(sha256 "$built")
    keep "$built" "$digest"
    remember "$pointer" "$digest"
}

# To a place of its own: what lies around the checkout, a workspace or a configuration of cargo, is not ours, and the
# checkout may be read-only.
copy_sources() {
    mkdir "$scratch/source"
    if ! tar -C "$action_directory/.." --exclude ./.git --exclude ./target -cf - . | tar -C "$scratch/source" -xf -; then
        give_up "the action's sources could not be copied to $scratch" "is the disk full?"
    fi
}

# One digest for the names and contents of all files.
source_digest() {
    local program=(sha256sum)
    command -v sha256sum >/dev/null || program=(shasum -a 256)
    (cd "$scratch/source" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 "${program[@]}") | sha256
}

# use_built POINTER. It has to run here: a container of another distribution may share the cache.
use_built() {
    local digest
    if [[ -z ${RUNNER_TOOL_CACHE:-} || ! -f $1 ]]; then
        return 1
    fi
    digest=$(cat "$1")
    if is_sha256 "$digest" && use_cached "$digest" && "$binary" --version </dev/null >/dev/null 2>&1; then
        say "using what was built from these sources before: $binary"
        return
    fi
    return 1
}

# remember POINTER DIGEST
remember() {
    local fresh
    if [[ -n ${RUNNER_TOOL_CACHE:-} ]] && mkdir -p "$(dirname "$1")" 2>/dev/null; then
        fresh=$(mktemp "$1.XXXXXX")
        printf '%s' "$2" >"$fresh"
        mv -f "$fresh" "$1"
    fi
}

# What a compiler prints is not ours to speak with: workflow commands are off meanwhile.
compile() {
    local silence status=0
    find_cargo
    silence=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    printf '::group::shipgate: building %s from source\n::stop-commands::%s\n' "$version" "$silence" >&2
    run_apart "$scratch/source" cargo build --release --locked --bin shipgate --target-dir "$scratch/target" >&2 ||
        status=$?
    printf '::%s::\n::endgroup::\n' "$silence" >&2
    if [[ $status != 0 || ! -x $scratch/target/release/shipgate ]]; then
        give_up "shipgate $version could not be built from source" \
            "the compiler's output is above; the input binary-path takes a program that you built elsewhere"
    fi
}

find_cargo() {
    PATH=$PATH:${CARGO_HOME:-${HOME:-}/.cargo}/bin
    if ! command -v cargo >/dev/null; then
        give_up "there is no release of shipgate $version for $system $architecture, and no cargo to build it with" \
            "install Rust before this step, or name a program that is there in the input binary-path"
    fi
}
