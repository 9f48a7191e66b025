#!/bin/sh
# Connects to TLS endpoints and reports the certificates that they serve to NetBox: what visitors get, as seen from this
# host. By a timer; needs openssl.
#   served.sh --sync [FILE]        FILE is /etc/netbox-acme-endpoints by default
# One endpoint per line: HOST[:PORT] [sni=NAME] [starttls=PROTOCOL] [ca=FILE]. The port is 443 by default; PROTOCOL is one
# of those of "openssl s_client -starttls". Certificates are verified with the system's trust store or the given CA file.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (served): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

STARTTLS=' smtp pop3 imap ftp xmpp xmpp-server irc postgres mysql lmtp nntp sieve ldap '
# Connections at the same time, and seconds for all of them
PARALLEL=20
LIMIT_OF_ALL=1200
# Entries in a list of results
RESULTS=500

# Writes the endpoints into $work/endpoints, one per line: host, port, name (of the certificate, by SNI), protocol of
# STARTTLS, CA file; - if there is none. $1: file
read_endpoints() {
    number=0
    : >"$work/endpoints"
    : >"$work/listed-endpoints"
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%"$return"}
        trim "${line%%#*}"
        [ -n "$trimmed" ] || continue
        read_endpoint "$trimmed" || { warn "$1, line $number: $problem"; continue; }
        if grep -q -x -F -e "$address:$port$tab$name" "$work/listed-endpoints"; then
            warn "$1, line $number: $address:$port is listed twice"
            continue
        fi
        printf '%s:%s\t%s\n' "$address" "$port" "$name" >>"$work/listed-endpoints"
        printf '%s\t%s\t%s\t%s\t%s\n' "$address" "$port" "$name" "$starttls" "$ca" >>"$work/endpoints"
    done <"$1"
}

# address, port, name, starttls, ca: an endpoint. Returns 1 and sets problem if the line is not valid.
read_endpoint() {
    name=- starttls=- ca=- port=443
    set -f
    # shellcheck disable=SC2086  # into words
    set -- $1
    set +f
    address=$1
    shift
    case $address in
        \[*\]) ;;
        *\]:* | *:*) port=${address##*:} address=${address%:*} ;;
    esac
    case $port in '' | 0* | *[!0-9]* | ??????*) problem="$port is not a port"; return 1 ;; esac
    [ "$port" -le 65535 ] || { problem="$port is not a port"; return 1; }
    case $address in
        \[*[!0-9a-fA-F:.]*\]) problem="$address is not an IPv6 address"; return 1 ;;
        \[*:*:*\]) ;;
        '' | -* | .* | *[!A-Za-z0-9._-]*)
            problem="$address is not a host name or an IP address (IPv6 addresses need brackets: [2001:db8::1]:443)"
            return 1
            ;;
    esac
    for word in "$@"; do
        value=${word#*=}
        case $word in
            sni=) problem='sni= needs a host name'; return 1 ;;
            sni=-* | sni=*[!A-Za-z0-9._=-]* | sni=*=*) problem="$value is not a host name"; return 1 ;;
            sni=*) name=$value ;;
            starttls=*)
                case $STARTTLS in *" $value "*) starttls=$value ;; *) problem="starttls= is one of$STARTTLS"; return 1 ;; esac
                ;;
            ca=?*) [ -r "$value" ] || { problem="$value cannot be read by $(id -un)"; return 1; }; ca=$value ;;
            *) problem="$word is unknown: sni=, starttls= and ca= are possible"; return 1 ;;
        esac
    done
}

# Connects to every endpoint. Worker number N has those with the numbers N, N + PARALLEL, …
check_all() {
    deadline=$(($(date +%s) + LIMIT_OF_ALL))
    worker=0 workers=''
    while [ "$worker" -lt "$PARALLEL" ]; do
        worker=$((worker + 1))
        work_off "$worker" &
        workers="$workers $!"
    done
    # shellcheck disable=SC2086  # into words
    wait $workers
}

work_off() {
    # Not the traps of the run, which delete its files.
    trap - EXIT HUP INT TERM
    number=0
    while IFS="$tab" read -r address port name starttls ca <&3; do
        number=$((number + 1))
        [ $((number % PARALLEL)) -eq $(($1 % PARALLEL)) ] || continue
        [ "$(date +%s)" -lt "$deadline" ] || return 0
        connect "$number" "$address" "$port" "$name" "$starttls" "$ca"
    done 3<"$work/endpoints"
}

# Writes what openssl prints into $work/out.N and $work/error.N. $work/late.N exists if the connection was ended after the
# time limit.
connect() {
    out=$work/out.$1 error=$work/error.$1 late=$work/late.$1
    shift
    expected=$3
    [ "$expected" != - ] || expected=$1
    connect_to=$1:$2 connect_starttls=$4 connect_ca=$5
    set -- -connect "$connect_to" -showcerts -prexit
    case $expected in
        # An address is not sent as SNI.
        \[*\]) [ -z "$verifies_names" ] || { expected=${expected#\[}; set -- "$@" -verify_ip "${expected%\]}"; } ;;
        *[!0-9.]*)
            set -- "$@" -servername "$expected"
            [ -z "$verifies_names" ] || set -- "$@" -verify_hostname "$expected"
            ;;
        *) [ -z "$verifies_names" ] || set -- "$@" -verify_ip "$expected" ;;
    esac
    [ "$connect_ca" = - ] || set -- "$@" -CAfile "$connect_ca"
    case $connect_starttls in
        -) ;;
        xmpp*) set -- "$@" -starttls "$connect_starttls" -xmpphost "$expected" ;;
        *) set -- "$@" -starttls "$connect_starttls" ;;
    esac
    # A server may send without end.
    (
        ulimit -f 2048 2>/dev/null
        exec openssl s_client "$@" </dev/null >"$out" 2>"$error"
    ) &
    connection=$!
    (
        trap 'kill $! 2>/dev/null; exit 0' TERM
        sleep "$LIMIT" &
        wait $!
        : >"$late"
        kill -9 "$connection" 2>/dev/null
    ) &
    watch=$!
    wait "$connection" 2>/dev/null
    kill "$watch" 2>/dev/null
    wait "$watch" 2>/dev/null
}

# result, detail: of the connection N, from what openssl printed. Its messages are not translated.
judge() {
    result='' detail=''
    if [ ! -f "$work/error.$1" ]; then
        result=timeout detail="not checked within $LIMIT_OF_ALL seconds for all endpoints"
        return 0
    fi
    # shellcheck disable=SC2016  # awk's variables
    awk '
        /^-----BEGIN CERTIFICATE-----$/ && !over { inside = 1 }
        inside { print }
        /^-----END CERTIFICATE-----$/ { inside = 0 }
        # With -prexit, everything may be there twice.
        /^Server certificate$/ { over = 1 }
    ' "$work/out.$1" >"$work/chain.$1"
    # "depth=1 CN = …" is the line before "verify error:num=20:unable to get local issuer certificate".
    # shellcheck disable=SC2016  # awk's variables
    verified=$(awk '
        /^depth=/ { depth = substr($1, 7) + 0 }
        /^verify error:num=/ { split($0, part, /[=:]/); seen[part[3] + 0] = 1; if (part[3] == 20 && depth > 0) above = 1; last = $0 }
        END {
            sub(/^verify error:num=[0-9]*:/, "", last)
            if (10 in seen) print "expired"
            else if (9 in seen) print "not_yet_valid"
            else if (62 in seen || 64 in seen) print "name_mismatch"
            else if ((20 in seen || 21 in seen) && !above && !(18 in seen) && !(19 in seen)) print "incomplete_chain"
            else if (last != "") print "untrusted"
            else print "ok"
            print last
        }' "$work/error.$1")
    if [ -s "$work/chain.$1" ]; then
        result=${verified%%"$newline"*} detail=${verified#*"$newline"}
        [ "$result" != "$verified" ] || detail=''
    elif [ -f "$work/late.$1" ]; then result=timeout detail="no certificate within $LIMIT seconds"
    else judge_failure "$1"; fi
}

# result, detail: of a connection without a certificate. The reason is the sixth field of an error of openssl:
# 40F7…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…
judge_failure() {
    said=$(grep -v '^depth=\|^verify' "$work/error.$1" | head -n 5 | cut -c1-300)
    detail=$(printf '%s\n' "$said" | awk -F: '$2 == "error" && $6 != "system lib" { print $6; exit }')
    case $said in
        *'onnection timed out'* | *errno=110* | *'Operation timed out'*) result=timeout ;;
        *errno=* | *'onnection refused'* | *getaddrinfo* | *BIO_lookup* | *BIO_connect*) result=refused ;;
        # The first bytes were not those of TLS, in the words of several versions.
        *'wrong version'* | *'packet length'* | *'unexpected eof'* | *'unknown protocol'* | *'record layer'*) result=not_tls ;;
        # Another failure of the handshake, such as an alert, or no common version
        *'SSL routines'*) result=refused ;;
        *) result=not_tls ;;
    esac
    case $said in
        *BIO_lookup* | *getaddrinfo*) detail='the host name cannot be resolved' ;;
        *errno=104* | *errno=54*) detail='the connection was reset' ;;
    esac
    detail=${detail:-${said%%"$newline"*}}
}

# From here to send_results, the form in which NetBox takes results; no other part knows it.

# since: since when the endpoint has had this result, as far as this monitor knows.
known_since() {
    since=$(awk -F "$tab" -v "id=$1" -v "result=$2" '$1 == id && $2 == result { print $3; exit }' "$results_before" 2>/dev/null)
    since=${since:-$checked}
}

# Adds a result to the list. $1: external ID
add_result() {
    known_since "$1" "$result"
    printf '%s\t%s\t%s\n' "$1" "$result" "$since" >>"$work/results"
    quote "$1"
    json="{\"external_id\":$quoted"
    field address "$address"
    literal port "$port"
    field server_name "${name#-}"
    field starttls "${starttls#-}"
    field result "$result"
    field detail "$detail"
    field since "$since"
    field checked_at "$checked"
    printf '%s}\n' "$json" >>"$work/result-list"
}

# Sends the list of results, in parts.
send_results() {
    [ -s "$work/result-list" ] && [ -z "$stopped" ] || return 0
    quote "$host"
    first=1 last=$(awk 'END { print NR }' "$work/result-list")
    while [ "$first" -le "$last" ]; do
        {
            printf '{"monitor":%s' "$quoted"
            [ -z "$machine" ] || printf ',"machine_id":"%s"' "$machine"
            printf ',"results":['
            awk -v "first=$first" -v "count=$RESULTS" '
                NR >= first && NR < first + count { printf "%s%s", (NR == first ? "" : ","), $0 }' "$work/result-list"
            printf ']}'
        } >"$work/body"
        first=$((first + RESULTS))
        case $(answer_to endpoints/results/) in sent) continue ;; esac
        case $(cat "$work/code") in
            # An older version
            404 | 405) return 0 ;;
            *) warn "the results of the checks were not accepted: $(cat "$work/why")" ;;
        esac
    done
}

return=$(printf '\r')
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
endpoints=${2:-${NETBOX_ENDPOINTS:-/etc/netbox-acme-endpoints}}
command -v openssl >/dev/null 2>&1 || { warn 'openssl is needed: install it'; netbox_end; }
[ -f "$endpoints" ] && [ -r "$endpoints" ] || { warn "$endpoints cannot be read by $(id -un)"; netbox_end; }
case $(openssl s_client -help 2>&1) in *-verify_hostname*) verifies_names=1 ;; *) verifies_names='' ;; esac
read_endpoints "$endpoints"
name_file "$scope"
results_before=$spool/.results.$stored_as
: >"$work/results"
check_all
now
checked=$time number=0 good=0
while IFS="$tab" read -r address port name starttls ca <&4; do
    number=$((number + 1))
    judge "$number"
    lineage=$address:$port
    [ "$name" = - ] || lineage=$lineage/$name
    if [ -s "$work/chain.$number" ]; then
        forget
        report "$lineage" "$work/chain.$number"
    else
        found=$((found + 1))
        list_lineage "$lineage"
    fi
    add_result "$scope$lineage"
    if [ "$result" = ok ]; then good=$((good + 1)); else printf 'netbox-acme (served): %s %s %s\n' "$result" "$lineage" "$detail"; fi
    rm -f "$work/out.$number" "$work/error.$number" "$work/chain.$number" "$work/late.$number"
done 4<"$work/endpoints"
can_be_empty=1
printf 'netbox-acme (served): %d endpoints checked, %d ok\n' "$number" "$good"
end_scope
send_results
mv "$work/results" "$results_before" 2>/dev/null
netbox_finish
