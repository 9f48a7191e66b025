#!/bin/sh
# Part of the hooks' library (lib.sh): reading certificate files, and times.
# shellcheck disable=SC2034,SC2154  # variables of the other parts and of the hooks

# Reads only the certificates of a PEM file. Fails if it contains a key, also with another label: every certificate starts
# with a SEQUENCE in a SEQUENCE (RFC 5280 section 4.1), but no private key does. Prints the validity of the first one, from
# and to in seconds since 1970 (- if it cannot be read), and all certificates as the content of a JSON string. Exits with 1 if
# the file must not be sent, with 3 if it has neither certificates nor keys.
# shellcheck disable=SC2016  # awk's variables
CERTIFICATES='
    NR == 1 { sub(/^\357\273\277/, "") }
    { gsub(/\r/, ""); sub(/[ \t]+$/, "") }
    $0 == "" { next }
    with_keys && !inside && /^-----BEGIN ([A-Z]+ )*PRIVATE KEY-----$/ { if (key) { bad = 1; exit } key = 1; next }
    key && /^-----END ([A-Z]+ )*PRIVATE KEY-----$/ { key = 0; next }
    key && !/^-----/ { next }
    /PRIVATE KEY/ || key { bad = 1; exit }
    /^-----BEGIN CERTIFICATE-----$/ {
        if (inside) { bad = 1; exit }
        inside = 1; first = 1; begun = 1; block = $0
        next
    }
    /^-----END CERTIFICATE-----$/ {
        if (!inside || first) { bad = 1; exit }
        found = found (found == "" ? "" : "\\n") block "\\n" $0
        inside = 0; count++
        next
    }
    inside && !/^[A-Za-z0-9+\/=]+$/ { bad = 1; exit }
    inside && first && !/^MI[I-L]..[DTjz]C[BC]/ && !/^MI[E-H].MI/ { bad = 1; exit }
    inside { first = 0; block = block "\\n" $0; if (!count) body = body $0 }
    END {
        if (!bad && !key && !begun) exit 3
        if (bad || key || inside || !count) exit 1
        validity()
        print from, to, found
    }

    # Certificate, tbsCertificate, [version,] serialNumber, signature, issuer, validity: notBefore, notAfter
    function validity() {
        from = to = "-"
        element(0); element(start); element(start)
        if (tag == 160) element(end)
        element(end); element(end); element(end)
        element(start); from = epoch()
        element(end); to = epoch()
        if (from == "-" || to == "-") from = to = "-"
    }
    # Sets the tag of the DER element at this position, and the start and end of its content.
    function element(at, size, more) {
        tag = octet(at); size = octet(at + 1); start = at + 2
        if (size > 127) { more = size - 128; size = 0; while (more-- > 0 && start < at + 6) size = size * 256 + octet(start++) }
        end = start + size
    }
    function octet(at, where, digit, i) {
        where = int(at / 3) * 4 + 1
        for (i = 0; i < 4; i++)
            digit[i] = index("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", substr(body, where + i, 1)) - 1
        if (at % 3 == 0) return digit[0] * 4 + int(digit[1] / 16)
        if (at % 3 == 1) return digit[1] % 16 * 16 + int(digit[2] / 4)
        return digit[2] % 4 * 64 + digit[3]
    }
    # The UTCTime or GeneralizedTime at this position; days from the civil date by the usual formula.
    function epoch(text, at, year, month, of_year) {
        if (end - start != (tag == 23 ? 13 : 15)) return "-"
        for (at = start; at < end - 1; at++) {
            if (octet(at) < 48 || octet(at) > 57) return "-"
            text = text (octet(at) - 48)
        }
        if (tag == 23) text = (substr(text, 1, 2) < 50 ? 20 : 19) text
        month = substr(text, 5, 2) + 0
        year = substr(text, 1, 4) - (month <= 2)
        of_year = int((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + substr(text, 7, 2) - 1
        at = year * 365 + int(year / 4) - int(year / 100) + int(year / 400) + of_year - 719468
        return sprintf("%.0f", ((at * 24 + substr(text, 9, 2)) * 60 + substr(text, 11, 2)) * 60 + substr(text, 13, 2))
    }'

# pem, begins, ends: the certificates of a file as the content of a JSON string, and the validity of the first one in
# seconds since 1970, empty if it cannot be read. Fails if the file contains no certificate, or contains a key; is_other:
# whether it is a file without certificates. With with_keys, complete blocks with keys are passed over.
read_chain() {
    if [ "$chain_file" != "$1" ]; then
        chain_file=$1
        is_other=''
        pem=$(awk -v "with_keys=${with_keys:-}" "$CERTIFICATES" <"$1" 2>/dev/null) || {
            [ $? -ne 3 ] || is_other=1
            pem=''
        }
        begins=${pem%% *} pem=${pem#* }
        ends=${pem%% *} pem=${pem#* }
        [ "$ends" != - ] || begins='' ends=''
    fi
    [ -n "$pem" ]
}

# time: in the format of the REST API. From seconds since 1970; of the last change of a file; now.
at_epoch() {
    time=''
    case $1 in '' | 0* | *[!0-9]*) return 0 ;; esac
    # The civil date of a day, by the usual formula.
    day=$(($1 / 86400 + 719468))
    era=$((day / 146097)) of_era=$((day % 146097))
    years=$(((of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365))
    of_year=$((of_era - (365 * years + years / 4 - years / 100)))
    month=$(((5 * of_year + 2) / 153))
    day=$((of_year - (153 * month + 2) / 5 + 101)) month=$((month + (month < 10 ? 103 : 91)))
    year=$((years + era * 400 + (month <= 102)))
    hour=$(($1 % 86400 / 3600 + 100)) minute=$(($1 % 3600 / 60 + 100)) second=$(($1 % 60 + 100))
    time=$year-${month#1}-${day#1}T${hour#1}:${minute#1}:${second#1}Z
}
changed_at() { time=$(date -u -r "$1" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null) || time=''; }
now() { at_epoch "$(date +%s)"; }
