# shellcheck shell=bash
# The programs that tests, demo and bench put into images.

# build_cloudshop DESTINATION: cargo decides whether anything has changed since the last time.
build_cloudshop() {
    # shellcheck disable=SC2154 # common.sh says where the repository is
    local target=$repository/target/cloudshop
    command -v cargo >/dev/null || fail "cargo is missing" "install Rust: https://rustup.rs"
    (
        # Flags of the caller would replace those of the example, which make the binary static.
        unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET
        cd "$repository/examples/cloudshop/backend"
        nice cargo build --quiet --release --locked --target-dir "$target"
    ) >&2 || fail "the example's backend does not compile"
    install -m 755 "$target/x86_64-unknown-linux-gnu/release/cloudshop" "$1"
}

# build_release DESTINATION: a release that crashes, waits or serves as its arguments say.
build_release() {
    # shellcheck disable=SC2154 # common.sh says where the repository is
    rustc --edition 2024 -C opt-level=s -C strip=symbols -C target-feature=+crt-static --target x86_64-unknown-linux-gnu \
        -o "$1" "$repository/tests/programs/release.rs" >&2 || fail "the release for tests does not compile"
}

# install_frontend DIRECTORY: what builds the pages, in DIRECTORY/node_modules. npm fetches it once for each lock file.
install_frontend() {
    # shellcheck disable=SC2154 # common.sh says where the repository is
    local source=$repository/examples/cloudshop/frontend
    command -v npm >/dev/null || fail "npm is missing" "install Node.js 20.19 or newer: https://nodejs.org"
    mkdir -p "$1"
    if ! cmp --silent "$source/package-lock.json" "$1/installed"; then
        cp "$source/package.json" "$source/package-lock.json" "$1/"
        (cd "$1" && run_logged "$1/npm.log" npm ci --no-audit --no-fund)
        cp "$source/package-lock.json" "$1/installed"
    fi
}
