#!/bin/sh
# Reports uacme's certificates to NetBox, after it has issued (its own hook is for challenges only):
#   uacme -h /usr/share/uacme/uacme.sh issue NAME && uacme.sh NAME [SERVER [CHALLENGE [RENEWAL_DAYS]]]
# All certificates: uacme.sh --sync [CONFIG_DIR [SERVER [CHALLENGE [RENEWAL_DAYS]]]]. In place of a value: -
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (uacme): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

argument() { case $1 in -) ;; *) printf %s "$1" ;; esac; }

# $1 name, $2 time of renewal; $3… what was given on the command line. The keys are in another folder.
lineage() {
    forget
    acme_renewed=$2
    acme_server=$(argument "${3:--}")
    acme_challenge=$(argument "${4:--}")
    acme_days=$(argument "${5:--}")
    acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    report "$1" "$directory/$1/cert.pem"
}

netbox_begin uacme
directory=${UACME_DIR:-/etc/ssl/uacme}
case ${1:-} in
    '') warn 'usage: uacme.sh NAME [SERVER [CHALLENGE [RENEWAL_DAYS]]], or uacme.sh --sync' ;;
    --sync)
        sync=1
        directory=${2:-$directory}
        for chain in "$directory"/*/cert.pem; do
            [ -e "$chain" ] || continue
            folder=${chain%/cert.pem}
            lineage "${folder##*/}" "$(changed_at "$chain")" "${3:--}" "${4:--}" "${5:--}"
        done
        ;;
    *) lineage "$1" "$(now)" "${2:--}" "${3:--}" "${4:--}" ;;
esac
netbox_finish
