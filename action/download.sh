# shellcheck shell=bash
# The program of a release. Which bytes are right is said by the table that is committed beside this file.

# A few times the size of a release, in KiB.
readonly most_kibibytes=65536

# find_expected ASSET: sets `expected`, its digest in the table, or says no.
find_expected() {
    local digest name rest table=$action_directory/checksums.txt
    expected=
    if [[ ! -r $table ]]; then
        give_up "$table cannot be read" "use the action from an unchanged commit of its repository"
    fi
    while read -r digest name rest || [[ -n $digest ]]; do
        if [[ $digest == '#'* || -z $digest ]]; then
            continue
        fi
        if ! is_sha256 "$digest" || [[ -z $name || -n $rest ]]; then
            give_up "$table has a line that is no checksum" "use the action from an unchanged commit of its repository"
        fi
        if [[ $name == "$1" ]]; then
            expected=$digest
        fi
    done <"$table"
    [[ -n $expected ]]
}

# Sets `base`, where releases are, and `transport`, how curl may get there. Another place can be named, as nothing but
# the table decides what is run: by https, or on this machine.
find_base() {
    local override=${SHIPGATE_RELEASE_URL:-}
    transport=(--proto '=https' --proto-redir '=https' --tlsv1.2 --location --max-redirs 5)
    if [[ -z $override ]]; then
        base=https://github.com/$action_repository/releases/download
        # Empty for `uses: ./`.
        [[ $action_repository =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]]
        return
    fi
    base=${override%/}
    if [[ $override =~ ^http://(127\.0\.0\.1|localhost|\[::1\])(:[0-9]+)?(/[A-Za-z0-9.:/_~%+-]*)?$ ]]; then
        transport=(--proto '=http')
    elif [[ ! $override =~ ^https://[A-Za-z0-9.:/_~%+-]+$ ]]; then
        refuse "SHIPGATE_RELEASE_URL is not an https address: $(shown "$override")" \
            "write https://HOST/PATH, where vVERSION/shipgate-VERSION-TARGET is found"
    fi
}

# download ASSET: sets `downloaded`, a file with the right bytes, or says no. Wrong bytes end everything.
download() {
    local got
    if ! find_base; then
        say "no release is downloaded, as the action is a part of this checkout"
        return 1
    fi
    downloaded=$scratch/download
    if ! fetch "$base/v$version/$1"; then
        return 1
    fi
    got=$(sha256 "$downloaded")
    if [[ $got != "$expected" ]]; then
        give_up "$base/v$version/$1 has the sha256 $got and not $expected: nothing of it was run" \
            "a proxy or another program changed it; find out which before you trust another run"
    fi
}

# fetch URL: into `downloaded`. What fails for a moment is tried again, what is not there is not.
fetch() {
    local attempt code status
    for attempt in 1 2 3; do
        status=0
        request "$1" || status=$?
        code=$(cat "$scratch/code")
        if [[ $status == 0 && $code == 200 ]]; then
            return
        fi
        if [[ $code == 4?? && $code != 408 && $code != 429 ]]; then
            say "there is no $1 (HTTP $code)"
            return 1
        fi
        say "attempt $attempt of 3: $1 did not arrive (HTTP $code, curl $status)"
        sleep "$attempt"
    done
    warn "$1 could not be downloaded" \
        "shipgate is built from source instead, which takes minutes; does this runner reach that address?"
    return 1
}

# request URL: one attempt. No configuration of the user's, no credentials, and an end to waiting.
request() {
    : >"$scratch/code"
    # shellcheck disable=SC2016 # for the shell that is started
    run_apart "$scratch" bash -c 'ulimit -f "$1" && shift && exec curl "$@"' bash "$most_kibibytes" \
        --disable --fail --silent --show-error "${transport[@]}" \
        --connect-timeout 15 --max-time 300 --speed-limit 1024 --speed-time 10 --max-filesize $((most_kibibytes * 1024)) \
        --output "$downloaded" --write-out '%{http_code}' -- "$1" >"$scratch/code"
}
