#!/bin/sh
# Reports cert-manager's certificates to NetBox: as a CronJob (cert-manager.yaml), with kubectl and jq. Reads
# certificates, certificaterequests, issuers and clusterissuers; no secrets.
#   cert-manager.sh --sync     NETBOX_ACME_SOURCE is the cluster's name and must be set
set -u
lib=$(dirname "$(readlink -f "$0")")/lib.sh
[ -r "$lib" ] || { echo "netbox-acme (cert-manager): $lib is missing" >&2; exit 0; }
# shellcheck source=hooks/lib.sh
. "$lib"

# One line per certificate: namespace/name, ACME or not, server, e-mail, challenge, auto-renewal, days, time of renewal,
# chain, with \n as line breaks (-: its request does not exist, as in a restored cluster).
# shellcheck disable=SC2016  # jq's variables
JOIN='
def ready: [(.status.conditions // [])[] | select(.type == "Ready" and .status == "True")][0];
(map(select(.kind == "CertificateRequest"))) as $requests
| (map(select(.kind == "Issuer" or .kind == "ClusterIssuer"))) as $issuers
| .[] | select(.kind == "Certificate") | . as $it
| (.spec.issuerRef.kind // "Issuer") as $kind
| ([$issuers[] | select(($it.spec.issuerRef.group // "cert-manager.io") == "cert-manager.io"
    and .kind == $kind and .metadata.name == $it.spec.issuerRef.name
    and ($kind == "ClusterIssuer" or .metadata.namespace == $it.metadata.namespace))][0].spec.acme) as $acme
| ([$requests[] | select(ready and .metadata.namespace == $it.metadata.namespace
    and any((.metadata.ownerReferences // [])[]; .uid == $it.metadata.uid)
    and .metadata.annotations["cert-manager.io/certificate-revision"] == (($it.status.revision // 0) | tostring))][0])
  as $request
| ($acme.solvers // []) as $solvers
| [ .metadata.namespace + "/" + .metadata.name,
    ($acme != null | tostring),
    ($acme.server // "-"),
    ($acme.email // "-"),
    (if any((.spec.dnsNames // [])[]; startswith("*.")) then "dns-01"
     elif ($solvers | length) == 0 then "-"
     elif all($solvers[]; has("http01")) then "http-01"
     elif all($solvers[]; has("dns01")) then "dns-01" else "-" end),
    (.spec.renewal.policy? != "Disabled" | tostring),
    (try (((.status.notAfter | fromdate) - (.status.renewalTime | fromdate)) / 86400 | floor
        | if . > 0 then tostring else "-" end) catch "-"),
    ($request | ready | .lastTransitionTime? // "-"),
    (try ($request.status.certificate // error("none") | @base64d) catch "-") ] | @tsv'

netbox_begin cert-manager
if [ "${1:-}" != --sync ] || [ -z "${NETBOX_ACME_SOURCE:-}" ]; then
    warn 'usage: NETBOX_ACME_SOURCE=<name of the cluster> cert-manager.sh --sync'
    netbox_end
fi
sync=1 without=0
for needed in jq kubectl; do
    command -v "$needed" >/dev/null 2>&1 || { warn "$needed is needed: install it"; netbox_end; }
done
if ! kubectl get certificates.cert-manager.io,certificaterequests.cert-manager.io,issuers.cert-manager.io -A -o json \
    >"$work/objects" 2>"$work/error" || ! kubectl get clusterissuers.cert-manager.io -o json >>"$work/objects" 2>"$work/error"; then
    warn "kubectl: $(tr -d '\000-\037' <"$work/error" | cut -c1-200)"
    netbox_end
fi
if ! jq -rs "map(.items // error(\"no list\")) | add | $JOIN" "$work/objects" >"$work/picked" 2>"$work/error"; then
    warn "kubectl returned an unexpected response: $(cut -c1-200 "$work/error" | head -n 1)"
    netbox_end
fi
identify_cluster
can_be_empty=1
while IFS="$tab" read -r name by_acme server email challenge auto days renewed chain; do
    if [ "$chain" = - ]; then
        without=$((without + 1)) found=$((found + 1))
        list_lineage "$name"
        continue
    fi
    printf '%b\n' "$chain" >"$work/chain"
    forget
    # Other issuers (such as a CA of the cluster) have no ACME fields.
    if [ "$by_acme" = true ]; then
        acme_renewed=${renewed#-}
        acme_server=${server#-} acme_email=${email#-} acme_challenge=${challenge#-} acme_auto=$auto acme_days=${days#-}
    else
        acme_is=false
    fi
    report "$name" "$work/chain"
done <"$work/picked"
[ "$without" -eq 0 ] || warn "$without certificates have no ready CertificateRequest of their revision, and were not reported"
netbox_finish
