#!/bin/sh
# Reports certificates in the secrets of a cluster (type kubernetes.io/tls) to NetBox: as a CronJob (kubernetes.yaml), with
# kubectl. Those that cert-manager made are left to cert-manager.sh. kubectl prints only the entry tls.crt of each secret.
#   kubernetes.sh --sync     NETBOX_ACME_SOURCE is the cluster's name and must be set
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (kubernetes): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# One line per secret: namespace/name and tls.crt, which is base64 (- if it is empty or missing).
# shellcheck disable=SC2016  # variables of Go templates
TEMPLATE='{{range .items}}{{$ours := true}}{{with .metadata.annotations}}'\
'{{if index . "cert-manager.io/certificate-name"}}{{$ours = false}}{{end}}{{end}}'\
'{{if $ours}}{{.metadata.namespace}}/{{.metadata.name}}{{"\t"}}'\
'{{with .data}}{{with index . "tls.crt"}}{{.}}{{else}}-{{end}}{{else}}-{{end}}{{"\n"}}{{end}}{{end}}'

netbox_begin kubernetes
kind=copy empty=0
if [ "${1:-}" != --sync ] || [ -z "${NETBOX_ACME_SOURCE:-}" ]; then
    warn 'usage: NETBOX_ACME_SOURCE=<name of the cluster> kubernetes.sh --sync'
    netbox_end
fi
sync=1
command -v kubectl >/dev/null 2>&1 || { warn 'kubectl is needed: install it'; netbox_end; }
if ! kubectl get secrets -A --field-selector type=kubernetes.io/tls -o "go-template=$TEMPLATE" \
    >"$work/secrets" 2>"$work/error"; then
    warn "kubectl: $(tr -d '\000-\037' <"$work/error" | cut -c1-200)"
    netbox_end
fi
identify_cluster
can_be_empty=1
while IFS="$tab" read -r name chain <&3; do
    if [ "$chain" = - ]; then
        # As created by controllers that wait for a certificate
        empty=$((empty + 1)) found=$((found + 1))
        list_lineage "$name"
        continue
    fi
    printf '%s\n' "$chain" | base64 -d >"$work/chain" 2>/dev/null
    forget
    report "$name" "$work/chain"
done 3<"$work/secrets"
[ "$empty" -eq 0 ] || printf 'netbox-acme (kubernetes): %d secrets without a certificate\n' "$empty"
netbox_finish
