#!/bin/sh
# Reports dehydrated's certificates to NetBox. In the hook script that dehydrated already runs:
#   case $1 in deploy_cert|unchanged_cert) /usr/local/lib/netbox-acme/dehydrated.sh "$@" ;; esac
# All certificates of the host: dehydrated.sh --sync [CONFIG]. Other verbs are ignored; standard output stays empty.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
case ${1:-} in deploy_cert | unchanged_cert | --sync) ;; *) exit 0 ;; esac
[ -r "$lib" ] || { echo "netbox-acme (dehydrated): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# ca, contact, days_before, challenge_type, directory: the settings as printed by dehydrated, with presets expanded and
# included files read.
read_variables() {
    ca='' contact='' days_before='' challenge_type='' directory=''
    dehydrated ${CONFIG:+--config "$CONFIG"} -e </dev/null 2>/dev/null >"$work/variables" || return 1
    while IFS= read -r line; do
        case $line in 'declare -'*'="'*'"') ;; *) continue ;; esac
        value=${line#*=\"} value=${value%\"} line=${line%%=*}
        case ${line##* } in
            CA) ca=$value ;;
            CONTACT_EMAIL) contact=$value ;;
            RENEW_DAYS) days_before=$value ;;
            CHALLENGETYPE) challenge_type=$value ;;
            CERTDIR) directory=$value ;;
        esac
    done <"$work/variables"
}

lineage() {
    forget
    acme_renewed=$3 acme_server=$ca acme_email=$contact acme_days=$days_before
    acme_challenge=${CHALLENGETYPE:-$challenge_type} acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    report "$1" "$2"
}

# time: the time of issue is in the name of the file that the link points to: cert-1795479661.pem
issued_at() {
    target=$(readlink "$1") && target=${target##*cert-}
    at_epoch "${target%.pem}"
}

netbox_begin dehydrated
case $1 in
    deploy_cert)
        read_variables
        now
        lineage "${alias:-${2:-}}" "${5:-}" "$time"
        ;;
    unchanged_cert)
        read_variables
        issued_at "${4:-}"
        lineage "${alias:-${2:-}}" "${5:-}" "$time"
        ;;
    --sync)
        sync=1
        [ -z "${2:-}" ] || CONFIG=$2
        read_variables || warn 'dehydrated -e failed: check that dehydrated is on the PATH and its configuration is readable'
        for chain in "${directory:-/var/lib/dehydrated/certs}"/*/fullchain.pem; do
            [ -e "$chain" ] || continue
            folder=${chain%/fullchain.pem}
            issued_at "$folder/cert.pem"
            lineage "${folder##*/}" "$chain" "$time"
        done
        ;;
esac
netbox_finish
