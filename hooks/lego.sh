#!/bin/sh
# Reports lego's certificates to NetBox; lego 4 and 5. As hook (lego splits it at spaces; quotes do not work):
#   lego 4: --run-hook or --renew-hook "/usr/local/lib/netbox-acme/lego.sh https://ca.example/directory dns-01"
#   lego 5: --deploy-hook likewise; lego 5 passes the server
# All certificates: lego.sh --sync [LEGO_DIR [SERVER [CHALLENGE [RENEWAL_DAYS]]]]. In place of a value: -
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (lego): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# $1 file, $2 time of renewal; $3… arguments of the command line, - if omitted
lineage() {
    file=${1##*/}
    forget
    acme_renewed=$2 acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    [ "$3" = - ] || acme_server=$3
    [ "$4" = - ] || acme_challenge=$4
    [ "$5" = - ] || acme_days=$5
    acme_server=${LEGO_HOOK_ACCOUNT_SERVER:-$acme_server}
    acme_email=${LEGO_HOOK_ACCOUNT_EMAIL:-${LEGO_ACCOUNT_EMAIL:-$account}}
    report "${file%.crt}" "$1"
}

# The e-mail address of the account, if there is exactly one.
only_account() {
    found=''
    for folder in "$1"/accounts/*/*@*; do
        [ -d "$folder" ] || continue
        [ -z "$found" ] || return 0
        found=${folder##*/}
    done
    printf %s "$found"
}

# lego uses .lego in the folder where it is started; this is the folder of the guide.
DEFAULT=/var/lib/lego
netbox_begin lego
account=''
case ${1:-} in
    --sync)
        sync=1
        directory=${2:-.lego}
        in_directory "$directory" "$DEFAULT"
        look_into "$directory/certificates"
        [ ! -d "$directory/accounts" ] || can_be_empty=1
        account=$(only_account "$directory")
        for chain in "$directory"/certificates/*.crt; do
            [ -e "$chain" ] || [ -L "$chain" ] || continue
            case $chain in *.issuer.crt) continue ;; esac
            changed_at "$chain"
            lineage "$chain" "$time" "${3:--}" "${4:--}" "${5:--}"
        done
        ;;
    *)
        chain=${LEGO_HOOK_CERT_PATH:-${LEGO_CERT_PATH:-}}
        if [ -n "$chain" ]; then
            case $chain in */certificates/*) in_directory "${chain%/certificates/*}" "$DEFAULT" ;; esac
            now
            lineage "$chain" "$time" "${1:--}" "${2:--}" "${3:--}"
        else
            warn 'LEGO_CERT_PATH is not set: this is a hook of lego; for all certificates use --sync'
        fi
        ;;
esac
netbox_finish
