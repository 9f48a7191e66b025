#!/bin/sh
# Part of the hooks' library (lib.sh): which client, host, directory and machine reports, and the list of all
# certificates of the client.
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

# machine: distinguishes machines with the same name. The machine ID should not leave its host unhashed (machine-id(5)), so
# it is hashed together with the purpose. Empty if there is none, as in most containers.
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

# machine: a cluster is identified by its namespace kube-system; the machine where the hook runs does not matter.
identify_cluster() {
    [ -z "${NETBOX_ACME_MACHINE_ID:-}" ] || return 0
    machine=$(kubectl get namespaces kube-system -o 'jsonpath={.metadata.uid}' 2>/dev/null) || machine=''
    case $machine in *[!0-9a-f-]*) machine='' ;; esac
}

# scope: the start of all external IDs of this run. A directory other than the client's default is part of it:
# certbot:web01.example.net/srv/letsencrypt:. So two directories of a client on one host are two sources of one name. No
# scope is the start of another, because certificates missing from the list of a scope are gone.
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
# The list of everything that the client has here. Certificates missing from two lists are gone from this host, so the list
# contains all that exist, even if they could not be read, and is not sent if there may be more.
#

# quoted: the external ID of a lineage that exists.
list_lineage() {
    quote "$scope$1"
    [ -z "$sync" ] || printf '%s\n' "$quoted" >>"$work/listed"
}

# Records that a folder with lineages does not exist or cannot be read. A pattern that matches no folder is ignored.
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

# Sends the list after the reports. It is never stored for later, because an old list lacks newer certificates.
send_list_of_all() {
    [ -n "$sync" ] && [ -z "$stopped" ] && [ -z "$incomplete" ] || return 0
    if [ -n "$unseen" ]; then
        # Otherwise a warning that nothing was found was printed.
        [ "$found" -eq 0 ] || warn "$unseen cannot be read by $(id -un): whether certificates are gone is not reported"
        return 0
    fi
    # An empty folder may belong to a disk that is not mounted.
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
        # A report has already printed this.
        forbidden) [ -z "$denied" ] || return 0 ;;
    esac
    case $(cat "$work/code") in
        # An older version
        404 | 405) printf 'netbox-acme (%s): this version of NetBox SSL does not support reports of deleted certificates\n' "$client" ;;
        *) warn "the list of all certificates was not accepted; the next run sends it again: $(cat "$work/why")" ;;
    esac
}

#
# Previous reports. A lineage that expired long ago is skipped only if it was never reported: one that was restored from a
# backup, for example, must be reported.
#

# Whether the external ID in quoted was reported by an earlier run. If that is unknown, it counts as reported, except in
# the first run on a host, because lineages that are no longer renewed stay on the disk for years.
was_reported() {
    if [ -z "$reported" ]; then
        name_file "$scope"
        if [ -r "$spool/.reported.$stored_as" ]; then reported=$newline$(cat "$spool/.reported.$stored_as")$newline
        elif [ -n "$first_run" ]; then reported=none
        else reported=unknown; fi
    fi
    case $reported in unknown | *"$newline$quoted$newline"*) return 0 ;; *) return 1 ;; esac
}

# Records that this run also skips the external ID in quoted.
note_skipped() { printf '%s\n' "$quoted" >>"$work/skipped"; }

keep_reported() {
    [ -n "$sync" ] && [ -z "$unseen" ] && [ -f "$work/listed" ] || return 0
    name_file "$scope"
    # shellcheck disable=SC2016  # awk's variables
    if [ ! -f "$work/skipped" ]; then cat "$work/listed"
    else awk 'NR == FNR { skipped[$0]; next } !($0 in skipped)' "$work/skipped" "$work/listed"; fi >"$stage/.reported" &&
        mv -f "$stage/.reported" "$spool/.reported.$stored_as"
}
