#!/usr/bin/env bash
# Prometheus for callers with JSON Web Tokens, on this machine and without root: what README.md does step by step, with
# one command. Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

# The key of an identity provider, and its public half as a JSON Web Key Set. One that is there is kept.
issuer() {
  [ -e "$directory/jwks.json" ] && return
  with_openssl genrsa -out "$directory/issuer.key" 2048
  local modulus
  modulus=$(with_openssl rsa -in "$directory/issuer.key" -noout -modulus)
  modulus=$(printf %s "${modulus#Modulus=}" | basenc --base16 --decode | basenc --base64url --wrap=0 | tr -d =)
  # The exponent is 65537, as OpenSSL chooses it.
  printf '{"keys":[{"kty":"RSA","alg":"RS256","use":"sig","kid":"example","n":"%s","e":"AQAB"}]}\n' "$modulus" \
    >"$directory/jwks.json"
}

need basenc PATH
prepare
issuer
serve jwt.yaml "$here/promward.json"
cat <<END

  ${curl[*]} \\
    --oauth2-bearer "\$(DIRECTORY=$directory $here/token.sh alice viewers)" \\
    $site/prometheus/api/v1/label/job/values
END
until_the_end
