#!/usr/bin/env bash
# Two teams and one Prometheus, on this machine and without root: what README.md does step by step, with one command.
# Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

prometheus_files=$here
# Each of the three targets has been scraped, and its alert fires.
asked='query?query=count(ALERTS)'
answered='"3"'
prepare
serve envoy.yaml "$here/promward.json"
cat <<END

The tokens and passwords are for trying only:

  team a's Grafana  team-a-for-trying
  team b's Grafana  team-b-for-trying
  carol             carol-for-trying   is in both teams
  admin             admin-for-trying   sees everything

  ${curl[*]} --oauth2-bearer team-a-for-trying \\
    $site/prometheus/api/v1/label/tenant/values
END
until_the_end
