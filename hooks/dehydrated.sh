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

# ca, contact, days_before, challenge_type, directory, account, domains_d: the settings as printed by dehydrated, with
# presets expanded and included files read.
read_variables() {
    ca='' contact='' days_before='' challenge_type='' directory='' account='' domains_d=''
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
            ACCOUNT_KEY) account=$value ;;
            DOMAINS_D) domains_d=$value ;;
        esac
    done <"$work/variables"
}

# days_before_it, challenge_it: the settings of one certificate, if it has any. dehydrated runs that file; only plain lines
# are read here. $1: alias, $2: folder of the certificate
read_own_settings() {
    days_before_it=$days_before challenge_it=$challenge_type own_settings=$2/config
    [ -z "$domains_d" ] || own_settings=$domains_d/$1
    [ -f "$own_settings" ] && [ -r "$own_settings" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        trim "$line"
        line=${trimmed#export }
        value=${line#*=}
        # Neither contains spaces; a comment may follow.
        value=${value%%[ "$tab"]*}
        case $value in \"*\" | \'*\') value=${value#?} value=${value%?} ;; esac
        case $line in
            RENEW_DAYS=*) days_before_it=$value ;;
            CHALLENGETYPE=*) challenge_it=$value ;;
        esac
    done <"$own_settings"
}

# $1 alias, $2 chain, $3 time of renewal
lineage() {
    forget
    read_own_settings "$1" "${2%/*}"
    acme_renewed=$3 acme_server=$ca acme_email=$contact acme_days=$days_before_it
    # dehydrated passes the settings it uses to its hook.
    acme_challenge=${CHALLENGETYPE:-$challenge_it} acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    report "$1" "$2"
}

# time: the time of issue is in the name of the file that the link points to: cert-1795479661.pem
issued_at() {
    target=$(readlink "$1") && target=${target##*cert-}
    at_epoch "${target%.pem}"
}

# As packaged by Debian
DEFAULT=/var/lib/dehydrated/certs
netbox_begin dehydrated
# The folder of the certificate is in the folder of all certificates.
case $1:${5:-} in [du]*:*/*/*) in_directory "${5%/*/*}" "$DEFAULT" ;; esac
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
        if ! read_variables; then
            warn 'dehydrated -e failed: check that dehydrated is on the PATH and its configuration is readable'
            # It may store its certificates elsewhere.
            unseen=${CONFIG:-its configuration}
        fi
        directory=${directory:-$DEFAULT}
        in_directory "$directory" "$DEFAULT"
        look_into "$directory" "$directory"/*/
        [ ! -e "$account" ] || can_be_empty=1
        for chain in "$directory"/*/fullchain.pem; do
            [ -e "$chain" ] || [ -L "$chain" ] || continue
            folder=${chain%/fullchain.pem}
            issued_at "$folder/cert.pem"
            lineage "${folder##*/}" "$chain" "$time"
        done
        ;;
esac
netbox_finish
