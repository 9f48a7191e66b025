#!/bin/sh
# Part of the hooks' library (lib.sh): the report about one lineage.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the hooks

# quoted: a JSON string without control characters.
quote() {
    case $1 in
        *[\\\"[:cntrl:]]*)
            quoted=$(printf '%s\n' "$1" | tr -d '\000-\011\013-\037\177' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' |
                awk 'BEGIN { printf "\"" } NR > 1 { printf "\\n" } { printf "%s", $0 } END { printf "\"" }')
            ;;
        *) quoted="\"$1\"" ;;
    esac
}

# Add to json, the current report: a field with a string, unless it is empty; a field with other JSON.
field() { [ -z "$2" ] || { quote "$2"; json="$json,\"$1\":$quoted"; }; }
literal() { json="$json,\"$1\":$2"; }

# common: the fields of all reports of a run.
common_fields() {
    json=''
    if [ -n "${NETBOX_TENANT:-}" ]; then
        quote "$NETBOX_TENANT"
        literal tenant "{\"slug\":$quoted}"
    fi
    tags='' left=${NETBOX_TAGS:-},
    while [ -n "$left" ]; do
        tag=${left%%,*} left=${left#*,}
        trim "$tag"
        [ -n "$trimmed" ] || continue
        quote "$trimmed"
        tags="$tags${tags:+,}{\"slug\":$quoted}"
    done
    [ -z "${NETBOX_TAGS:-}" ] || literal add_tags "[$tags]"
    common=$json
}

# trimmed: without surrounding spaces and tabs.
trim() {
    trimmed=$1
    while :; do
        case $trimmed in
            ' '* | "$tab"*) trimmed=${trimmed#?} ;;
            *' ' | *"$tab") trimmed=${trimmed%?} ;;
            *) return 0 ;;
        esac
    done
}

# decimal: digits without leading zeros, which JSON refuses and the shell reads as octal.
decimal() {
    decimal=$1
    while [ "$decimal" != "${decimal#0?}" ]; do decimal=${decimal#0}; done
}

# challenge: the challenge type, from the plugin names of certbot and others; empty if unknown.
challenge_of() {
    case $1 in
        http-01 | dns-01 | tls-alpn-01 | dns-persist-01) challenge=$1 ;;
        standalone | webroot | nginx | apache) challenge=http-01 ;;
        dns-* | dns_*) challenge=dns-01 ;;
        *) challenge='' ;;
    esac
}

# Resets the variables before each lineage, so that values of the previous one are not reported. acme_is is empty if the
# hook cannot know it.
forget() {
    acme_is=true
    [ -z "$kind" ] || acme_is=''
    acme_server='' acme_email='' acme_challenge='' acme_auto='' acme_days='' acme_renewed=''
    status=''
    chain_file=''
}

# Stores a report. $1: lineage, $2: file with its chain; the acme_… variables: data from the client.
report() {
    lineage=$1 file=$2
    found=$((found + 1))
    list_lineage "$lineage"
    [ -r "$file" ] || { warn "$lineage: $file cannot be read by $(id -un)"; return 0; }
    # A pipe or a device might never end.
    [ -f "$file" ] || { warn "$lineage: $file is not a file, and was not sent"; return 0; }
    if ! read_chain "$file"; then
        warn "$lineage: $file contains no certificate, or contains a private key, and was not sent"
        return 0
    fi
    if [ -n "$sync" ] && [ "$kind" != served ] && [ -n "$ends" ] && [ "$ends" -lt $((started - GIVE_UP_DAYS * 86400)) ] && ! was_reported; then
        expired=$((expired + 1))
        note_skipped
        return 0
    fi
    external_id=$scope$lineage
    json="{\"pem\":\"$pem\",\"external_id\":$quoted"
    field machine_id "$machine"
    field client "$client"
    field kind "$kind"
    [ -z "$acme_is" ] || literal is_acme "$acme_is"
    field status "$status"
    [ "$acme_is" != true ] || acme_fields
    name_file "$external_id"
    if ! printf '%s' "$json$common}" 2>/dev/null >"$stage/$stored_as"; then
        warn "$lineage: $spool cannot be written"
        rm -f "$stage/$stored_as"
        return 0
    fi
    [ -z "$cache" ] || cp "$stage/$stored_as" "$cache/" 2>/dev/null
    queued=$((queued + 1))
    [ "$queued" -lt "$LIST_SIZE" ] || flush
}

# Whether NetBox accepts it as an e-mail address, with a dot in the domain. A bad field would refuse the report.
is_address() {
    case $1 in
        *[!A-Za-z0-9._%+/=~\'@-]* | *@*@* | @* | .* | *..* | *.@* | *@.* | *@-* | *-.* | *.-* | *[.-]) return 1 ;;
        *@localhost) ;;
        *@*.??*) [ "${#1}" -le 254 ] && case $1 in *.?) return 1 ;; esac ;;
        *) return 1 ;;
    esac
}

# Values of the client, else of the settings.
acme_fields() {
    field acme_server_url "${acme_server:-${NETBOX_ACME_SERVER:-}}"
    email=${acme_email:-${NETBOX_ACME_EMAIL:-}}
    if is_address "$email"; then
        field acme_account_email "$email"
    elif [ -n "$email" ]; then
        # Warn once, because all lineages have the same address.
        [ "$email" = "$unusable" ] || warn "$email is not a complete e-mail address and was omitted"
        unusable=$email
    fi
    challenge_of "${acme_challenge:-${NETBOX_ACME_CHALLENGE:-}}"
    field acme_challenge_type "$challenge"
    case ${acme_auto:-${NETBOX_ACME_AUTO_RENEWAL:-}} in
        true | yes | 1) literal acme_auto_renewal true ;;
        false | no | 0) literal acme_auto_renewal false ;;
    esac
    days=${acme_days:-${NETBOX_ACME_RENEWAL_DAYS:-}}
    case $days in
        '' | *[!0-9]* | ?????*) ;;
        *) decimal "$days"; literal acme_renewal_days "$decimal" ;;
    esac
    field acme_last_renewed "$acme_renewed"
}

# stored_as: the file of a report in the spool, one for each external ID: the ID itself, or, if it has characters that are
# not allowed in a file name, a similar name with a checksum. Some busybox lack cksum, some systems sha256sum.
name_file() {
    stored_as='' left=$1
    case $left in
        *[!A-Za-z0-9._:@=,/-]*) ;;
        *)
            while [ "$left" != "${left#*/}" ]; do stored_as=$stored_as${left%%/*}% left=${left#*/}; done
            stored_as=$stored_as$left
            ;;
    esac
    if [ -z "$stored_as" ] || [ "${#stored_as}" -gt 200 ]; then
        checksum=$(printf %s "$1" | { cksum 2>/dev/null || sha256sum; } | cut -d' ' -f1 | cut -c1-16)
        stored_as=$(printf %s "$1" | tr -c 'A-Za-z0-9._-' _ | cut -c1-150)+$checksum
    fi
}
