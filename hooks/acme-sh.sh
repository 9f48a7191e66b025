#!/bin/sh
# Reports acme.sh's certificates to NetBox. As deploy hook, which displaces nothing: ~/.acme.sh/deploy/netbox.sh with
#   netbox_deploy() { /usr/local/lib/netbox-acme/acme-sh.sh "$6"; }
# and once per certificate: acme.sh --deploy -d NAME --deploy-hook netbox (with --ecc where it is one). Or as part of
# --reloadcmd, without an argument. All certificates: acme-sh.sh --sync [ACME_SH_HOME]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (acme.sh): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# A value of NAME.conf. Never sourced: these files hold commands, and the credentials of DNS providers.
conf() { sed -n "s/^$1='\(.*\)'\$/\1/p" "$2" 2>/dev/null | tail -n 1; }

# Le_Webroot has an entry for each name; only where all are of one kind it tells how they are proved.
challenge() {
    printf '%s\n' "$1" | tr ',' '\n' | while IFS= read -r entry; do
        case $entry in
            alpn) echo tls-alpn-01 ;;
            dns_persist*) echo unknown ;;
            dns | dns_*) echo dns-01 ;;
            no | apache | stateless | nginx:* | /*) echo http-01 ;;
            '') ;;
            *) echo unknown ;;
        esac
    done | sort -u | awk '{ found = $0 } END { if (NR == 1 && found != "unknown") print found }'
}

# Days before the end: Le_RenewalDays counts from the issue, unless it is negative.
days() {
    case $1 in
        '' | *[!0-9-]*) return 0 ;;
        -*) printf %s "${1#-}"; return 0 ;;
    esac
    command -v openssl >/dev/null 2>&1 || return 0
    dates=$(openssl x509 -noout -startdate -enddate -in "$2" 2>/dev/null) || return 0
    begin=$(epoch_of "$(printf '%s\n' "$dates" | sed -n 's/^notBefore=//p')")
    end=$(epoch_of "$(printf '%s\n' "$dates" | sed -n 's/^notAfter=//p')")
    left=$(((end - begin + 1) / 86400 - $1))
    [ "$left" -lt 0 ] || printf %s "$left"
}

# $1 folder of the certificate, $2 time of renewal or nothing
lineage() {
    folder=$1 name=${1##*/}
    file=$folder/${name%_ecc}.conf
    forget
    # Never issued
    created=$(conf Le_CertCreateTime "$file")
    [ -n "$created" ] || [ -z "${sync:-}" ] || return 0
    acme_renewed=${2:-$(at_epoch "$created")}
    acme_server=$(conf Le_API "$file")
    methods=$(conf Le_Webroot "$file")
    acme_challenge=$(challenge "$methods")
    acme_auto=true
    case ,$methods, in *,dns,*) acme_auto=false ;; esac
    acme_days=$(days "$(conf Le_RenewalDays "$file")" "$folder/fullchain.cer")
    # That file may hold a secret of external account binding: one line of it is taken.
    account=${acme_server#*://}
    ca_host=${account%%/*}
    acme_email=$(conf CA_EMAIL "${folder%/*}/ca/${ca_host%%:*}/${account#*/}/ca.conf")
    report "$name" "$folder/fullchain.cer"
}

netbox_begin acme.sh
case ${1:-} in
    --sync)
        sync=1
        home=${2:-${LE_CONFIG_HOME:-${HOME:-}/.acme.sh}}
        for chain in "$home"/*/fullchain.cer; do
            [ ! -e "$chain" ] || lineage "${chain%/fullchain.cer}" ''
        done
        ;;
    *)
        chain=${1:-${CERT_FULLCHAIN_PATH:-}}
        # --fullchain-file may have put it elsewhere; the folder knows all.
        if [ -n "${DOMAIN_PATH:-}" ]; then
            lineage "$DOMAIN_PATH" "$(now)"
        elif [ -n "$chain" ]; then
            lineage "${chain%/*}" "$(now)"
        else
            warn 'no certificate was named: this is a deploy hook of acme.sh; for all certificates use --sync'
        fi
        ;;
esac
netbox_finish
