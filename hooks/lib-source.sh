#!/bin/sh
# Part of the hooks' library (lib.sh): which client, host, directory and machine reports, and what the client has there in
# all.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the hooks

newline='
'

# host: the name of this machine in the external IDs.
name_host() {
    host=${NETBOX_ACME_SOURCE:-}
    [ -n "$host" ] || host=$(hostname -f 2>/dev/null) || host=''
    case $host in '' | localhost | localhost.*) host=$(uname -n) ;; esac
    scope=$client:$host:
}

# machine: distinguishes machines that have the same name. The machine ID should not leave its host as it is (machine-id(5)),
# so it is hashed together with the purpose. Empty if there is none, as in most containers.
identify_machine() {
    machine=${NETBOX_ACME_MACHINE_ID:-} id=''
    case $machine in
        '') ;;
        none) machine=''; return 0 ;;
        *[!A-Za-z0-9._-]*) warn 'NETBOX_ACME_MACHINE_ID may have letters, digits, dots, hyphens and underscores; it is ignored' ;;
        *) [ "${#machine}" -gt 64 ] || return 0; warn 'NETBOX_ACME_MACHINE_ID may have 64 characters; it is ignored' ;;
    esac
    machine=''
    read -r id 2>/dev/null </etc/machine-id
    # "uninitialized" while the system is being installed
    case $id in *[!0-9a-f]*) return 0 ;; esac
    [ "${#id}" = 32 ] || return 0
    machine=$(printf 'netbox-acme %s' "$id" | { sha256sum || sha256 || openssl dgst -sha256 -r; } 2>/dev/null | cut -c1-64)
    case $machine in *[!0-9a-f]*) machine='' ;; esac
    [ "${#machine}" = 64 ] || machine=''
}

# scope: the start of all external IDs of this run. A directory other than the client's default is part of it:
# certbot:web01.example.net/srv/letsencrypt:. So two directories of a client on one host are two sources of one name. No
# scope is the start of another, for what a list of everything lacks within its scope is gone.
# $1: directory (or file), $2: the client's default
in_directory() {
    resolve "$1"
    [ "$resolved" != "$2" ] || return 0
    left=$resolved
    resolve "$2"
    # The default may be a link to it.
    [ "$resolved" != "$left" ] || return 0
    directory_part=''
    while :; do
        case $left in
            *[%:]*) ;;
            *) break ;;
        esac
        part=${left%%[%:]*}
        left=${left#"$part"}
        case $left in %*) part=$part%25 ;; *) part=$part%3A ;; esac
        directory_part=$directory_part$part left=${left#?}
    done
    scope=$client:$host$directory_part$left:
}

# resolved: the absolute path without links of a directory, or of a file in one.
resolve() {
    if ! resolved=$(CDPATH='' cd -- "$1" 2>/dev/null && pwd -P); then
        case $1 in
            */*) resolved=$(CDPATH='' cd -- "${1%/*}/" 2>/dev/null && pwd -P) || resolved=${1%/*} ;;
            *) resolved=$(pwd -P) ;;
        esac
        resolved=${resolved%/}/${1##*/}
    fi
}

#
# Everything that the client has here. What such a list lacks twice is gone from this host, so it has whatever exists, also
# what could not be read, and it is not sent if there may be more than was seen.
#

# quoted: the external ID of a lineage that exists.
list_lineage() {
    quote "$scope$1"
    [ -z "$sync" ] || printf '%s\n' "$quoted" >>"$work/listed"
}

# Notes that a folder with lineages is not there, or cannot be looked into. A pattern that matches no folder is no harm.
look_into() {
    for each in "$@"; do
        if [ -d "$each" ]; then
            [ -r "$each" ] && [ -x "$each" ] && continue
        else
            case $each in *'*/') continue ;; esac
        fi
        unseen=${each%/}
    done
}

# Sends the list after the reports. It is never kept for later: an old list would be wrong about what came since.
send_list_of_all() {
    [ -n "$sync" ] && [ -z "$stopped" ] || return 0
    if [ -n "$unseen" ]; then
        # Otherwise it was said that nothing was found.
        [ "$found" -eq 0 ] || warn "$unseen cannot be read by $(id -un): whether certificates are gone is not reported"
        return 0
    fi
    # An empty folder may be that of a disk that is not mounted.
    [ -f "$work/listed" ] || [ -n "$can_be_empty" ] || return 0
    [ -f "$work/listed" ] || : >"$work/listed"
    quote "$scope"
    {
        printf '{"scope":%s,"external_ids":[' "$quoted"
        awk 'NR > 1 { printf "," } { printf "%s", $0 }' "$work/listed"
        printf ']'
        [ -z "$machine" ] || printf ',"machine_id":"%s"' "$machine"
        printf '}'
    } >"$work/body"
    case $(answer_to sources/sync/) in
        sent) return 0 ;;
        # It was said of a report.
        forbidden) [ -z "$denied" ] || return 0 ;;
    esac
    case $(cat "$work/code") in
        # An older version
        404 | 405) printf 'netbox-acme (%s): this NetBox SSL cannot be informed of certificates that are gone\n' "$client" ;;
        *) warn "the list of all certificates was not accepted, and is sent again by the next run: $(cat "$work/why")" ;;
    esac
}

#
# What was reported before. A lineage that expired long ago is skipped only if it never was: one that was restored from a
# backup, say, has to be reported.
#

# Whether the external ID in quoted was reported by an earlier run. If that is not known, it is taken for reported, except
# by the first run on a host: lineages that nobody renews stay on the disk for years.
was_reported() {
    if [ -z "$reported" ]; then
        name_file "$scope"
        if [ -r "$spool/.reported.$stored_as" ]; then reported=$newline$(cat "$spool/.reported.$stored_as")$newline
        elif [ -n "$first_run" ]; then reported=none
        else reported=unknown; fi
    fi
    case $reported in unknown | *"$newline$quoted$newline"*) return 0 ;; *) return 1 ;; esac
}

# Notes that the external ID in quoted is left out by this run, too.
note_skipped() { printf '%s\n' "$quoted" >>"$work/skipped"; }

keep_reported() {
    [ -n "$sync" ] && [ -z "$unseen" ] && [ -f "$work/listed" ] || return 0
    name_file "$scope"
    # shellcheck disable=SC2016  # awk's variables
    if [ ! -f "$work/skipped" ]; then cat "$work/listed"
    else awk 'NR == FNR { skipped[$0]; next } !($0 in skipped)' "$work/skipped" "$work/listed"; fi >"$stage/.reported" &&
        mv -f "$stage/.reported" "$spool/.reported.$stored_as"
}
