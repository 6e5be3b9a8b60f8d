#!/usr/bin/env bash
# Stands in for an identity provider: prints a token for a subject in some groups, signed with the key that run.sh made.
# `token.sh SUBJECT [GROUP…]`. LIFETIME is in seconds, 300 if not given; a negative one makes a token that has expired.
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
