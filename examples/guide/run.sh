#!/usr/bin/env bash
# The guide on this machine, without root: what README.md does step by step, with one command. Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

prepare
serve envoy.yaml "$here/promward.json"
cat <<END

  ${curl[*]} \\
    $site/prometheus/api/v1/label/job/values
END
until_the_end
