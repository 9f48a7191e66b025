#!/bin/sh
# What the hooks of all ACME clients share: settings, picking the certificates, the spool, the report to NetBox.
# Sourced by the hook files beside it. POSIX shell; needs curl. Nothing here may break a renewal: see netbox_end.
# Settings, each an environment variable or a line NAME=value of /etc/netbox-acme.conf (NETBOX_ACME_CONFIG):
# NETBOX_URL, NETBOX_TOKEN, and the optional ones in the documentation (docs/how-to/clients/index.md).

SETTINGS="NETBOX_URL NETBOX_TOKEN NETBOX_TENANT NETBOX_TAGS NETBOX_CA_FILE NETBOX_ACME_SOURCE NETBOX_ACME_SERVER \
NETBOX_ACME_EMAIL NETBOX_ACME_CHALLENGE NETBOX_ACME_AUTO_RENEWAL NETBOX_ACME_RENEWAL_DAYS NETBOX_ACME_SPOOL \
NETBOX_ACME_TIMEOUT NETBOX_ACME_STRICT"

# Reports of one request, and the age in days at which expired lineages and unsendable reports are given up.
LIST_SIZE=100
GIVE_UP_DAYS=30

failed=0 stopped='' denied='' sent=0 expired=0 queued=0 work='' tab=$(printf '\t')

# One clear line: on stderr, and in the syslog where there is one.
warn() {
    failed=1
    printf 'netbox-acme (%s): %s\n' "$client" "$*" >&2
    if command -v logger >/dev/null 2>&1; then
        logger -t netbox-acme -p daemon.warning -- "$client: $*" 2>/dev/null
    fi
    return 0
}

# Ends the script. A hook that fails would make acme.sh, lego and dehydrated stop: only NETBOX_ACME_STRICT lets it.
netbox_end() {
    [ -z "$work" ] || rm -rf "$work"
    trap - EXIT
    case ${NETBOX_ACME_STRICT:-} in '' | 0 | no | false) exit 0 ;; esac
    exit "$failed"
}

# Reads the settings and makes the spool. $1: the client's name, which every external ID begins with.
netbox_begin() {
    client=$1 token=${NETBOX_TOKEN:-}
    # Not in the environment of curl and the others.
    unset NETBOX_TOKEN
    started=$(date +%s)
    umask 077
    trap netbox_end EXIT
    trap 'failed=1; exit 1' HUP INT TERM
    read_settings "${NETBOX_ACME_CONFIG:-/etc/netbox-acme.conf}"
    url=${NETBOX_URL:-} token=${token:-${NETBOX_TOKEN:-}}
    while [ "$url" != "${url%/}" ]; do url=${url%/}; done
    case $url in
        '') warn 'NETBOX_URL is not set: nothing was reported'; netbox_end ;;
        *@*) warn 'NETBOX_URL must not hold a user or password; use NETBOX_TOKEN'; netbox_end ;;
        http://* | https://*) ;;
        *) warn 'NETBOX_URL must begin with https:// (or http://)'; netbox_end ;;
    esac
    [ -n "$token" ] || { warn 'NETBOX_TOKEN is not set: nothing was reported'; netbox_end; }
    case $token in
        *[!A-Za-z0-9_.]*) warn 'NETBOX_TOKEN holds characters that no token has'; netbox_end ;;
        nbt_*) authorization="Bearer $token" ;;
        *) authorization="Token $token" ;;
    esac
    host=${NETBOX_ACME_SOURCE:-}
    [ -n "$host" ] || host=$(hostname -f 2>/dev/null) || host=''
    case $host in '' | localhost | localhost.*) host=$(uname -n) ;; esac
    make_spool
}

# Lines NAME=value; not sourced, so that nothing in it is run. What the environment has wins.
read_settings() {
    [ -e "$1" ] || return 0
    [ -r "$1" ] || { warn "$1 cannot be read by $(id -un)"; return 0; }
    # shellcheck disable=SC2012  # the mode in letters is the only portable one
    case $(ls -ldL "$1" | cut -c5-10) in
        ------) ;;
        *) warn "$1 is readable by others than its owner, and was ignored: chmod 600 $1"; return 0 ;;
    esac
    while IFS= read -r line || [ -n "$line" ]; do
        value=${line#*=} name=${line%%=*}
        case " $SETTINGS " in *" $name "*) ;; *) continue ;; esac
        case $value in \"*\") value=${value#\"} value=${value%\"} ;; \'*\') value=${value#\'} value=${value%\'} ;; esac
        # The name is one of the list.
        eval "[ -n \"\${$name+set}\" ] || $name=\$value"
    done <"$1"
}

# Private, and kept: a report is stored before it is sent, and deleted when NetBox has it.
make_spool() {
    spool=${NETBOX_ACME_SPOOL:-}
    if [ -z "$spool" ]; then
        spool=/var/spool/netbox-acme
        [ "$(id -u)" = 0 ] || [ -w "$spool" ] || spool=${XDG_STATE_HOME:-${HOME:-/nonexistent}/.local/state}/netbox-acme
    fi
    work=$(mktemp -d "${TMPDIR:-/tmp}/netbox-acme.XXXXXX") || { warn 'no temporary folder can be made'; netbox_end; }
    if ! mkdir -p "$spool/bad" 2>/dev/null || [ ! -w "$spool" ]; then
        warn "the spool $spool cannot be written: what cannot be sent now is lost"
        spool=$work/spool
        mkdir -p "$spool/bad"
    fi
    take_back
}

# Reports that a killed run had taken out of the spool to send them.
take_back() {
    for claim in "$spool"/sending.*; do
        [ -d "$claim" ] || continue
        kill -0 "${claim##*.}" 2>/dev/null && continue
        give_back "$claim"
    done
}

# Puts claimed reports into the spool again; where a newer one came meanwhile, that one stays.
give_back() {
    for report in "$1"/*; do
        [ -f "$report" ] || continue
        ln "$report" "$spool/${report##*/}" 2>/dev/null
        rm -f "$report"
    done
    rmdir "$1" 2>/dev/null
}

#
# A report
#

# Prints standard input as a JSON string. Control characters, which no name has, are left out.
json_string() {
    tr -d '\000-\011\013-\037\177' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' |
        awk 'BEGIN { printf "\"" } NR > 1 { printf "\\n" } { printf "%s", $0 } END { printf "\"" }'
}

quoted() { printf '%s\n' "$1" | json_string; }

# Prints the certificates of a PEM file, and nothing else of it; fails if a key is in it, also under another name:
# every certificate begins with a SEQUENCE in a SEQUENCE (RFC 5280 section 4.1), no private key does.
certificates_of() {
    tr -d '\r' <"$1" | awk '
        /PRIVATE KEY/ { bad = 1; exit }
        /^-----BEGIN CERTIFICATE-----$/ { if (inside) { bad = 1; exit } inside = 1; first = 1; block = $0; next }
        /^-----END CERTIFICATE-----$/ { if (!inside || first) { bad = 1; exit } print block; print; inside = 0; found = 1; next }
        inside && !/^[A-Za-z0-9+\/=]+$/ { bad = 1; exit }
        inside && first && !/^MII..[DTjz]C[BC]/ && !/^MI[E-H].MI/ { bad = 1; exit }
        inside { first = 0; block = block "\n" $0 }
        END { exit bad || inside || !found }'
}

# Whether the (first) certificate of a file expired long ago: lineages that nobody renews stay on the disk. openssl
# tells; without it everything is reported, and NetBox shows what has expired.
long_expired() {
    command -v openssl >/dev/null 2>&1 || return 1
    valid_to=$(openssl x509 -noout -enddate -in "$1" 2>/dev/null) || return 1
    [ -n "$(epoch_of "${valid_to#*=}")" ] || return 1
    [ "$(epoch_of "${valid_to#*=}")" -lt $(($(date +%s) - GIVE_UP_DAYS * 86400)) ]
}

# "Nov 24 14:45:44 2026 GMT" → seconds since 1970 (days from the civil date, by the usual formula)
epoch_of() {
    printf '%s\n' "$1" | awk '{
        month = (index("JanFebMarAprMayJunJulAugSepOctNovDec", $1) + 2) / 3
        if (month < 1 || split($3, time, ":") != 3) exit
        year = $4 - (month <= 2); era = int(year / 400); ofera = year - era * 400
        ofyear = int((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + $2 - 1
        days = era * 146097 + ofera * 365 + int(ofera / 4) - int(ofera / 100) + ofyear - 719468
        printf "%d\n", days * 86400 + time[1] * 3600 + time[2] * 60 + time[3]
    }'
}

# Times as JSON has them
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
changed_at() { date -u -r "$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null; }
at_epoch() { case $1 in '' | *[!0-9]*) ;; *) date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null ;; esac; }
valid_from() {
    command -v openssl >/dev/null 2>&1 || return 0
    begins=$(openssl x509 -noout -startdate -in "$1" 2>/dev/null) && at_epoch "$(epoch_of "${begins#*=}")"
}

# How the names are proved, by what certbot and others call their plugins; nothing where that does not tell.
challenge_of() {
    case $1 in
        http-01 | dns-01 | tls-alpn-01) echo "$1" ;;
        standalone | webroot | nginx | apache) echo http-01 ;;
        dns-* | dns_*) echo dns-01 ;;
    esac
}

# What the client does not say is forgotten before each lineage, so that nothing of the one before is reported with it.
forget() { acme_server='' acme_email='' acme_challenge='' acme_auto='' acme_days='' acme_renewed=''; }

# Stores a report. $1: lineage, $2: file with its chain; the acme_… variables: what the client knows.
report() {
    lineage=$1 file=$2
    [ -r "$file" ] || { warn "$lineage: $file cannot be read by $(id -un)"; return 0; }
    if ! certificates_of "$file" >"$work/pem"; then
        warn "$lineage: $file holds no certificate, or a private key, and was not sent"
        return 0
    fi
    if [ -n "${sync:-}" ] && long_expired "$work/pem"; then
        expired=$((expired + 1))
        return 0
    fi
    external_id="$client:$host:$lineage"
    {
        printf '{"pem":' && json_string <"$work/pem"
        printf ',"external_id":%s,"client":%s,"is_acme":%s' \
            "$(quoted "$external_id")" "$(quoted "$client")" "${acme_is:-true}"
        [ "${acme_is:-true}" = false ] || acme_fields
        [ -z "${NETBOX_TENANT:-}" ] || printf ',"tenant":{"slug":%s}' "$(quoted "$NETBOX_TENANT")"
        tags
        printf '}'
    } >"$work/report"
    name=$(printf %s "$external_id" | tr -c 'A-Za-z0-9._-' _ | cut -c1-150)-$(checksum "$external_id")
    # Into place in one step; on another file system than the spool mv copies.
    if ! cp "$work/report" "$spool/.$name.$$" || ! mv -f "$spool/.$name.$$" "$spool/$name"; then
        warn "$lineage: $spool cannot be written"
        return 0
    fi
    queued=$((queued + 1))
    [ "$queued" -lt "$LIST_SIZE" ] || flush
}

# Tells names apart that look the same in a file name. Not every busybox has cksum, not every system sha256sum.
checksum() { printf %s "$1" | { cksum 2>/dev/null || sha256sum; } | cut -d' ' -f1 | cut -c1-16; }

# What the client said; else what the settings say.
acme_fields() {
    field acme_server_url "${acme_server:-${NETBOX_ACME_SERVER:-}}"
    case ${acme_email:-${NETBOX_ACME_EMAIL:-}} in
        *[[:space:]]* | *@*@* | @* | *@) ;;
        *@*) field acme_account_email "${acme_email:-$NETBOX_ACME_EMAIL}" ;;
    esac
    field acme_challenge_type "$(challenge_of "${acme_challenge:-${NETBOX_ACME_CHALLENGE:-}}")"
    case ${acme_auto:-${NETBOX_ACME_AUTO_RENEWAL:-}} in
        true | yes | 1) printf ',"acme_auto_renewal":true' ;;
        false | no | 0) printf ',"acme_auto_renewal":false' ;;
    esac
    case ${acme_days:-${NETBOX_ACME_RENEWAL_DAYS:-}} in
        '' | *[!0-9]* | ?????*) ;;
        *) printf ',"acme_renewal_days":%d' "$(printf %s "${acme_days:-$NETBOX_ACME_RENEWAL_DAYS}" | sed 's/^0*\(.\)/\1/')" ;;
    esac
    field acme_last_renewed "$acme_renewed"
}

field() { [ -z "$2" ] || printf ',"%s":%s' "$1" "$(quoted "$2")"; }

tags() {
    [ -n "${NETBOX_TAGS:-}" ] || return 0
    printf ',"add_tags":['
    printf '%s\n' "$NETBOX_TAGS" | tr ',' '\n' | {
        comma=''
        while IFS=" $tab" read -r tag; do
            [ -z "$tag" ] || { printf '%s{"slug":%s}' "$comma" "$(quoted "$tag")"; comma=,; }
        done
    }
    printf ']'
}

#
# Sending
#

# Sends what is in the spool, in lists. A file is claimed by moving it, so that two runs never send the same, and a
# report that comes meanwhile is not deleted with the older one.
flush() {
    queued=0
    [ -z "$stopped" ] || return 0
    if not_before=$(cat "$spool/.not-before" 2>/dev/null) && [ "$(date +%s)" -lt "${not_before:-0}" ] 2>/dev/null; then
        stopped='NetBox asked to be left alone for a while'
        return 0
    fi
    rm -f "$spool/.not-before"
    find "$spool" -type f -mtime "+$GIVE_UP_DAYS" -exec rm -f {} + 2>/dev/null
    claim=$spool/sending.$$
    mkdir -p "$claim"
    count=0
    for stored in "$spool"/*; do
        [ -f "$stored" ] || continue
        mv "$stored" "$claim/" 2>/dev/null || continue
        count=$((count + 1))
        [ "$count" -ge "$LIST_SIZE" ] || continue
        send_claimed
        count=0
        [ -z "$stopped" ] || break
    done
    [ "$count" -eq 0 ] || [ -n "$stopped" ] || send_claimed
    give_back "$claim"
}

# All at once; and if NetBox refuses something of it, one by one: one bad report must not keep back the others.
send_claimed() {
    # One alone needs no second attempt.
    [ "$count" -gt 1 ] || { send_each; return 0; }
    case $(outcome "$claim"/*) in
        sent) sent=$((sent + count)); rm -f "$claim"/* ;;
        refused | forbidden) send_each ;;
        *) stopped=$(cat "$work/why") ;;
    esac
}

send_each() {
    forbidden=''
    for each in "$claim"/*; do
        out_of_time && return 0
        case $(outcome "$each") in
            sent) sent=$((sent + 1)); rm -f "$each" ;;
            refused)
                warn "NetBox refused ${each##*/}: $(cat "$work/why") (kept in $spool/bad)"
                mv -f "$each" "$spool/bad/"
                ;;
            forbidden) forbidden=$(cat "$work/why") ;;
            *) stopped=$(cat "$work/why"); return 0 ;;
        esac
    done
    # Said at the end; the rest of the spool is still tried.
    [ -z "$forbidden" ] || denied=$forbidden
    give_back "$claim"
    mkdir -p "$claim"
}

# A hook keeps its client waiting: not longer than three time limits. The nightly run takes the time it needs.
out_of_time() {
    [ -z "${sync:-}" ] || return 1
    [ $(($(date +%s) - started)) -lt $((3 * ${NETBOX_ACME_TIMEOUT:-20})) ] && return 1
    stopped='NetBox is slow'
}

# Sends these files as one list; prints sent, refused, forbidden or failed, and writes why into $work/why.
outcome() {
    {
        printf '['
        comma=''
        for one in "$@"; do printf %s "$comma"; cat "$one"; comma=,; done
        printf ']'
    } >"$work/body"
    : >"$work/answer"
    : >"$work/headers"
    # No configuration of the user (it might follow redirects, which would carry the token elsewhere), and the token by
    # standard input: what stands on a command line or in a file can be read.
    code=$(printf 'Authorization: %s\nContent-Type: application/json\nAccept: application/json\n' "$authorization" |
        curl -q --silent --show-error --proto '=http,https' --max-redirs 0 \
            --connect-timeout 5 --max-time "${NETBOX_ACME_TIMEOUT:-20}" ${NETBOX_CA_FILE:+--cacert "$NETBOX_CA_FILE"} \
            -H @- --data-binary "@$work/body" -D "$work/headers" -o "$work/answer" -w '%{http_code}' \
            "$url/api/plugins/ssl/certificates/import/" 2>"$work/error") || code=000
    said=$(tr -d '\000-\037' <"$work/answer" | cut -c1-300)
    case $code in
        2??) echo sent ;;
        400 | 413 | 422) echo "$said" >"$work/why"; echo refused ;;
        401) echo "NetBox does not accept the token (NETBOX_TOKEN): $said" >"$work/why"; echo failed ;;
        403)
            echo "the token (NETBOX_TOKEN) does not permit it: $said" >"$work/why"
            # NetBox answers 403 to a token that it does not know, too; then the others need not be tried.
            case $said in *[Tt]oken*) echo failed ;; *) echo forbidden ;; esac
            ;;
        3??) echo "NetBox redirects to $(header location | cut -c1-200): set NETBOX_URL to where it is" >"$work/why"; echo failed ;;
        404 | 405) echo "HTTP $code: is NETBOX_URL right, and the plugin NetBox SSL installed there?" >"$work/why"; echo failed ;;
        000) echo "NetBox cannot be reached: $(tr -d '\000-\037' <"$work/error" | cut -c1-200)" >"$work/why"; echo failed ;;
        *)
            wait_as_asked
            echo "NetBox answers HTTP $code" >"$work/why"
            echo failed
            ;;
    esac
}

header() {
    tr -d '\r' <"$work/headers" |
        awk -v "name=$1:" 'tolower($1) == name { sub(/^[^:]*:[ ]*/, ""); last = $0 } END { print last }'
}

# Retry-After in seconds (RFC 9110 section 10.2.3), at most a day; a date is taken for five minutes.
wait_as_asked() {
    asked=$(header retry-after)
    case $asked in
        '') return 0 ;;
        *[!0-9]*) asked=300 ;;
        ??????*) asked=86400 ;;
    esac
    echo $(($(date +%s) + asked)) >"$spool/.not-before"
}

# Sends what is left, and says what there is to say.
netbox_finish() {
    flush
    [ -n "$stopped" ] || stopped=$denied
    waiting=0
    for stored in "$spool"/*; do [ ! -f "$stored" ] || waiting=$((waiting + 1)); done
    if [ -n "$stopped" ]; then
        case $spool in
            "$work"/*) warn "$stopped; $waiting reports are lost" ;;
            *) warn "$stopped; $waiting reports wait in $spool for the next run" ;;
        esac
    elif [ -n "${sync:-}" ]; then
        printf 'netbox-acme (%s): %d reported, %d skipped that expired more than %d days ago\n' \
            "$client" "$sent" "$expired" "$GIVE_UP_DAYS"
    fi
    netbox_end
}
