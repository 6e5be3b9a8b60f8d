#!/usr/bin/env bash
# Takes the place of an identity provider: prints a token for a subject in some groups, signed with the key that the demo
# has made. `token.sh SUBJECT [GROUP…]`. LIFETIME is in seconds, 300 by default; a negative one makes an expired token.
set -euo pipefail

key=${DIRECTORY:-$(dirname "$0")/../../target/jwt}/issuer.key
openssl=${PROMWARD_OPENSSL:-openssl}

base64url() {
  basenc --base64url --wrap=0 | tr -d =
}

now=$(date +%s)
subject=$1
groups=$(printf ',"%s"' "${@:2}")
[ $# -gt 1 ] || groups=
claims=$(printf '{"iss":"https://id.example.com","aud":"promward","sub":"%s","groups":[%s],"iat":%d,"exp":%d}' \
  "$subject" "${groups#,}" "$now" "$((now + ${LIFETIME:-300}))")
signed=$(printf '{"alg":"RS256","typ":"JWT","kid":"example"}' | base64url).$(printf %s "$claims" | base64url)
echo "$signed.$(printf %s "$signed" | "$openssl" dgst -sha256 -sign "$key" -binary | base64url)"
