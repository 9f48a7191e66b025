#!/bin/sh
# Part of the hooks' library (lib.sh): the spool, and the request to NetBox.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the hooks

# Returns reports to the spool that a killed run was sending. Incomplete files are deleted.
take_back() {
    for claim in "$spool"/sending.* "$spool"/new.*; do
        [ -d "$claim" ] || continue
        kill -0 "${claim##*.}" 2>/dev/null && continue
        case $claim in "$spool"/new.*) rm -rf "$claim" ;; *) give_back "$claim" ;; esac
    done
}

# Puts claimed reports into the spool again, unless there is a newer one meanwhile.
give_back() {
    ln "$1"/* "$spool/" 2>/dev/null
    for report in "$1"/*; do
        # A file system without hard links
        [ ! -f "$report" ] || [ -e "$spool/${report##*/}" ] || mv "$report" "$spool/"
    done
    rm -rf "$1"
}

# Sends the reports in the spool, in lists.
flush() {
    if [ "$queued" -gt 0 ]; then
        queued=0
        # Move each into place in one step; newer ones replace waiting ones.
        mv -f "$stage"/* "$spool/" || warn "$spool cannot be written"
    fi
    [ -z "$stopped" ] || return 0
    must_wait && return 0
    find "$spool" -type f -mtime "+$GIVE_UP_DAYS" -exec rm -f {} + 2>/dev/null
    claim=$spool/sending.$$
    set --
    for stored in "$spool"/*; do
        [ -f "$stored" ] || continue
        set -- "$@" "$stored"
        [ $# -ge "$LIST_SIZE" ] || continue
        send_list "$@"
        set --
        [ -z "$stopped" ] || return 0
    done
    [ $# -eq 0 ] || send_list "$@"
}

# Whether NetBox asked to retry later, and it is not later yet.
must_wait() {
    if not_before=$(cat "$spool/.not-before" 2>/dev/null) && [ "$(date +%s)" -lt "${not_before:-0}" ] 2>/dev/null; then
        stopped='NetBox asked to retry later'
        return 0
    fi
    rm -f "$spool/.not-before"
    return 1
}

# Claims these reports by moving them, so that two runs never send the same one, and a newer report is not deleted with
# the older one. Then sends them.
send_list() {
    mkdir -p "$claim"
    # Another run may have claimed some of them already.
    mv "$@" "$claim/" 2>/dev/null
    set -- "$claim"/*
    # A single report needs no second attempt.
    if [ $# -gt 1 ]; then send_all "$@"; elif [ -f "$1" ]; then send_each "$@"; fi
    give_back "$claim"
}

# Sends all at once, or one at a time if NetBox refuses one of them: a bad report must not block the others.
send_all() {
    case $(outcome "$@") in
        sent) sent=$((sent + $#)); rm -f "$@" ;;
        refused | taken | forbidden | broken) send_each "$@" ;;
        *) stopped=$(cat "$work/why") ;;
    esac
}

send_each() {
    forbidden='' broken=0 taken=0
    for each in "$@"; do
        out_of_time && return 0
        case $(outcome "$each") in
            sent) sent=$((sent + 1)) taken=1; rm -f "$each" ;;
            # A single report may break NetBox. If others do, too, NetBox is out of order.
            broken)
                forbidden=$(cat "$work/why") broken=$((broken + 1))
                [ "$taken" = 1 ] || [ "$broken" -lt 3 ] || break
                ;;
            refused)
                warn "NetBox refused ${each##*/}: $(cat "$work/why") (kept in $spool/bad)"
                mv -f "$each" "$spool/bad/"
                ;;
            taken)
                # With another name, it will be another report.
                rm -f "$each"
                [ -n "$name_taken" ] || warn "another machine also reports to NetBox as $host: set NETBOX_ACME_SOURCE to a \
name that only this host has. If this host replaces that machine, clear the machine ID of the certificate source ${each##*/}"
                name_taken=1
                ;;
            forbidden) forbidden=$(cat "$work/why") ;;
            *) stopped=$(cat "$work/why"); return 0 ;;
        esac
    done
    if [ "$broken" -gt 0 ] && [ "$taken" = 0 ]; then
        stopped=$forbidden
    elif [ -n "$forbidden" ]; then
        # Reported at the end; the rest of the spool is still sent.
        denied=$forbidden
    fi
}

# A hook keeps its client waiting, so it stops after three time limits. The nightly run has no limit.
out_of_time() {
    [ -z "$sync" ] || return 1
    [ $(($(date +%s) - started)) -lt $((3 * NETBOX_ACME_TIMEOUT)) ] && return 1
    stopped='NetBox is slow'
}

# Sends these files as one list. Prints the same as answer_to.
outcome() {
    # Each report is one line.
    awk 'BEGIN { printf "[" } NR > 1 { printf "," } { printf "%s", $0 } END { printf "]" }' "$@" >"$work/body"
    answer_to certificates/import/
}

# Sends $work/body to this path of the REST API, or another request with these arguments of curl. Prints sent, refused, taken
# (the name belongs to another machine), forbidden, broken or failed, and writes why into $work/why, and the status into
# $work/code.
answer_to() {
    path=$1
    shift
    [ $# -gt 0 ] || set -- --data-binary "@$work/body"
    : >"$work/answer"
    : >"$work/headers"
    # Ignores the configuration of the user (it might follow redirects and send the token elsewhere), and passes the token
    # on standard input, because others can read command lines and files.
    # The first megabyte of a response is enough; ulimit counts in 512 bytes. If ulimit fails, all of it is stored.
    answered=$(
        trap '' XFSZ
        ulimit -f 2048 2>/dev/null
        printf 'Authorization: %s\nContent-Type: application/json\nAccept: application/json\n' "$authorization" |
            curl -q --silent --show-error --proto '=http,https' --max-redirs 0 \
                --connect-timeout 5 --max-time "$NETBOX_ACME_TIMEOUT" ${NETBOX_CA_FILE:+--cacert "$NETBOX_CA_FILE"} \
                -H @- -D "$work/headers" -o "$work/answer" -w '%{http_code} %{num_connects}' \
                "$@" "$url/api/plugins/ssl/$path" 2>"$work/error"
    )
    code=${answered%% *}
    code=${code:-000}
    echo "$code" >"$work/code"
    said=$(tr -d '\000-\037' <"$work/answer" | cut -c1-300)
    case $code in
        2??) echo sent ;;
        400 | 413 | 422)
            echo "$said" >"$work/why"
            # The response contains the remedy, in any language.
            case $(cat "$work/answer") in
                *'"external_id"'*NETBOX_ACME_SOURCE*) echo taken ;;
                # A setting is wrong, not the report: it is sent again once the tenant or tag exists.
                *tenancy.view_tenant* | *extras.view_tag*)
                    echo "check NETBOX_TENANT and NETBOX_TAGS: $said" >"$work/why"
                    echo forbidden
                    ;;
                *) echo refused ;;
            esac
            ;;
        401) echo "NetBox does not accept the token (NETBOX_TOKEN): $said" >"$work/why"; echo failed ;;
        403)
            echo "the token (NETBOX_TOKEN) does not permit it: $said" >"$work/why"
            # NetBox also responds with 403 to an unknown token; the others then need not be tried.
            case $said in *[Tt]oken*) echo failed ;; *) echo forbidden ;; esac
            ;;
        3??) echo "NetBox redirects to $(header location | cut -c1-200): set NETBOX_URL to that address" >"$work/why"; echo failed ;;
        404 | 405) echo "HTTP $code: check NETBOX_URL, and that the plugin NetBox SSL is installed there" >"$work/why"; echo failed ;;
        000)
            echo "NetBox cannot be reached: $(tr -d '\000-\037' <"$work/error" | cut -c1-200)" >"$work/why"
            # If it was reached, the list may take it longer than the time limit.
            case $answered in *' 0' | '') echo failed ;; *) echo broken ;; esac
            ;;
        *)
            echo "NetBox responded with HTTP $code" >"$work/why"
            case $code-$(wait_as_asked) in 5??-) echo broken ;; *) echo failed ;; esac
            ;;
    esac
}

header() {
    tr -d '\r' <"$work/headers" |
        awk -v "name=$1:" 'tolower($1) == name { sub(/^[^:]*:[ ]*/, ""); last = $0 } END { print last }'
}

# Prints Retry-After in seconds (RFC 9110 section 10.2.3), at most a day; a date counts as five minutes.
wait_as_asked() {
    asked=$(header retry-after)
    case $asked in
        '') return 0 ;;
        *[!0-9]*) asked=300 ;;
        ??????*) asked=86400 ;;
    esac
    echo $(($(date +%s) + asked)) >"$spool/.not-before"
    echo "$asked"
}
