#!/bin/sh
# Reports Caddy's certificates to NetBox, from its storage: by a timer, as a user who may read it.
#   caddy.sh --sync [STORAGE [CHALLENGE]]
# Where Caddy is built with the event handler "exec" (events { on cert_obtained exec … }):
#   caddy.sh {event.data.certificate_path} [STORAGE [CHALLENGE]]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (caddy): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# The issuer's folder is the directory URL without scheme, with - for / and : which cannot be turned back; so Caddy 2.7
# and later write it beside the certificate, and of 2.6 the usual ones are known here.
server() {
    if command -v jq >/dev/null 2>&1; then
        ca=$(jq -r '.issuer_data.ca? // empty' "$1" 2>/dev/null)
        [ -z "$ca" ] || { printf %s "$ca"; return 0; }
    fi
    case $2 in
        acme-v02.api.letsencrypt.org-directory) echo https://acme-v02.api.letsencrypt.org/directory ;;
        acme-staging-v02.api.letsencrypt.org-directory) echo https://acme-staging-v02.api.letsencrypt.org/directory ;;
        acme.zerossl.com-v2-dv90) echo https://acme.zerossl.com/v2/DV90 ;;
        dv.acme-v02.api.pki.goog-directory) echo https://dv.acme-v02.api.pki.goog/directory ;;
    esac
}

# The address of the account with this issuer, where there is exactly one.
account() {
    found=''
    for folder in "$1/acme/$2/users"/*@*; do
        [ -d "$folder" ] || continue
        [ -z "$found" ] || return 0
        found=${folder##*/}
    done
    printf %s "$found"
}

# $1 storage, $2 path of the certificate, $3 time of renewal
lineage() {
    folder=${2%/*} issuer=${2%/*/*} issuer=${issuer##*/}
    # Caddy's own CA renews several times a day, and nobody else trusts it.
    [ "$issuer" != local ] || return 0
    forget
    acme_renewed=$3
    acme_server=$(server "${2%.crt}.json" "$issuer")
    acme_email=$(account "$1" "$issuer")
    acme_challenge=$challenge
    acme_auto=true
    report "$issuer/${folder##*/}" "$2"
}

netbox_begin caddy
case ${1:-} in
    '') warn 'usage: caddy.sh --sync [STORAGE [CHALLENGE]]' ;;
    *)
        storage=${2:-/var/lib/caddy/.local/share/caddy} challenge=${3:-}
        if [ "$1" = --sync ]; then
            sync=1
            [ -r "$storage/certificates" ] || warn "$storage/certificates cannot be read by $(id -un)"
            for chain in "$storage"/certificates/*/*/*.crt; do
                [ ! -e "$chain" ] || lineage "$storage" "$chain" "$(changed_at "$chain")"
            done
        else
            case $1 in /*) lineage "$storage" "$1" "$(now)" ;; *) lineage "$storage" "$storage/$1" "$(now)" ;; esac
        fi
        ;;
esac
netbox_finish
