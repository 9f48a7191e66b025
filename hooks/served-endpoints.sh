#!/bin/sh
# Part of served.sh: which endpoints this monitor checks: those that NetBox gives to it, and those of a file.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the library

STARTTLS=' smtp pop3 imap ftp xmpp xmpp-server irc postgres mysql lmtp nntp sieve ldap '
# Endpoints in a response of NetBox; fewer if its MAX_PAGE_SIZE is smaller
PAGE=250
FIELDS=address,port,server_name,starttls,ca_file,monitor,interval,checked_at
# Prints the number of all endpoints and of those in this response, and one line for each: address, port, name, protocol, CA
# file, interval, time of the last check. One with a tag may be given to another monitor by its name. Without regular
# expressions, which some builds of jq lack.
# shellcheck disable=SC2016  # jq's variables
RESPONSE='
    def text: if type == "object" then .value else . end | if . == null then "" else tostring end
        | explode | map(select(. > 32 and . != 127)) | implode | if . == "" then "-" else . end;
    def epoch: (.[0:19] + "Z" | fromdateiso8601) - (if endswith("Z") then 0 else .[-6:] as $zone
        | ($zone[1:3] | tonumber) * 3600 + ($zone[4:6] | tonumber) * 60
        | if $zone[0:1] == "-" then -. else . end end);
    "\(.count) \(.results | length)",
    (.results[] | select(.monitor == $monitor or .monitor == "")
        | [.address, .port, .server_name, .starttls, .ca_file, .interval // 0, (.checked_at | try epoch catch 0)]
        | map(text) | join("\t"))'
# Merges what is listed twice, and finds out what is due. A timer is not exact, so an endpoint is due a little earlier.
# Prints the time of the last check, a number, and the endpoint. The one that was checked the longest ago comes first after
# sorting, because there may be more than can be checked in one run.
# shellcheck disable=SC2016  # awk's variables
CHOICE='
    FILENAME == before { checked[$1] = $4; next }
    $1 in number {
        n = number[$1]
        if ($9 == "-") next
        if (place[n] != "-") { print $9 ": " $2 ":" $3 " is listed twice" >twice; next }
        # It is in NetBox, too, which added it if it was only in the file. The file counts for what is not set there.
        place[n] = $9
        if (starttls[n] == "-") starttls[n] = $5
        if (ca[n] == "-") ca[n] = $6
        if (interval[n] == 0) interval[n] = $7
        next
    }
    {
        number[$1] = n = ++count
        id[n] = $1; address[n] = $2; port[n] = $3; name[n] = $4; starttls[n] = $5; ca[n] = $6; interval[n] = $7
        last[n] = $8 == "-" ? checked[$1] + 0 : $8
        place[n] = $9
    }
    END {
        for (n = 1; n <= count; n++)
            print last[n], n, id[n], address[n], port[n], name[n], starttls[n], ca[n] \
                > (last[n] + interval[n] * 54 > now ? waiting : due)
    }'

# Writes the endpoints that are due into $work/due, one per line: time of the last check in seconds since 1970, a number,
# lineage, address, port, name (of the certificate, by SNI), protocol of STARTTLS, CA file; - if there is none. Those that are not
# due yet are in $work/waiting. $1: file, folder with files, or empty
read_endpoints() {
    for list in found due waiting twice; do : >"$work/$list"; done
    endpoints_of_netbox
    if [ -d "$1" ]; then
        for each in "$1"/*; do [ ! -f "$each" ] || endpoints_of_file "$each"; done
    elif [ -n "$1" ]; then endpoints_of_file "$1"; fi
    awk -F "$tab" -v "OFS=$tab" -v "before=$results_before" -v "now=$started" -v "twice=$work/twice" \
        -v "waiting=$work/waiting" -v "due=$work/unsorted" "$CHOICE" "$results_before" "$work/found"
    while IFS= read -r problem; do warn "$problem"; done <"$work/twice"
    [ ! -f "$work/unsorted" ] || sort -k 1,1n -k 2,2n "$work/unsorted" >"$work/due"
}

# $1: time of the last check or - if only this host knows it, $2: where it is listed or -
add_endpoint() {
    id=$address:$port
    [ "$name" = - ] || id=$id/$name
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
        "$id" "$address" "$port" "$name" "$starttls" "$ca" "$interval" "$1" "$2" >>"$work/found"
}

#
# From NetBox
#

# Adds the endpoints that NetBox gives to this monitor, by its name and by the tags in NETBOX_ENDPOINT_TAGS.
endpoints_of_netbox() {
    if ! command -v jq >/dev/null 2>&1; then
        if [ -n "$endpoints" ]; then say "jq is not installed: only the endpoints in $endpoints are checked"
        else warn "jq is needed for the endpoints in NetBox: install it, or list endpoints in $DEFAULT"; fi
        return 0
    fi
    must_wait && { incomplete=1; return 0; }
    pages_of monitor "$host" || return 0
    left=${NETBOX_ENDPOINT_TAGS:-},
    while [ -n "$left" ]; do
        trim "${left%%,*}"
        left=${left#*,}
        [ -z "$trimmed" ] || pages_of tag "$trimmed" || return 0
    done
}

# Adds the endpoints for which a parameter of the list has this value. Returns 1 if they are unknown.
pages_of() {
    offset=0
    while :; do
        outcome=$(answer_to endpoints/ --get --data-urlencode "$1=$2" --data "ordering=id" \
            --data "fields=$FIELDS" --data "limit=$PAGE" --data "offset=$offset")
        [ "$outcome" = sent ] || { without_netbox "$outcome" "$1 $2"; return 1; }
        if ! jq -r --arg monitor "$host" "$RESPONSE" "$work/answer" >"$work/page" 2>/dev/null; then
            echo 'the response is not a list of endpoints' >"$work/why"
            without_netbox refused "$1 $2"
            return 1
        fi
        add_page
        offset=$((offset + size))
        [ "$size" -gt 0 ] && [ "$offset" -lt "$count" ] || return 0
    done
}

# count, size: endpoints in all, and in this response
add_page() {
    {
        read -r count size
        while IFS="$tab" read -r address port name starttls ca interval last; do
            # Brackets separate an IPv6 address from the port.
            case $address in *:*) address="[$address]" ;; esac
            if check_endpoint; then add_endpoint "$last" -; else warn "endpoint $address:$port in NetBox: $problem"; fi
        done
    } <"$work/page"
}

# $1: outcome of the request, $2: which endpoints were requested
without_netbox() {
    # Without them, the list of everything would be incomplete.
    incomplete=1
    case $1-$(cat "$work/code") in
        failed-404 | failed-405)
            incomplete=''
            if [ -n "$endpoints" ]; then say "this version of NetBox SSL has no endpoints: only those in $endpoints are checked"
            else warn "$(cat "$work/why"), in a version with endpoints; or list endpoints in $DEFAULT"; fi
            ;;
        # One line at the end
        failed-*) stopped=$(cat "$work/why") ;;
        *) warn "the endpoints in NetBox of $2 are not checked: $(cat "$work/why")" ;;
    esac
}

#
# From a file
#

# Adds the endpoints in a file. $1: file
endpoints_of_file() {
    number=0
    [ -r "$1" ] || { warn "$1 cannot be read by $(id -un)"; incomplete=1; return 0; }
    while IFS= read -r line || [ -n "$line" ]; do
        number=$((number + 1))
        line=${line%"$return"}
        trim "${line%%#*}"
        [ -n "$trimmed" ] || continue
        if read_line "$trimmed" && check_endpoint; then add_endpoint - "$1, line $number"
        else warn "$1, line $number: $problem"; fi
    done <"$1"
}

# address, port, name, starttls, ca, interval: an endpoint, from HOST[:PORT] [OPTION=VALUE …]. Returns 1 and sets problem
# if an option is unknown.
read_line() {
    name=- starttls=- ca=- interval=0 port=443
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
    for word in "$@"; do
        value=${word#*=}
        case $word in
            sni=?*) name=$value ;;
            starttls=?*) starttls=$value ;;
            interval=?*) interval=$value ;;
            ca=?*) ca=$value ;;
            sni= | starttls= | interval= | ca=) problem="$word needs a value"; return 1 ;;
            *) problem="$word is unknown: sni=, starttls=, ca= and interval= are possible"; return 1 ;;
        esac
    done
    # As NetBox writes them, so that one endpoint has one name
    case $address$name in
        *[A-Z]*) address=$(printf %s "$address" | tr '[:upper:]' '[:lower:]') name=$(printf %s "$name" | tr '[:upper:]' '[:lower:]') ;;
    esac
    address=${address%.} name=${name%.}
    case $address in "$name" | "[$name]") name=- ;; esac
}

# Returns 1 and sets problem if the endpoint is not valid.
check_endpoint() {
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
    case $name in
        -) ;;
        *[!0-9a-fA-F:.]*:* | *:*[!0-9a-fA-F:.]*) problem="$name is not a host name"; return 1 ;;
        *:*:*) ;;
        '' | -* | *[!A-Za-z0-9._-]*) problem="$name is not a host name"; return 1 ;;
    esac
    case $STARTTLS in
        *" $starttls "*) ;;
        *) [ "$starttls" = - ] || { problem="starttls= is one of$STARTTLS"; return 1; } ;;
    esac
    case $interval in
        0) ;;
        0* | *[!0-9]* | ??????*) problem="$interval is not a number of minutes"; return 1 ;;
    esac
    [ "$ca" = - ] || { [ -f "$ca" ] && [ -r "$ca" ]; } || { problem="$ca cannot be read by $(id -un)"; return 1; }
}
