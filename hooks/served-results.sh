#!/bin/sh
# Part of served.sh: the results of the checks, in the form in which NetBox takes them; no other part knows it.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the library

# Results in a list: NetBox takes up to 500, but seconds to add so many endpoints
RESULTS=200
# Adds since when each endpoint has had its result, and keeps the results of endpoints that were not checked now.
# shellcheck disable=SC2016  # awk's variables
HISTORY='
    FILENAME == before { result[$1] = $2; since[$1] = $3; line[$1] = $0; next }
    FILENAME == waiting { if ($3 in line) print line[$3] >after; next }
    $2 == "-" { if ($1 in line) print line[$1] >after; next }
    {
        began = result[$1] == $2 ? since[$1] : time
        print $1, $2, began, now >after
        print $1, $2, began, $3, $4, $5, $6, $7
    }'

# $1: lineage; result is - if the endpoint was not checked
add_result() {
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$result" "$address" "$port" "$name" "$starttls" "$detail" >>"$work/checked"
}

# Keeps the results for the next run: lineage, result, since when, and the last check in seconds since 1970.
keep_results() {
    for list in checked results; do [ -f "$work/$list" ] || : >"$work/$list"; done
    awk -F "$tab" -v "OFS=$tab" -v "before=$results_before" -v "waiting=$work/waiting" -v "after=$work/results" \
        -v "time=$checked_at" -v "now=$started" "$HISTORY" "$results_before" "$work/waiting" "$work/checked" >"$work/with-since"
    mv "$work/results" "$results_before"
}

# Sends the results, in lists.
send_results() {
    [ -s "$work/with-since" ] && [ -z "$stopped" ] || return 0
    : >"$work/objects"
    while IFS="$tab" read -r id result since address port name starttls detail; do
        quote "$scope$id"
        json="{\"external_id\":$quoted"
        field address "$address"
        literal port "$port"
        field server_name "${name#-}"
        field starttls "${starttls#-}"
        field result "$result"
        field detail "$detail"
        field since "$since"
        field checked_at "$checked_at"
        printf '%s}\n' "$json" >>"$work/objects"
    done <"$work/with-since"
    quote "$host"
    first=1 last=$(awk 'END { print NR }' "$work/objects")
    while [ "$first" -le "$last" ]; do
        {
            printf '{"monitor":%s' "$quoted"
            [ -z "$machine" ] || printf ',"machine_id":"%s"' "$machine"
            printf ',"results":['
            awk -v "first=$first" -v "count=$RESULTS" '
                NR >= first && NR < first + count { printf "%s%s", (NR == first ? "" : ","), $0 }' "$work/objects"
            printf ']}'
        } >"$work/body"
        case $(answer_to endpoints/results/)-$(cat "$work/code") in
            sent-*) name_refused "$first" ;;
            *-404 | *-405) say 'this version of NetBox SSL takes certificates, but no results of checks'; return 0 ;;
            *) warn "the results of the checks were not accepted: $(cat "$work/why")" ;;
        esac
        first=$((first + RESULTS))
    done
}

# Warns if some results of the list were not recorded: {"results": […], "errors": [{"index": 7, "errors": {…}}]}.
# $1: line of the first result of the list
name_refused() {
    refused=$(tr -d '\000-\037' <"$work/answer" | sed -e 's/.*"errors": *\[//' | cut -c1-300)
    case $refused in '{"index":'*) ;; *) return 0 ;; esac
    index=${refused#*:} index=${index%%,*}
    id=$(sed -n "$(($1 + index))p" "$work/with-since" | cut -f1)
    warn "NetBox did not record some results, such as that of $id: $refused"
}
