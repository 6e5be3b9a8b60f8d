#!/usr/bin/env bash
# A restricted token for Grafana, on this machine and without root: what README.md does step by step, with one command.
# Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

prometheus_files=$repository/examples/tenants
# Each of the three targets has been scraped, and its alert fires.
asked='query?query=count(ALERTS)'
answered='"3"'
prepare
serve envoy.yaml "$here/promward.json"
cat <<END

The token is for trying only: grafana-for-trying

  ${curl[*]} --oauth2-bearer grafana-for-trying \\
    --data query=1%2B1 $site/prometheus/api/v1/query
END
until_the_end
