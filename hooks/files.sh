#!/bin/sh
# Reports certificates in files to NetBox, whichever program put them there. By a timer, as a user with permission to read
# them:
#   files.sh --sync '/etc/nginx/tls/*.pem' '/etc/haproxy/certs/*.pem' [--jks KEYSTORE]
# In quotes, so that the hook expands the patterns: it then notices deleted folders. Certificates are taken from files that
# also contain their key; the key is not sent. Files that have not changed are not opened. A Java keystore is read by
# keytool, with the password in the file NETBOX_KEYSTORE_PASSWORD_FILE if it needs one.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (files): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# Larger files are not certificates.
LARGEST=1048576
# Files per command line
MANY=200

# pattern, base: a pattern as an absolute path, and its folder before the first wildcard. A base is a scope: its list
# contains all files that the patterns with this base match.
split_pattern() {
    case $1 in /*) pattern=$1 ;; *) pattern=$PWD/$1 ;; esac
    base=${pattern%%[*?[]*}
    base=${base%/*}
    base=${base:-/}
}

# Writes the files that a pattern matches into $work/files, and its unreadable folders into unseen.
expand() {
    look_into "$base"
    left=${pattern%/*}
    # The parts of an unquoted pattern are not split at spaces.
    IFS=''
    while [ "${#left}" -gt "${#base}" ]; do
        for folder in $left/; do [ ! -d "$folder" ] || look_into "$folder"; done
        left=${left%/*}
    done
    for file in $pattern; do
        case $file in *"$newline"*) warn "$file: the name contains a line break"; continue ;; esac
        if [ -f "$file" ]; then printf '%s\n' "$file" >>"$work/files"
        elif [ -L "$file" ]; then list_lineage "${file#"${base%/}/"}"; fi
    done
    unset IFS
}

# Prints for each file what changes with its content: inode, mode, owner, size and time of change. In the order of
# $work/files, which is sorted; the names at the end of the lines are not reliable (busybox prints ? for some bytes).
describe() {
    set --
    while IFS= read -r file; do
        set -- "$@" "$file"
        [ $# -lt $MANY ] || { ls -lniLdc "$@"; set --; }
    done <"$work/files"
    [ $# -eq 0 ] || ls -lniLdc "$@"
}

# Prints the files, with "=" in front of those that have not changed since the last run, and "!" if they are too large.
# Writes the new index into $work/index. As the times of ls have no seconds, a file that changed in the minute of this run
# is not in it: it may change once more within that minute. $1, $2: that minute, before and after describe
compare() {
    # shellcheck disable=SC2016  # awk's variables
    awk -v "index_file=$index" -v "new_index=$work/index" -v largest=$LARGEST -v "before=$1" -v "after=$2" '
        BEGIN { while ((getline line < index_file) > 0) known[line] }
        FILENAME == ARGV[1] { path[++count] = $0; next }
        { described[++lines] = $0 }
        END {
            for (i = 1; i <= count; i++) {
                marks = ""
                # A file may have been deleted in between.
                if (lines == count) {
                    entry = substr(described[i], 1, index(described[i], "/") - 1) path[i]
                    split(described[i], field, " ")
                    minute = field[7] " " field[8] + 0 " " field[9]
                    if (minute != before && minute != after) print entry > new_index
                    if (entry in known) marks = "="
                    if (field[6] + 0 > largest + 0) marks = marks "!"
                }
                print marks path[i]
            }
        }' "$work/files" "$work/described"
}

# minute: the current one, as ls prints it, without a leading zero or space in the day
this_minute() {
    # shellcheck disable=SC2046  # into words
    set -- $(date '+%b %d %H:%M')
    minute="$1 ${2#0} $3"
}

# Reports one file. An empty copy in the cache is a file without certificates.
read_file() {
    lineage=${1#"${base%/}/"}
    forget
    name_file "$scope$lineage"
    rm -f "$cache/$stored_as"
    [ -r "$1" ] && ! read_chain "$1" && [ -n "$is_other" ] || { report "$lineage" "$1"; return 0; }
    : >"$cache/$stored_as"
    others=$((others + 1))
}

# Reports a file that has not changed from the copy of its report.
repeat_report() {
    lineage=${1#"${base%/}/"}
    name_file "$scope$lineage"
    if [ -s "$cache/$stored_as" ]; then
        found=$((found + 1))
        list_lineage "$lineage"
        cp "$cache/$stored_as" "$stage/" || return 0
        queued=$((queued + 1))
        [ "$queued" -lt "$LIST_SIZE" ] || flush
    elif [ -f "$cache/$stored_as" ]; then others=$((others + 1))
    # It was skipped or could not be read.
    else read_file "$1"; fi
}

# Opens the cache of the scope. It is empty if the settings in the reports have changed.
open_cache() {
    name_file "$scope"
    cache=$spool/cache/$stored_as index=$spool/cache/$stored_as/.index
    quote "$common $machine"
    if [ "$(cat "$cache/.settings" 2>/dev/null)" != "$quoted" ]; then
        rm -rf "$cache"
        mkdir -p "$cache"
        printf '%s\n' "$quoted" >"$cache/.settings"
    fi
}

# Reports the files of all patterns with this base, and the list of them. $1 base; the rest are all patterns.
sync_base() {
    wanted=$1
    shift
    in_directory "$wanted" /dev/null
    open_cache
    : >"$work/files"
    for each_pattern in "$@"; do
        split_pattern "$each_pattern"
        [ "$base" != "$wanted" ] || expand
    done
    base=$wanted
    sort -u "$work/files" >"$work/sorted" && mv "$work/sorted" "$work/files"
    this_minute
    began=$minute
    describe >"$work/described" 2>/dev/null
    this_minute
    [ -f "$index" ] || : >"$index"
    : >"$work/index"
    compare "$began" "$minute" >"$work/compared"
    while IFS= read -r file <&3; do
        case $file in
            =!* | !*) warn "${file#*!} is larger than a certificate and was not read" ;;
            =*) repeat_report "${file#=}" ;;
            *) read_file "$file" ;;
        esac
    done 3<"$work/compared"
    for each in "$base"/*; do [ ! -e "$each" ] || can_be_empty=1; break; done
    mv "$work/index" "$index"
    cache=''
    end_scope
}

# Writes the certificates of each entry with a key into $work/entry.N, and N and the alias into $work/aliases. keytool is
# told to print English, and never prints keys.
read_keystore() {
    rm -f "$work"/entry.*
    # shellcheck disable=SC2016  # awk's variables
    keytool -J-Duser.language=en -J-Dfile.encoding=UTF-8 -list -rfc -keystore "$1" \
        ${NETBOX_KEYSTORE_PASSWORD_FILE:+-storepass:file "$NETBOX_KEYSTORE_PASSWORD_FILE"} </dev/null 2>"$work/error" |
        awk -v "prefix=$work/entry." '
            { sub(/\r$/, "") }
            /^Alias name: / { alias = substr($0, 13); next }
            /^Entry type: / { is_key = $3 == "PrivateKeyEntry"; file = "" }
            /^-----BEGIN CERTIFICATE-----$/ {
                inside = 1
                # Without its password, a PKCS#12 file shows the alias only.
                if (is_key && file == "") { count++; file = prefix count; print count "\t" alias }
            }
            inside && is_key { print > file }
            /^-----END CERTIFICATE-----$/ { inside = 0 }
        ' >"$work/aliases"
}

sync_keystore() {
    in_directory "$1" /dev/null
    if [ ! -r "$1" ]; then
        warn "$1 cannot be read by $(id -un)"
        return 0
    fi
    read_keystore "$1"
    if [ ! -s "$work/aliases" ]; then
        # With a wrong password, keytool prints the reason on standard output.
        warn "keytool found no certificate with a key in $1; set NETBOX_KEYSTORE_PASSWORD_FILE if it has a password"
        return 0
    fi
    while IFS="$tab" read -r number alias <&3; do
        forget
        report "$alias" "$work/entry.$number"
    done 3<"$work/aliases"
    end_scope
}

# They change what ls prints.
unset TIME_STYLE QUOTING_STYLE BLOCK_SIZE BLOCKSIZE LS_BLOCK_SIZE
netbox_begin files
kind=copy with_keys=1 others=0
if [ "${1:-}" != --sync ] || [ $# -lt 2 ]; then
    warn "usage: files.sh --sync 'GLOB'… [--jks KEYSTORE]…"
    netbox_end
fi
sync=1
shift
: >"$work/bases"
count=$#
while [ "$count" -gt 0 ]; do
    count=$((count - 1))
    if [ "$1" = --jks ]; then
        [ "$count" -gt 0 ] || { warn 'the option --jks needs the path of a keystore'; break; }
        count=$((count - 1))
        if command -v keytool >/dev/null 2>&1; then sync_keystore "$2"
        else warn "keytool is needed to read $2: install a Java runtime"; fi
        shift 2
    else
        split_pattern "$1"
        printf '%s\n' "$base" >>"$work/bases"
        # To the end, so that only patterns remain.
        set -- "$@" "$1"
        shift
    fi
done
sort -u "$work/bases" >"$work/sorted" && mv "$work/sorted" "$work/bases"
while IFS= read -r each_base <&4; do sync_base "$each_base" "$@"; done 4<"$work/bases"
[ "$others" -eq 0 ] || printf 'netbox-acme (files): %d files without certificates\n' "$others"
netbox_finish
