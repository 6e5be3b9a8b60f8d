#!/usr/bin/env bash
# Prints a token as a program gets it from the provider: by the name and the secret that the provider knows it by
# (client_credentials). DIRECTORY is what the demo writes to.
set -euo pipefail

directory=${DIRECTORY:-$(dirname "$0")/../../target/openid-connect}
issuer=$(sed -n 's/.*"issuer": "\(.*\)".*/\1/p' "$directory/promward.json")
curl --silent --show-error --fail --noproxy '*' --cacert "$directory/provider/ca.crt" \
  --data grant_type=client_credentials --data client_id=reporter \
  --data-urlencode client_secret@"$directory/provider/program-secret" "$issuer/token" |
  sed 's/.*"access_token":"\([^"]*\)".*/\1/'
