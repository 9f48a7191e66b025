#!/bin/sh
# Reports Caddy's certificates to NetBox from its storage: by a timer, as a user with permission to read it.
#   caddy.sh --sync [STORAGE [CHALLENGE]]
# If Caddy is built with the event handler "exec" (events { on cert_obtained exec … }):
#   caddy.sh {event.data.certificate_path} [STORAGE [CHALLENGE]]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (caddy): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# acme_server: the issuer's folder is the directory URL without scheme, with / and : replaced by -, which cannot be undone.
# The usual ones are listed here; for others, Caddy 2.7 and later write the URL next to each certificate.
read_server() {
    case $2 in
        acme-v02.api.letsencrypt.org-directory) acme_server=https://acme-v02.api.letsencrypt.org/directory ;;
        acme-staging-v02.api.letsencrypt.org-directory) acme_server=https://acme-staging-v02.api.letsencrypt.org/directory ;;
        acme.zerossl.com-v2-dv90) acme_server=https://acme.zerossl.com/v2/DV90 ;;
        dv.acme-v02.api.pki.goog-directory) acme_server=https://dv.acme-v02.api.pki.goog/directory ;;
        *)
            # All certificates of an issuer have the same server.
            if [ "$2" != "$server_of" ] || [ -z "$server" ]; then
                server_of=$2
                server=$(jq -r '.issuer_data.ca? // empty' "$1" 2>/dev/null) || server=''
            fi
            acme_server=$server
            ;;
    esac
}

# address: the e-mail address of the account with this issuer, if there is exactly one.
read_address() {
    [ "$1/$2" != "$address_of" ] || return 0
    address_of=$1/$2 address=''
    for folder in "$1/acme/$2/users"/*@*; do
        [ -d "$folder" ] || continue
        [ -z "$address" ] || { address=''; return 0; }
        address=${folder##*/}
    done
}

# Whether Caddy uses this certificate. If a name gets another issuer, the folder of the former one stays. Of several, Caddy
# uses the one with the latest start of validity.
is_in_use() {
    file=${1##*/} own=$1
    set -- "$storage"/certificates/*/"${file%.crt}/$file"
    [ $# -gt 1 ] && [ -f "$own" ] && read_chain "$own" && [ -n "$begins" ] || return 0
    own_begins=$begins
    for other in "$@"; do
        [ "$other" != "$own" ] && [ -f "$other" ] && read_chain "$other" && [ -n "$begins" ] || continue
        [ "$begins" -le "$own_begins" ] || return 1
    done
    return 0
}

# $1 storage, $2 path of the certificate, $3 time of renewal
lineage() {
    name=${2%/*} issuer=${2%/*/*}
    name=${name##*/} issuer=${issuer##*/}
    # Skip Caddy's own CA, which renews several times a day and is only trusted locally.
    [ "$issuer" != local ] || { found=$((found + 1)); return 0; }
    forget
    # Any other local CA of Caddy has its keys in the storage.
    [ ! -d "$1/pki/authorities/$issuer" ] || acme_is=false
    acme_renewed=$3 acme_challenge=$said_challenge acme_auto=true
    read_server "${2%.crt}.json" "$issuer"
    read_address "$1" "$issuer"
    acme_email=$address
    report "$issuer/$name" "$2"
}

DEFAULT=/var/lib/caddy/.local/share/caddy
server='' server_of='' address='' address_of=''
netbox_begin caddy
case ${1:-} in
    '') warn 'usage: caddy.sh --sync [STORAGE [CHALLENGE]]' ;;
    *)
        storage=${2:-} said_challenge=${3:-}
        if [ -z "$storage" ]; then
            case $1 in /*/certificates/*) storage=${1%/certificates/*} ;; *) storage=$DEFAULT ;; esac
        fi
        in_directory "$storage" "$DEFAULT"
        if [ "$1" = --sync ]; then
            sync=1
            look_into "$storage/certificates" "$storage"/certificates/*/ "$storage"/certificates/*/*/
            [ ! -d "$storage/acme" ] || can_be_empty=1
            for chain in "$storage"/certificates/*/*/*.crt; do
                [ -e "$chain" ] || [ -L "$chain" ] || continue
                is_in_use "$chain" || continue
                changed_at "$chain"
                lineage "$storage" "$chain" "$time"
            done
        else
            now
            case $1 in /*) lineage "$storage" "$1" "$time" ;; *) lineage "$storage" "$storage/$1" "$time" ;; esac
        fi
        ;;
esac
netbox_finish
