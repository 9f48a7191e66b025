#!/bin/sh
# Connects to TLS endpoints and reports the certificates that they serve to NetBox: what visitors get, as seen from this
# host. By a timer; needs openssl, and jq for the endpoints in NetBox.
#   served.sh --sync [FILE]
# Checks the endpoints that NetBox gives to this monitor, and those of a file (or of all files in a folder), which is
# /etc/netbox-acme-endpoints by default, one per line: HOST[:PORT] [sni=NAME] [starttls=PROTOCOL] [ca=FILE] [interval=MINUTES]. The port is 443 by default; PROTOCOL is
# one of those of "openssl s_client -starttls". Certificates are verified with the system's trust store or the CA file.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
for part in lib served-endpoints served-connections served-results; do [ -r "${lib%lib.sh}$part.sh" ] || { echo "netbox-acme (served): ${lib%lib.sh}$part.sh is missing" >&2; exit 0; }; done
# shellcheck source=hooks/lib.sh
. "$lib"
# shellcheck source=hooks/served-endpoints.sh
. "${lib%lib.sh}served-endpoints.sh"
# shellcheck source=hooks/served-connections.sh
. "${lib%lib.sh}served-connections.sh"
# shellcheck source=hooks/served-results.sh
. "${lib%lib.sh}served-results.sh"

DEFAULT=/etc/netbox-acme-endpoints
return=$(printf '\r')

say() { printf 'netbox-acme (served): %s\n' "$*"; }

netbox_begin served
kind=served
if [ "${1:-}" != --sync ]; then
    warn 'usage: served.sh --sync [FILE]'
    netbox_end
fi
sync=1
LIMIT=${NETBOX_ENDPOINT_TIMEOUT:-10}
case $LIMIT in
    '' | 0* | *[!0-9]* | ????*) warn "NETBOX_ENDPOINT_TIMEOUT must be a number of seconds, not $LIMIT; 10 is used"; LIMIT=10 ;;
esac
command -v openssl >/dev/null 2>&1 || { warn 'openssl is needed: install it'; netbox_end; }
[ -r "${NETBOX_ENDPOINT_CA_FILE:-/}" ] || { warn "NETBOX_ENDPOINT_CA_FILE: $NETBOX_ENDPOINT_CA_FILE cannot be read by $(id -un)"; netbox_end; }
endpoints=${2:-${NETBOX_ENDPOINTS:-}}
# The default may be missing.
if [ -n "$endpoints" ] || [ -e "$DEFAULT" ]; then
    endpoints=${endpoints:-$DEFAULT}
    [ -f "$endpoints" ] || [ -d "$endpoints" ] && [ -r "$endpoints" ] || { warn "$endpoints cannot be read by $(id -un)"; netbox_end; }
fi
case $(openssl s_client -help 2>&1) in *-verify_hostname*) verifies_names=1 ;; *) verifies_names='' ;; esac
name_file "$scope"
results_before=$spool/.results.$stored_as
[ -f "$results_before" ] || : >"$results_before"
read_endpoints "$endpoints"
check_all
now
checked_at=$time number=0 good=0 late=0
while IFS="$tab" read -r _ _ id address port name starttls _ <&4; do
    number=$((number + 1))
    IFS="$tab" read -r result detail 2>/dev/null <"$work/result.$number" || { result=- detail='' late=$((late + 1)); }
    if [ -s "$work/chain.$number" ]; then
        forget
        report "$id" "$work/chain.$number"
    else
        found=$((found + 1))
        list_lineage "$id"
    fi
    add_result "$id"
    case $result in ok) good=$((good + 1)) ;; -) ;; *) say "$result $id $detail" ;; esac
    rm -f "$work/chain.$number"
done 4<"$work/due"
# They exist.
waiting=0
while IFS="$tab" read -r _ _ id _; do
    waiting=$((waiting + 1)) found=$((found + 1))
    list_lineage "$id"
done <"$work/waiting"
say "$((number - late)) endpoints checked, $good ok, $waiting not due yet"
[ "$late" = 0 ] || warn "$late endpoints were not checked within $LIMIT_OF_ALL seconds: give them to several monitors"
can_be_empty=1
keep_results
nothing="no endpoints: give some to the monitor $host in NetBox, or list them in $DEFAULT"
end_scope
send_results
netbox_finish
