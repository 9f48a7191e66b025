#!/bin/sh
# Reports Traefik's certificates to NetBox from its acme.json: by a timer, as a user with permission to read it. Needs jq.
#   traefik.sh --sync [ACME_JSON [RESOLVER=SERVER,CHALLENGE,RENEWAL_DAYS …]]
# Server, challenge and days are only in Traefik's static configuration; give them for each resolver, or omit them.
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (traefik): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# One line per certificate: resolver/store/main, resolver, address, chain (a line of it ends with \n). Several certificates
# may have the same main name; all but the first one, which keeps its ID when another comes, have +NAME for their other names.
# jq picks; the keys stay in the file. An empty file is one that is being written.
pick() {
    jq -rn 'input | if type == "object" then to_entries[] else error("not an object") end
        | .key as $resolver | (.value.Account.Email // "" | if . == "" then "-" else . end) as $email
        | reduce (.value.Certificates // [])[] as $each ({seen: {}, all: []};
            ($resolver + "/" + ($each.Store // "default") + "/" + $each.domain.main) as $id
            | (if .seen[$id] then "+" + ($each.domain.sans // [] | join("+")) else "" end) as $more
            | .seen[$id] = true | .all += [$each + {id: ($id + $more)}])
        | .all[]
        | [.id, $resolver, $email, (try (.certificate // error("none") | @base64d) catch "-")] | @tsv' "$1"
}

# lineage: shortened to its start and a checksum if it is longer than NetBox stores.
shorten() {
    lineage=$1
    [ "${#lineage}" -gt 300 ] || return 0
    checksum=$(printf %s "$1" | { cksum 2>/dev/null || sha256sum; } | cut -d' ' -f1 | cut -c1-16)
    lineage=$(printf '%.250s' "$1")+$checksum
}

# said_server, said_challenge, said_days: the arguments about a resolver. $1 resolver; the rest are all arguments.
said_of() {
    said_server='' said_challenge='' said_days='' resolver=$1
    shift
    for argument in "$@"; do
        case $argument in "$resolver="*) ;; *) continue ;; esac
        argument=${argument#*=},,
        said_server=${argument%%,*} argument=${argument#*,}
        said_challenge=${argument%%,*} argument=${argument#*,}
        said_days=${argument%%,*}
        return 0
    done
}

DEFAULT=/etc/traefik/acme.json
netbox_begin traefik
if [ "${1:-}" != --sync ]; then
    warn 'usage: traefik.sh --sync [ACME_JSON [RESOLVER=SERVER,CHALLENGE,RENEWAL_DAYS …]]'
    netbox_end
fi
# This hook only reads all certificates; expired ones are skipped.
sync=1
store=${2:-$DEFAULT}
in_directory "$store" "$DEFAULT"
[ $# -lt 2 ] || shift
shift
command -v jq >/dev/null 2>&1 || { warn 'jq is needed: install it'; netbox_end; }
[ -r "$store" ] || { warn "$store cannot be read by $(id -un)"; netbox_end; }
# Traefik writes the file in place, so it may be incomplete now.
pick "$store" >"$work/picked" 2>/dev/null || { sleep 1; pick "$store" >"$work/picked" 2>/dev/null; } || {
    warn "$store is not in the form of Traefik's acme.json"
    netbox_end
}
while IFS="$tab" read -r name resolver email chain; do
    printf '%b\n' "$chain" >"$work/chain"
    forget
    said_of "$resolver" "$@"
    # The file contains no other time; the CA may have backdated it a little.
    time=''
    ! read_chain "$work/chain" || at_epoch "$begins"
    acme_renewed=$time acme_email=${email#-}
    acme_server=$said_server acme_challenge=$said_challenge acme_days=$said_days
    acme_auto=true
    shorten "$name"
    report "$lineage" "$work/chain"
done <"$work/picked"
# The file is Traefik's, and was read to its end.
can_be_empty=1
netbox_finish
