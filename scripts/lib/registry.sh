# shellcheck shell=bash
# A registry with passwords, for what the emulator's registry does not do: it asks for none, and
# takes manifests whose layers it does not have. It is used as ECR in another region.
# shellcheck disable=SC2154 # stack says where its state is and which port it has

# The user and the password that the emulator's GetAuthorizationToken hands out, the latter by bcrypt.
readonly registry_login=AWS:ministack-auth-token
# shellcheck disable=SC2016 # no variables
readonly registry_htpasswd='AWS:$2y$05$abcdefghijklmnopqrstuuFFQ5DfMj2V4Jq9Io6PVWpPfmII0G5FG'

registry_answers() {
    curl --silent --fail --max-time 2 --noproxy '*' --output /dev/null --user "$registry_login" "$registry/v2/"
}

registry_runs() {
    process_lives "$state/registry.pid"
}

# The program by Debian, unpacked and not installed: its package would start a registry of its own, for
# every client, without a password.
registry_program() {
    local unpacked=$repository/target/docker-registry
    if type -P docker-registry; then
        return
    fi
    (
        flock 9
        if [[ ! -x $unpacked/usr/bin/docker-registry ]]; then
            say "fetching docker-registry"
            unpack_package "$state/log/registry-install.log" docker-registry "$unpacked"
        fi
    ) 9>"$unpacked.lock"
    printf '%s\n' "$unpacked/usr/bin/docker-registry"
}

# write_registry_config PLACE PORT: PLACE.yml, for a registry with PLACE for its data and nothing else; on this machine only.
write_registry_config() {
    printf '%s\n' "$registry_htpasswd" >"$1.htpasswd"
    cat >"$1.yml" <<YAML
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: "$1" } }
http: { addr: "127.0.0.1:$2", secret: local }
auth: { htpasswd: { realm: local, path: "$1.htpasswd" } }
YAML
}

ensure_registry() {
    local program
    if ! registry_runs; then
        refuse_taken_port "$registry_port" 100
        program=$(registry_program)
        say "starting the registry with passwords on port $registry_port"
        write_registry_config "$state/registry" "$registry_port"
        start_in_background "$state/log/registry.log" env --ignore-environment \
            PATH="$PATH" HOME="$HOME" "$program" serve "$state/registry.yml" >"$state/registry.pid"
    fi
    wait_for_service registry "the registry" "$registry_port"
}

stop_registry() {
    stop_process "$state/registry.pid" 10
    rm -rf "$state/registry" "$state/registry.yml" "$state/registry.htpasswd"
}
