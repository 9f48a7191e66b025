#!/bin/sh
# Reports uacme's certificates to NetBox, after issuance (its own hook is for challenges only):
#   uacme -h /usr/share/uacme/uacme.sh issue NAME && uacme.sh NAME [SERVER [CHALLENGE [RENEWAL_DAYS]]]
# All certificates: uacme.sh --sync [CONFIG_DIR [SERVER [CHALLENGE [RENEWAL_DAYS]]]]. In place of a value: -
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (uacme): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# $1 name, $2 time of renewal; $3… arguments of the command line, - if omitted. The keys are in another folder.
lineage() {
    forget
    acme_renewed=$2 acme_auto=${NETBOX_ACME_AUTO_RENEWAL:-true}
    [ "$3" = - ] || acme_server=$3
    [ "$4" = - ] || acme_challenge=$4
    [ "$5" = - ] || acme_days=$5
    report "$1" "$directory/$1/cert.pem"
}

DEFAULT=/etc/ssl/uacme
netbox_begin uacme
directory=${UACME_DIR:-$DEFAULT}
case ${1:-} in
    '') warn 'usage: uacme.sh NAME [SERVER [CHALLENGE [RENEWAL_DAYS]]], or uacme.sh --sync' ;;
    --sync)
        sync=1
        directory=${2:-$directory}
        in_directory "$directory" "$DEFAULT"
        look_into "$directory" "$directory"/*/
        [ ! -d "$directory/private" ] || can_be_empty=1
        for chain in "$directory"/*/cert.pem; do
            [ -e "$chain" ] || [ -L "$chain" ] || continue
            folder=${chain%/cert.pem}
            changed_at "$chain"
            lineage "${folder##*/}" "$time" "${3:--}" "${4:--}" "${5:--}"
        done
        ;;
    *)
        in_directory "$directory" "$DEFAULT"
        now
        lineage "$1" "$time" "${2:--}" "${3:--}" "${4:--}"
        ;;
esac
netbox_finish
