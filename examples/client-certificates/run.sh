#!/usr/bin/env bash
# Prometheus for callers with client certificates, on this machine and without root: what README.md does step by step,
# with one command. Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

certificates=$directory/certificates

# Who signs the clients' certificates. One that is there is kept, and so is what it has signed.
authority() {
  [ -e "$certificates/clients-ca.crt" ] && return
  with_openssl req -x509 -newkey rsa:4096 -nodes -days 365 -subj "/CN=Clients of Prometheus" \
    -keyout "$certificates/clients-ca.key" -out "$certificates/clients-ca.crt"
}

# A certificate of this name, with this alternative name if there is one: `client NAME [URI:…]`.
client() {
  local file=$certificates/$1
  [ -e "$file.crt" ] && return
  {
    echo extendedKeyUsage=clientAuth
    [ $# -lt 2 ] || echo "subjectAltName=$2"
  } >"$file.ext"
  with_openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$file.key" -out "$file.csr"
  with_openssl x509 -req -in "$file.csr" -days 90 -extfile "$file.ext" \
    -CA "$certificates/clients-ca.crt" -CAkey "$certificates/clients-ca.key" -CAcreateserial -out "$file.crt"
}

prepare
authority
client scraper
client reader URI:spiffe://example.com/reader
client stranger URI:spiffe://example.com/stranger
digest=$(with_openssl x509 -in "$certificates/scraper.crt" -outform DER | sha256sum | cut -d ' ' -f 1)
sed "s|sha256:0*|sha256:$digest|" "$here/promward.json" >"$directory/promward.json"
serve client-certificates.yaml "$directory/promward.json"
cat <<END

  ${curl[*]} \\
    --cert $certificates/reader.crt --key $certificates/reader.key \\
    $site/prometheus/api/v1/label/job/values

  ${curl[*]} \\
    --cert $certificates/scraper.crt --key $certificates/scraper.key \\
    --get --data-urlencode 'match[]=up' $site/prometheus/federate
END
until_the_end
