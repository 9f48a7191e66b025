#!/bin/sh
# Reports certbot's certificates to NetBox. As deploy hook:
#   mkdir -p /etc/letsencrypt/renewal-hooks/deploy
#   ln -sf /usr/local/lib/netbox-acme/certbot.sh /etc/letsencrypt/renewal-hooks/deploy/netbox
# All lineages of the host, for the first import and every night: certbot.sh --sync [CONFIG_DIR]
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (certbot): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# server, authenticator, preferred, autorenew, auth_hook, before_expiry: the values of renewal/NAME.conf, in the format of
# ConfigObj. Comments contain defaults, which are not read.
read_conf() {
    server='' authenticator='' preferred='' autorenew='' auth_hook='' before_expiry=''
    [ -r "$1" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in '[['*) return 0 ;; *=*) ;; *) continue ;; esac
        trim "${line#*=}"
        case $trimmed in \"*\" | \'*\') trimmed=${trimmed#?} trimmed=${trimmed%?} ;; esac
        line=${line%%=*}
        case ${line%% *} in
            server) server=$trimmed ;;
            authenticator) authenticator=$trimmed ;;
            pref_challs) preferred=${trimmed%%,*} ;;
            autorenew) autorenew=$trimmed ;;
            manual_auth_hook) auth_hook=$trimmed ;;
            renew_before_expiry) before_expiry=$trimmed ;;
        esac
    done <"$1"
}

# $1 configuration directory, $2 name, $3 time of renewal
lineage() {
    directory=$1 name=$2
    read_conf "$directory/renewal/$name.conf"
    forget
    acme_renewed=$3 acme_server=$server acme_email=$address acme_auto=true
    acme_challenge=${preferred:-$authenticator}
    case $acme_challenge in manual) acme_challenge=http-01 ;; esac
    [ "$autorenew" != False ] || acme_auto=false
    case $authenticator:$auth_hook in manual: | manual:None) acme_auto=false ;; esac
    case $before_expiry in
        *[!0-9]*' day'* | *[!0-9]*' week'*) ;;
        *' day' | *' days') acme_days=${before_expiry%% *} ;;
        *' week' | *' weeks') decimal "${before_expiry%% *}"; acme_days=$((decimal * 7)) ;;
    esac
    report "$name" "$directory/live/$name/fullchain.pem"
}

# address: certbot does not store the e-mail address of the account; an administrator may have set it in cli.ini.
read_address() { address=$(sed -n 's/^email *= *//p' "$1/cli.ini" 2>/dev/null | tail -n 1); }

DEFAULT=/etc/letsencrypt
netbox_begin certbot
case ${1:-} in
    --sync)
        sync=1
        directory=${2:-$DEFAULT}
        read_address "$directory"
        in_directory "$directory" "$DEFAULT"
        look_into "$directory/live"
        [ ! -r "$directory/renewal" ] || can_be_empty=1
        for folder in "$directory"/live/*/; do
            folder=${folder%/}
            [ -d "$folder" ] || continue
            if [ ! -L "$folder/fullchain.pem" ] && [ ! -e "$folder/fullchain.pem" ] && [ -x "$folder" ]; then
                list_lineage "${folder##*/}"
                continue
            fi
            # Not the current time, with which each night would look like a renewal. The link points to the last renewal.
            changed_at "$folder/cert.pem"
            lineage "$directory" "${folder##*/}" "$time"
        done
        # Lineages that cannot be found otherwise, until certbot deletes them
        for conf in "$directory"/renewal/*.conf; do
            conf=${conf##*/}
            [ ! -e "$directory/renewal/$conf" ] || [ -d "$directory/live/${conf%.conf}" ] || list_lineage "${conf%.conf}"
        done
        ;;
    '')
        if [ -z "${RENEWED_LINEAGE:-}" ]; then
            warn 'RENEWED_LINEAGE is not set: this is a deploy hook of certbot; for all lineages use --sync'
        else
            directory=${RENEWED_LINEAGE%/live/*}
            in_directory "$directory" "$DEFAULT"
            read_address "$directory"
            now
            lineage "$directory" "${RENEWED_LINEAGE##*/live/}" "$time"
        fi
        ;;
    *) warn 'usage: certbot.sh [--sync [CONFIG_DIR]]' ;;
esac
netbox_finish
