#!/bin/sh
# Reports certbot's certificates to NetBox. As deploy hook:
#   ln -s /usr/local/lib/netbox-acme/certbot.sh /etc/letsencrypt/renewal-hooks/deploy/netbox
# All lineages of the host, for the first import and every night: certbot.sh --sync [CONFIG_DIR]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (certbot): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# A value of renewal/NAME.conf, which is in the form of ConfigObj. Comments hold defaults, and are no values.
conf() {
    [ -r "$conf" ] || return 0
    sed -n -e '/^\[\[/q' -e "s/^$1 *= *//p" "$conf" | tail -n 1 | sed -e "s/^\([\"']\)\(.*\)\1\$/\2/" -e 's/ *$//'
}

lineage() {
    directory=$1 name=$2
    conf=$directory/renewal/$name.conf
    forget
    acme_renewed=$3
    acme_server=$(conf server)
    authenticator=$(conf authenticator)
    preferred=$(conf pref_challs)
    acme_challenge=${preferred%%,*}
    if [ -z "$acme_challenge" ]; then
        case $authenticator in manual) acme_challenge=http-01 ;; *) acme_challenge=$authenticator ;; esac
    fi
    acme_auto=true
    [ "$(conf autorenew)" != False ] || acme_auto=false
    case $authenticator:$(conf manual_auth_hook) in manual: | manual:None) acme_auto=false ;; esac
    case $(conf renew_before_expiry) in
        *[!0-9]*' day'* | *[!0-9]*' week'*) ;;
        *' day' | *' days') acme_days=$(conf renew_before_expiry) acme_days=${acme_days%% *} ;;
        *' week' | *' weeks') acme_days=$(conf renew_before_expiry) acme_days=$((${acme_days%% *} * 7)) ;;
    esac
    # certbot keeps the account's address nowhere on the disk; an administrator may have written it here.
    acme_email=$(sed -n 's/^email *= *//p' "$directory/cli.ini" 2>/dev/null | tail -n 1)
    report "$name" "$directory/live/$name/fullchain.pem"
}

netbox_begin certbot
case ${1:-} in
    --sync)
        sync=1
        directory=${2:-/etc/letsencrypt}
        for chain in "$directory"/live/*/fullchain.pem; do
            [ -e "$chain" ] || continue
            folder=${chain%/fullchain.pem}
            # Never now: each night would look like a renewal. The link leads to what the last renewal wrote.
            lineage "$directory" "${folder##*/}" "$(changed_at "$folder/cert.pem")"
        done
        ;;
    '')
        if [ -z "${RENEWED_LINEAGE:-}" ]; then
            warn 'RENEWED_LINEAGE is not set: this is a deploy hook of certbot; for all lineages use --sync'
        else
            lineage "${RENEWED_LINEAGE%/live/*}" "${RENEWED_LINEAGE##*/live/}" "$(now)"
        fi
        ;;
    *) warn 'usage: certbot.sh [--sync [CONFIG_DIR]]' ;;
esac
netbox_finish
