#!/bin/sh
# Part of served.sh: the connections to the endpoints, several at a time, and the result of each.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the library

# Connections at the same time, and seconds for all of them
PARALLEL=20
LIMIT_OF_ALL=1200

# Checks every endpoint that is due. That of line N gets $work/result.N, with its result and details, and $work/chain.N, with
# the certificates that it serves; or neither if there was no time. Worker W has the lines W, W + PARALLEL, …
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
    out=$work/out.$1 error=$work/error.$1 late=$work/late.$1
    number=0
    while IFS="$tab" read -r _ _ _ address port name starttls ca <&3; do
        number=$((number + 1))
        [ $((number % PARALLEL)) -eq $(($1 % PARALLEL)) ] || continue
        [ "$(date +%s)" -lt "$deadline" ] || return 0
        connect
        judge "$work/chain.$number"
        printf '%s\t%s\n' "$result" "$detail" >"$work/result.$number"
        rm -f "$late"
    done 3<"$work/due"
}

# Writes what openssl prints into $out and $error. $late exists if the connection was ended after the time limit.
connect() {
    expected=$name
    [ "$expected" != - ] || expected=$address
    set -- -connect "$address:$port" -showcerts -prexit
    case $expected in
        # An address is not sent as SNI.
        *:*) [ -z "$verifies_names" ] || { expected=${expected#\[}; set -- "$@" -verify_ip "${expected%\]}"; } ;;
        *[!0-9.]*)
            set -- "$@" -servername "$expected"
            [ -z "$verifies_names" ] || set -- "$@" -verify_hostname "$expected"
            ;;
        *) [ -z "$verifies_names" ] || set -- "$@" -verify_ip "$expected" ;;
    esac
    [ "$ca" != - ] || ca=${NETBOX_ENDPOINT_CA_FILE:--}
    [ "$ca" = - ] || set -- "$@" -CAfile "$ca"
    case $starttls in
        -) ;;
        xmpp*) set -- "$@" -starttls "$starttls" -xmpphost "$expected" ;;
        *) set -- "$@" -starttls "$starttls" ;;
    esac
    # A server may send without end: one megabyte is enough, and 256 of memory.
    (
        ulimit -f 2048 2>/dev/null
        # Not every shell can limit memory. One that cannot goes on without the limit.
        # shellcheck disable=SC3045
        ulimit -v 262144 2>/dev/null
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

# Writes the certificates that openssl printed, and then the result and its reason; its messages are not translated.
# "depth=1 CN = …" is the line before "verify error:num=20:unable to get local issuer certificate".
# shellcheck disable=SC2016  # awk's variables
VERDICT='
    FILENAME == out {
        # Before the chain is what the server says before STARTTLS; with -prexit, everything may be there twice.
        if ($0 == "Certificate chain" && !over) in_chain = 1
        if ($0 == "Server certificate") { over = 1; in_chain = 0 }
        if (in_chain && $0 == "-----BEGIN CERTIFICATE-----") inside = count = 1
        if (inside) print >chain
        if ($0 == "-----END CERTIFICATE-----") inside = 0
        next
    }
    /^depth=/ { depth = substr($1, 7) + 0 }
    /^verify error:num=/ {
        split($0, part, /[=:]/)
        seen[part[3] + 0]
        if (part[3] == 20 && depth > 0) above = 1
        last = $0
        sub(/^verify error:num=[0-9]*:/, "", last)
    }
    END {
        if (!count) print ""
        else if (10 in seen) print "expired"
        else if (9 in seen) print "not_yet_valid"
        else if (62 in seen || 64 in seen) print "name_mismatch"
        else if ((20 in seen || 21 in seen) && !above && !(18 in seen) && !(19 in seen)) print "incomplete_chain"
        else if (last != "") print "untrusted"
        else print "ok"
        print last
    }'

# result, detail: of the connection, from what openssl printed. $1: file for the chain
judge() {
    verdict=$(awk -v "out=$out" -v "chain=$1" "$VERDICT" "$out" "$error" 2>/dev/null)
    result=${verdict%%"$newline"*} detail=${verdict#*"$newline"}
    [ "$detail" != "$verdict" ] || detail=''
    if [ -n "$result" ]; then return 0
    elif [ -f "$late" ]; then result=timeout detail="no certificate within $LIMIT seconds"
    else judge_failure; fi
}

# result, detail: of a connection without a certificate. The reason is the sixth field of an error of openssl:
# 40F7…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:…
judge_failure() {
    said=$(grep -v '^depth=\|^verify' "$error" | head -n 5 | cut -c1-300 | tr -d '\000-\011\013-\037\177')
    detail=$(printf '%s\n' "$said" | awk -F: '$2 == "error" && $6 != "system lib" { print $6; exit }')
    case $said in
        *'onnection timed out'* | *errno=110* | *'peration timed out'* | *errno=60*) result=timeout ;;
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
