#!/bin/sh
# Reports the certificates of Apache's mod_md to NetBox. In Apache's configuration:
#   MDMessageCmd /usr/local/lib/netbox-acme/mod-md.sh
# Apache runs it as root when it takes a renewed certificate into use at a restart (event "installed"). Other events are
# ignored. All certificates: mod-md.sh --sync [MD_STORE_DIR]. Needs jq for the fields of the ACME account.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
case ${1:-} in installed | --sync) ;; *) exit 0 ;; esac
[ -r "$lib" ] || { echo "netbox-acme (mod_md): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# server, address, challenge_types, mode, window: the values of md.json. $1: folder of the domain
read_md() {
    server='' address='' challenge_types='' mode='' window=''
    [ "$1" != "$md_of" ] || { IFS="$tab" read -r server address challenge_types mode window <"$work/md"; return 0; }
    md_of=$1
    # shellcheck disable=SC2016  # jq's variables
    jq -r 'def of: . // "" | tostring | if . == "" then "-" else . end;
        [(.ca.url // (.ca.urls // [])[0] | of), ((.contacts // [])[0] | of | ltrimstr("mailto:")),
         ((.ca.challenges // []) | join(",") | of), (."renew-mode" | of), (."renew-window" | of)] | @tsv' \
        "$1/md.json" >"$work/md" 2>/dev/null || printf -- '-\t-\t-\t-\t-\n' >"$work/md"
    IFS="$tab" read -r server address challenge_types mode window <"$work/md"
}

# acme_days: MDRenewWindow is a time ("30d") or a share of the lifetime ("33%").
read_window() {
    case $window in
        *[!0-9]?) ;;
        [0-9]*d) acme_days=${window%d} ;;
        [0-9]*%)
            decimal "${window%?}"
            read_chain "$1" && [ -n "$ends" ] || return 0
            acme_days=$(((ends - begins) * decimal / 100 / 86400))
            [ "$acme_days" -gt 0 ] || acme_days=''
            ;;
    esac
}

# $1: folder of the domain, $2: time of renewal; without one, that of the file. A domain with keys of several types has
# several certificates: pubcert.pem, pubcert.secp384r1.pem.
domain() {
    name=${1##*/}
    for chain in "$1"/pubcert*.pem; do
        [ -e "$chain" ] || [ -L "$chain" ] || continue
        forget
        read_md "$1"
        key_type=${chain##*/pubcert} key_type=${key_type%.pem}
        acme_renewed=$2
        if [ -z "$2" ]; then
            changed_at "$chain"
            acme_renewed=$time
        fi
        acme_server=${server#-} acme_email=${address#-} acme_auto=true
        # 0: MDRenewMode manual
        [ "$mode" != 0 ] || acme_auto=false
        case $challenge_types in *,*) ;; *) acme_challenge=${challenge_types#-} ;; esac
        read_window "$chain"
        report "$name${key_type:+/${key_type#.}}" "$chain"
    done
}

# MDStoreDir below the ServerRoot of Debian
DEFAULT=/etc/apache2/md
md_of=''
netbox_begin mod_md
directory=${MD_STORE_DIR:-$DEFAULT}
case $1 in
    --sync)
        sync=1
        directory=${2:-$directory}
        in_directory "$directory" "$DEFAULT"
        look_into "$directory/domains" "$directory"/domains/*/
        [ ! -e "$directory/md_store.json" ] || can_be_empty=1
        for folder in "$directory"/domains/*/; do [ ! -d "$folder" ] || domain "${folder%/}" ''; done
        ;;
    installed)
        in_directory "$directory" "$DEFAULT"
        now
        if [ -d "$directory/domains/${2:-}" ] && [ -n "${2:-}" ]; then
            domain "$directory/domains/$2" "$time"
        else
            warn "$directory has no certificate of ${2:-a domain}: set MD_STORE_DIR to the MDStoreDir of Apache"
        fi
        ;;
esac
netbox_finish
