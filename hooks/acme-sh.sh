#!/bin/sh
# Reports acme.sh's certificates to NetBox. As deploy hook: ~/.acme.sh/deploy/netbox.sh with
#   netbox_deploy() { /usr/local/lib/netbox-acme/acme-sh.sh "$6"; }
# and once per certificate: acme.sh --deploy -d NAME --deploy-hook netbox (add --ecc for ECC certificates). This replaces
# the deploy hooks of the certificate, so name its other hooks, too: --deploy-hook haproxy,netbox. Or in --reloadcmd,
# without an argument. All certificates: acme-sh.sh --sync [ACME_SH_HOME]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (acme.sh): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# api, webroot, created, next, renewal_days: the values of NAME.conf, one Key='value' per line. Never sourced: these files
# contain commands, and the credentials of DNS providers.
read_conf() {
    api='' webroot='' created='' next='' renewal_days=''
    [ -r "$1" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in *"='"*"'") ;; *) continue ;; esac
        value=${line#*=\'} value=${value%\'}
        case ${line%%=*} in
            Le_API) api=$value ;;
            Le_Webroot) webroot=$value ;;
            Le_CertCreateTime) created=$value ;;
            Le_NextRenewTime) next=$value ;;
            Le_RenewalDays) renewal_days=$value ;;
        esac
    done <"$1"
}

# address: the e-mail address of the account with the CA in $2, for certificates in folder $1. Its file may contain a
# secret for external account binding, so only one line is read.
read_address() {
    [ "$1 $2" != "$address_of" ] || return 0
    address_of="$1 $2" address='' account=${2#*://}
    ca_host=${account%%/*}
    # With --cert-home the accounts are in another folder than the certificates.
    for place in "$home" "$1"; do
        account_conf=$place/ca/${ca_host%%:*}/${account#*/}/ca.conf
        [ -r "$account_conf" ] || continue
        address=$(sed -n "s/^CA_EMAIL='\(.*\)'\$/\1/p" "$account_conf" | tail -n 1)
        return 0
    done
}

# acme_challenge: Le_Webroot has an entry for each name; the challenge type is known only if all are of one kind.
read_challenge() {
    left=$1,
    while [ -n "$left" ]; do
        entry=${left%%,*} left=${left#*,}
        case $entry in
            '') continue ;;
            alpn) challenge=tls-alpn-01 ;;
            dns | dns_*) challenge=dns-01 ;;
            no | apache | stateless | nginx:* | /*) challenge=http-01 ;;
            *) challenge=unknown ;;
        esac
        case $entry in dns_persist*) challenge=unknown ;; esac
        [ "${acme_challenge:-$challenge}" = "$challenge" ] || challenge=unknown
        acme_challenge=$challenge
    done
    [ "$acme_challenge" != unknown ] || acme_challenge=''
}

# acme_days: days before expiry. Le_RenewalDays counts from issuance, unless it is negative. If it is not set, acme.sh has
# chosen the time of the next renewal: $2.
read_days() {
    case $1:$2 in
        :0* | :*[!0-9]* | :) return 0 ;;
        :*)
            read_chain "$3" && [ -n "$ends" ] && [ "$ends" -ge "$2" ] || return 0
            acme_days=$(((ends - $2) / 86400))
            return 0
            ;;
    esac
    case $1 in
        *[!0-9-]* | ?*-* | ?????*) return 0 ;;
        -*) acme_days=${1#-}; return 0 ;;
    esac
    read_chain "$3" && [ -n "$begins" ] || return 0
    decimal "$1"
    acme_days=$(((ends - begins + 1) / 86400 - decimal))
    [ "$acme_days" -ge 0 ] || acme_days=''
}

# home: the home of the certificate in folder $1, unless acme.sh has set it.
of_home() {
    [ -n "${LE_CONFIG_HOME:-}" ] || [ ! -e "${1%/*}/account.conf" ] || home=${1%/*}
    in_directory "$home" "$DEFAULT"
}

# $1 folder of the certificate, $2 time of renewal or nothing
lineage() {
    folder=$1 name=${1##*/}
    read_conf "$folder/${name%_ecc}.conf"
    # Never issued
    [ -n "$created" ] || [ -z "$sync" ] || return 0
    forget
    # acme.sh --revoke deletes NAME.cer, which a new issuance creates again, and copies the key.
    chain=$folder/fullchain.cer revoked=$folder/${name%_ecc}
    if [ -e "$revoked.key.revoked" ] && [ ! -e "$revoked.cer" ]; then
        status=revoked
        [ -e "$chain" ] || { found=$((found + 1)); list_lineage "$name"; return 0; }
    fi
    at_epoch "$created"
    acme_renewed=${2:-$time} acme_server=$api acme_auto=true
    read_challenge "$webroot"
    case ,$webroot, in *,dns,*) acme_auto=false ;; esac
    read_days "$renewal_days" "$next" "$chain"
    read_address "${folder%/*}" "$api"
    acme_email=$address
    report "$name" "$chain"
}

# The default of root: two users of a host may each have one.
DEFAULT=/root/.acme.sh
address='' address_of=''
netbox_begin acme.sh
home=${LE_CONFIG_HOME:-$HOME/.acme.sh}
case ${1:-} in
    --sync)
        sync=1
        home=${2:-$home}
        in_directory "$home" "$DEFAULT"
        certificates=$(sed -n "s/^CERT_HOME='\(.*\)'\$/\1/p" "$home/account.conf" 2>/dev/null | tail -n 1)
        [ "$certificates" != "$home" ] || certificates=''
        look_into "$home" "$home"/*/ ${certificates:+"$certificates" "$certificates"/*/}
        # Without it, the folder of all certificates is unknown.
        if [ -r "$home/account.conf" ]; then can_be_empty=1; else unseen=$home/account.conf; fi
        # acme.sh --remove deletes NAME.conf.
        for conf in "$home"/*/*.conf ${certificates:+"$certificates"/*/*.conf}; do
            folder=${conf%/*} name=${conf%/*}
            name=${name##*/}
            [ "$conf" = "$folder/${name%_ecc}.conf" ] && [ -e "$conf" ] || continue
            if [ -r "$conf" ]; then
                lineage "$folder" ''
            else
                warn "$conf cannot be read by $(id -un)"
                found=$((found + 1))
                list_lineage "$name"
            fi
        done
        ;;
    *)
        chain=${1:-${CERT_FULLCHAIN_PATH:-}}
        # --fullchain-file may name another place; the folder contains all data.
        if [ -n "${DOMAIN_PATH:-}" ]; then
            now
            of_home "$DOMAIN_PATH"
            lineage "$DOMAIN_PATH" "$time"
        elif [ -n "$chain" ]; then
            now
            of_home "${chain%/*}"
            lineage "${chain%/*}" "$time"
        else
            warn 'no certificate was named: this is a deploy hook of acme.sh; for all certificates use --sync'
        fi
        ;;
esac
netbox_finish
