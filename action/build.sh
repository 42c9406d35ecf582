# shellcheck shell=bash
# The program, built from the checkout that this action is.

# Builds, or takes what an earlier step of this job built from the same sources: sets `binary`.
build() {
    local sources
    copy_sources
    sources=$(source_digest)
    if use_built "$sources"; then
        return
    fi
    compile
    mv "$scratch/target/release/shipgate" "$private/shipgate"
    binary=$private/shipgate
    remember "$sources"
}

# To a place of its own: what lies around the checkout, a workspace or a configuration of cargo, is not the action's, and the
# checkout may be read-only. Without rust-toolchain.toml: rustup would download that Rust, and the runner's own will do.
copy_sources() {
    mkdir "$scratch/source"
    local skipped=(--exclude ./.git --exclude ./target --exclude ./rust-toolchain.toml)
    if ! tar -C "$action_directory/.." "${skipped[@]}" -cf - . | tar -C "$scratch/source" -xf -; then
        give_up "the action's sources could not be copied to $scratch" "is the disk full?"
    fi
}

# One digest for the names and contents of all files.
source_digest() {
    local program=(sha256sum)
    command -v sha256sum >/dev/null || program=(shasum -a 256)
    (cd "$scratch/source" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 "${program[@]}") | sha256
}

# use_built SOURCES: sets `binary`, or says no. The runner hands the variable on within this job and to no other. An
# earlier step of the job could forge it, as it could put another bash on the PATH: inside of a job there is no boundary.
use_built() {
    local sources digest path
    read -r sources digest path <<<"${SHIPGATE_SOURCE_BUILD:-}"
    if [[ $sources == "$1" ]] && is_sha256 "$digest" && take "$path" "$digest"; then
        say "using what an earlier step of this job built from these sources: $path"
        return
    fi
    return 1
}

# remember SOURCES: for later steps of this job.
remember() {
    if [[ -n ${GITHUB_ENV:-} && $binary != *$'\n'* ]]; then
        printf 'SHIPGATE_SOURCE_BUILD=%s %s %s\n' "$1" "$(sha256 "$binary")" "$binary" >>"$GITHUB_ENV" || true
    fi
}

# What a compiler prints must not start workflow commands: they are off meanwhile.
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
