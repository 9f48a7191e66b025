#!/bin/sh
# Shared by the hooks of all ACME clients: settings, the spool, the start and the end of a run. Sourced by the hooks in
# the same folder. POSIX shell; needs curl. Nothing here may break a renewal: see netbox_end.
# Settings, each an environment variable or a line NAME=value of /etc/netbox-acme.conf (NETBOX_ACME_CONFIG):
# NETBOX_URL, NETBOX_TOKEN, and the optional ones in the documentation (docs/how-to/clients/index.md).
#
# A host may have thousands of certificates, and each process takes a millisecond or two. Functions that are called for
# each certificate therefore avoid processes, and set the variable that the comment above them names: $(…) would be a
# process.

# The other parts of the library. In a file from "Connect a client" they follow, and these lines are omitted.
# shellcheck disable=SC2154  # lib is set by the hook
for part in certificate report sending source; do [ -r "${lib%.sh}-$part.sh" ] || { echo "netbox-acme: ${lib%.sh}-$part.sh is missing" >&2; exit 0; }; done
# shellcheck source=hooks/lib-certificate.sh
. "${lib%.sh}-certificate.sh"
# shellcheck source=hooks/lib-report.sh
. "${lib%.sh}-report.sh"
# shellcheck source=hooks/lib-sending.sh
. "${lib%.sh}-sending.sh"
# shellcheck source=hooks/lib-source.sh
. "${lib%.sh}-source.sh"

SETTINGS="NETBOX_URL NETBOX_TOKEN NETBOX_TENANT NETBOX_TAGS NETBOX_CA_FILE NETBOX_ACME_SOURCE NETBOX_ACME_SERVER \
NETBOX_ACME_EMAIL NETBOX_ACME_CHALLENGE NETBOX_ACME_AUTO_RENEWAL NETBOX_ACME_RENEWAL_DAYS NETBOX_ACME_SPOOL \
NETBOX_ACME_TIMEOUT NETBOX_ACME_STRICT NETBOX_ACME_MACHINE_ID NETBOX_KEYSTORE_PASSWORD_FILE NETBOX_ENDPOINTS \
NETBOX_ENDPOINT_TAGS NETBOX_ENDPOINT_CA_FILE NETBOX_ENDPOINT_TIMEOUT"

# Reports of one request, and the age in days after which expired lineages and unsendable reports are dropped.
LIST_SIZE=100
GIVE_UP_DAYS=30

# sync: set by a hook that reports everything the client has, rather than one certificate that was just renewed.
# can_be_empty: set by a hook that found the storage of the client, even if it has no certificates now.
# kind: set by a hook that does not belong to an ACME client, to the kind of its sources.
# with_keys: set by a hook that reads files in which the key is next to the certificate.
# incomplete: set by a hook that does not know everything it should report, and has warned of it.
# nothing: set by a hook, to the warning if there is nothing to report.
# cache: a folder where copies of the reports are kept, set by a hook that reads only files that have changed.
failed=0 stopped='' denied='' found=0 sent=0 expired=0 queued=0 work='' stage='' sync='' unusable='' tab=$(printf '\t')
kind='' with_keys='' cache='' chain_file='' unseen='' incomplete='' can_be_empty='' reported='' first_run='' name_taken=''
nothing='no certificate was found: check the folder and the user'

# Prints one line on stderr, and in the syslog if there is one. Removes control characters of names and responses.
warn() {
    failed=1
    message=$(printf %s "$*" | tr -d '\000-\037\177')
    printf 'netbox-acme (%s): %s\n' "$client" "$message" >&2
    if command -v logger >/dev/null 2>&1; then
        logger -t netbox-acme -p daemon.warning -- "$client: $message" 2>/dev/null
    fi
    return 0
}

# Ends the script. A failing hook would stop acme.sh, lego and dehydrated, so it fails only with NETBOX_ACME_STRICT.
netbox_end() {
    [ -z "$work" ] || rm -rf "$work"
    [ -z "$stage" ] || rm -rf "$stage"
    trap - EXIT
    case ${NETBOX_ACME_STRICT:-} in '' | 0 | no | false) exit 0 ;; esac
    exit "$failed"
}

# Reads the settings and creates the spool. $1: the name of the client, with which every external ID starts.
netbox_begin() {
    client=$1 token=${NETBOX_TOKEN:-}
    # Not in the environment of curl and the others.
    unset NETBOX_TOKEN
    # Text is bytes, letters are ASCII, and messages of programs are English.
    LC_ALL=C
    export LC_ALL
    started=$(date +%s)
    umask 077
    trap netbox_end EXIT
    trap 'failed=1; exit 1' HUP INT TERM
    read_settings "${NETBOX_ACME_CONFIG:-/etc/netbox-acme.conf}"
    url=${NETBOX_URL:-} token=${token:-${NETBOX_TOKEN:-}}
    while [ "$url" != "${url%/}" ]; do url=${url%/}; done
    case $url in
        '') warn 'NETBOX_URL is not set: nothing was reported'; netbox_end ;;
        *@*) warn 'NETBOX_URL must not contain a user name or password; use NETBOX_TOKEN'; netbox_end ;;
        http://* | https://*) ;;
        *) warn 'NETBOX_URL must start with https:// (or http://)'; netbox_end ;;
    esac
    [ -n "$token" ] || { warn 'NETBOX_TOKEN is not set: nothing was reported'; netbox_end; }
    case $token in
        *[!A-Za-z0-9_.]*) warn 'NETBOX_TOKEN contains characters that are not valid in a token'; netbox_end ;;
        nbt_*) authorization="Bearer $token" ;;
        *) authorization="Token $token" ;;
    esac
    case ${NETBOX_ACME_TIMEOUT:=20} in
        0* | *[!0-9]* | ??????*) warn "NETBOX_ACME_TIMEOUT must be a number of seconds, not $NETBOX_ACME_TIMEOUT; 20 is used"; NETBOX_ACME_TIMEOUT=20 ;;
    esac
    name_host
    identify_machine
    # systemd services have no HOME.
    [ -n "${HOME:-}" ] || HOME=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6) || HOME=''
    [ -n "$HOME" ] || HOME=$(awk -F: -v "user=$(id -u)" '$3 == user { print $6; exit }' /etc/passwd 2>/dev/null) || HOME=''
    make_spool
    common_fields
}

# Reads lines NAME=value. Not sourced, so that nothing in the file is run. The environment takes precedence.
read_settings() {
    [ -e "$1" ] || return 0
    [ -r "$1" ] || { warn "$1 cannot be read by $(id -un)"; return 0; }
    # shellcheck disable=SC2012  # the mode in letters is the only portable one
    case $(ls -ldL "$1" | cut -c5-10) in
        ------) ;;
        *) warn "$1 is readable by others than its owner, and was ignored: chmod 600 $1"; return 0 ;;
    esac
    while IFS= read -r line || [ -n "$line" ]; do
        value=${line#*=} name=${line%%=*}
        # Two names would also be found in the list, but are not a variable.
        case $name in *[!A-Z_]*) continue ;; esac
        case " $SETTINGS " in *" $name "*) ;; *) continue ;; esac
        # "NETBOX_URL=https://… NETBOX_TOKEN=nbt_…": neither value would be right.
        case $value in *' NETBOX_'*=*) warn "$1 has two settings in the line of $name: write each on a separate line"; continue ;; esac
        case $value in \"*\") value=${value#\"} value=${value%\"} ;; \'*\') value=${value#\'} value=${value%\'} ;; esac
        # The name is in the list, so eval is safe.
        eval "[ -n \"\${$name+set}\" ] || $name=\$value"
    done <"$1"
}

# Creates the private spool: a report is stored there before it is sent, and deleted when NetBox has it.
make_spool() {
    spool=${NETBOX_ACME_SPOOL:-}
    if [ -z "$spool" ]; then
        spool=/var/spool/netbox-acme
        [ "$(id -u)" = 0 ] || [ -w "$spool" ] || spool=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/netbox-acme
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/netbox-acme.XXXXXX") || { warn 'cannot create a temporary folder'; netbox_end; }
    if ! mkdir -p "$spool" 2>/dev/null || [ ! -w "$spool" ]; then
        lost "the spool $spool cannot be written"
    elif ! is_own "$spool"; then
        lost "the spool $spool does not belong to $(id -un), or is writable by others"
    fi
    [ -d "$spool/bad" ] || first_run=1
    # Earlier runs are unknown.
    [ "$spool" != "$work/spool" ] || first_run=''
    mkdir -p "$spool/bad"
    take_back
    # Reports are written here first, and then moved into place, many at a time.
    stage=$spool/new.$$
    mkdir -p "$stage"
}

lost() {
    warn "$1: reports that cannot be sent now are lost"
    spool=$work/spool
    mkdir "$spool"
}

# Whether a folder, and the link to it if there is one, belongs to this user and is not writable by others, who could put
# links there to files that they may not read or write.
is_own() {
    user=$(id -u)
    # shellcheck disable=SC2012  # the mode in letters is the only portable one
    for each in "$(ls -ldn "$1")" "$(ls -ldLn "$1")"; do
        case $each in ?????w* | ????????w*) case $each in l*) ;; *) return 1 ;; esac ;; esac
        # shellcheck disable=SC2086  # into words: mode, links, owner
        set -- $each
        [ "$3" = "$user" ] || return 1
    done
}

# Sends the remaining reports of a scope, and the list of everything in it. A hook with several scopes calls it for each.
end_scope() {
    flush
    send_list_of_all
    keep_reported
    rm -f "$work/listed" "$work/skipped"
    unseen='' can_be_empty='' reported=''
}

# Sends the remaining reports, and prints the result.
netbox_finish() {
    # A host that never reports anything would not be noticed.
    [ -z "$sync" ] || [ "$found" -gt 0 ] || warn "$nothing"
    end_scope
    [ -n "$stopped" ] || stopped=$denied
    waiting=0
    for stored in "$spool"/*; do [ ! -f "$stored" ] || waiting=$((waiting + 1)); done
    if [ -n "$stopped" ]; then
        case $spool in
            "$work"/*) warn "$stopped; $waiting reports are lost" ;;
            *) warn "$stopped; $waiting reports wait in $spool for the next run" ;;
        esac
    elif [ -n "$sync" ]; then
        printf 'netbox-acme (%s): %d reported, %d skipped that expired more than %d days ago\n' \
            "$client" "$sent" "$expired" "$GIVE_UP_DAYS"
    fi
    netbox_end
}
