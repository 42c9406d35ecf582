# shellcheck shell=bash
# Finding the program: what the input names, the tool cache, the release of this very version, the sources.
# Each but the first is run from a private copy.

# Sets `binary`.
find_binary() {
    if [[ -n $input_binary_path ]]; then
        use_given
        return
    fi
    find_version
    find_platform
    make_private
    if [[ -n $target ]] && find_expected "shipgate-$version-$target"; then
        if use_stored "$expected"; then
            return
        fi
        if download "shipgate-$version-$target"; then
            if ! take "$downloaded" "$expected"; then
                give_up "shipgate could not be installed to $private" "is the disk full?"
            fi
            keep "$expected"
            return
        fi
    fi
    say "building shipgate $version for $system $architecture from source, as there is no release to use"
    build
}

use_given() {
    absolute_path "$input_binary_path"
    if [[ ! -f $path || ! -x $path ]]; then
        refuse "the input binary-path names no program: $(shown "$input_binary_path")" \
            "write the path of an executable file, relative to the workspace, and make or download it in an earlier step"
    fi
    binary=$path
}

# Sets `version`: the first one in Cargo.toml is the package's.
find_version() {
    local line manifest=$action_directory/../Cargo.toml
    version=
    while read -r line; do
        if [[ -z $version && $line =~ ^version\ =\ \"([0-9A-Za-z.+-]+)\"$ ]]; then
            version=${BASH_REMATCH[1]}
        fi
    done <"$manifest"
    if [[ -z $version ]]; then
        give_up "$manifest has no version" "use the action from an unchanged commit of its repository"
    fi
}

# Sets `system` and `architecture`, and `target`: the name of this platform among the releases, or nothing.
find_platform() {
    system=${RUNNER_OS:-$(uname -s)}
    architecture=${RUNNER_ARCH:-$(uname -m)}
    case $architecture in
        X64 | x86_64 | amd64) architecture=x64 ;;
        ARM64 | aarch64 | arm64) architecture=arm64 ;;
    esac
    case $system-$architecture in
        Linux-x64) target=x86_64-unknown-linux-musl ;;
        Linux-arm64) target=aarch64-unknown-linux-musl ;;
        macOS-arm64 | Darwin-arm64) target=aarch64-apple-darwin ;;
        Windows-*) refuse "shipgate does not run on Windows" "write \`runs-on: ubuntu-latest\`" ;;
        *) target= ;;
    esac
}
