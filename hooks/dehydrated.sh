#!/bin/sh
# Reports dehydrated's certificates to NetBox. In the hook program that dehydrated has already:
#   case $1 in deploy_cert|unchanged_cert) /usr/local/lib/netbox-acme/dehydrated.sh "$@" ;; esac
# All certificates of the host: dehydrated.sh --sync [CONFIG]. Other verbs are ignored; standard output stays empty.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
case ${1:-} in deploy_cert | unchanged_cert | --sync) ;; *) exit 0 ;; esac
[ -r "$lib" ] || { echo "netbox-acme (dehydrated): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# dehydrated's own word for its settings: presets are expanded, included files read.
variables() { dehydrated ${CONFIG:+--config "$CONFIG"} -e </dev/null 2>/dev/null >"$work/variables"; }
variable() { sed -n "s/^declare -[a-z-]* $1=\"\(.*\)\"\$/\1/p" "$work/variables" | tail -n 1; }

lineage() {
    forget
    acme_renewed=$3
    acme_server=$(variable CA)
    acme_email=$(variable CONTACT_EMAIL)
    acme_days=$(variable RENEW_DAYS)
    acme_challenge=${CHALLENGETYPE:-$(variable CHALLENGETYPE)}
    acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    report "$1" "$2"
}

# The time of issue stands in the name that the link leads to: cert-1795479661.pem
issued_at() {
    target=$(readlink "$1") && target=${target##*cert-}
    at_epoch "${target%.pem}"
}

netbox_begin dehydrated
case $1 in
    deploy_cert)
        variables
        lineage "${alias:-${2:-}}" "${5:-}" "$(now)"
        ;;
    unchanged_cert)
        variables
        lineage "${alias:-${2:-}}" "${5:-}" "$(issued_at "${4:-}")"
        ;;
    --sync)
        sync=1
        [ -z "${2:-}" ] || CONFIG=$2
        variables || warn 'dehydrated -e fails: is dehydrated on the PATH, and its configuration readable?'
        directory=$(variable CERTDIR)
        for chain in "${directory:-/var/lib/dehydrated/certs}"/*/fullchain.pem; do
            [ -e "$chain" ] || continue
            folder=${chain%/fullchain.pem}
            lineage "${folder##*/}" "$chain" "$(issued_at "$folder/cert.pem")"
        done
        ;;
esac
netbox_finish
