#!/usr/bin/env bash
# Prometheus behind TLS and passwords, on this machine and without root: what README.md does step by step, with one
# command. Ctrl-C ends all of it.
set -euo pipefail
# shellcheck source=examples/site.sh
. "$(dirname "$0")/../site.sh"

prepare
serve envoy.yaml "$here/promward.json" --web.enable-lifecycle --web.enable-admin-api
cat <<END

The passwords are for trying only:

  viewer    viewer-for-trying     reads
  operator  operator-for-trying   reads, and sees how Prometheus is doing
  admin     admin-for-trying      does everything

  ${curl[*]} --user viewer:viewer-for-trying \\
    $site/prometheus/api/v1/label/job/values
END
until_the_end
