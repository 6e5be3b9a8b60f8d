# shellcheck shell=bash
# What the examples share, sourced by each run.sh: a site on this machine, without root. It builds the filter, makes a
# certificate, writes the shipped files with this machine's ports and paths, and starts Prometheus and Envoy.

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
name=$(basename "$here")

# Everything that is written goes here.
directory=${DIRECTORY:-$repository/target/$name}
# With 443 and 80 it is the guide to the letter; these ports need no root.
https_port=${HTTPS_PORT:-8443}
http_port=${HTTP_PORT:-8080}
prometheus_port=${PROMETHEUS_PORT:-9090}
admin_port=${ADMIN_PORT:-9901}

envoy=${PROMWARD_ENVOY:-envoy}
prometheus=${PROMWARD_PROMETHEUS:-prometheus}
openssl=${PROMWARD_OPENSSL:-openssl}

# Where Prometheus' configuration and its rules are, and what it is asked and answers once there is something to show:
# before it has scraped, there is nothing.
prometheus_files=$repository/examples/guide
asked=label/job/values
answered='\["prometheus"\]'

# Where the site is: the default port goes without saying.
site=https://example.com
[ "$https_port" = 443 ] || site=$site:$https_port

# How to ask it.
curl=(curl --cacert "$directory/certificates/example.com.crt" --resolve "example.com:$https_port:127.0.0.1")

fail() {
  echo "$name: $*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || fail "no $1: install it, or say with $2 where it is ('cargo demo' fetches what is missing)"
}

# Runs openssl, which says much, and shows it where it fails. Keys are for their owner alone.
with_openssl() {
  (umask 077 && "$openssl" "$@" 2>"$directory/openssl.log") || fail "openssl $1: $(cat "$directory/openssl.log")"
}

# Finds the programs, builds the filter, and makes the site's certificate.
prepare() {
  need "$envoy" PROMWARD_ENVOY
  need "$prometheus" PROMWARD_PROMETHEUS
  need "$openssl" PROMWARD_OPENSSL
  need curl PATH
  mkdir -p "$directory/certificates"
  module
  certificate
}

module() {
  (cd "$repository" && cargo wasm) | tee "$directory/module.log"
  cp "$(head -n 1 "$directory/module.log")" "$directory/promward.wasm"
}

# As in the guide, with the name where clients look for it nowadays. One that is there is kept.
certificate() {
  [ -e "$directory/certificates/example.com.crt" ] && return
  with_openssl req -x509 -newkey rsa:4096 -nodes -days 30 -subj /CN=example.com -addext subjectAltName=DNS:example.com \
    -keyout "$directory/certificates/example.com.key" -out "$directory/certificates/example.com.crt"
}

# The shipped files with this machine's ports and paths: this one of Envoy's, with this configuration of the filter's.
write_files() {
  local envoy_file=$1 configuration=$2
  sed -e "s|localhost:9090|localhost:$prometheus_port|" "$prometheus_files/prometheus.yml" >"$directory/prometheus.yml"
  [ ! -e "$prometheus_files/rules.yml" ] || cp "$prometheus_files/rules.yml" "$directory/rules.yml"
  sed -e "s|/etc/promward|$directory|" "$repository/envoy/sds/certificate.yaml" >"$directory/certificate.yaml"
  # Envoy 1.36 doesn't know these lines.
  local older=()
  case $("$envoy" --version) in */1.36.*) older=(-e '/^  allow_paths:$/,/^$/d') ;; esac
  local redirect="https_redirect: true"
  [ "$https_port" = 443 ] || redirect="$redirect, port_redirect: $https_port"
  sed -e "s|/etc/promward/sds/|$directory/|" -e "s|/etc/promward/|$directory/|" \
    -e "s|address: 0.0.0.0, port_value: 443 |address: 127.0.0.1, port_value: $https_port |" \
    -e "s|address: 0.0.0.0, port_value: 80 |address: 127.0.0.1, port_value: $http_port |" \
    -e "s|port_value: 9901 |port_value: $admin_port |" \
    -e "s|port_value: 9090 |port_value: $prometheus_port |" \
    -e "s|https_redirect: true|$redirect|" \
    "${older[@]}" \
    "$repository/envoy/$envoy_file" |
    awk -v file="$configuration" '
      /^ *value: \|$/ {
        print
        match($0, /^ */); depth = RLENGTH
        while ((getline line < file) > 0) print sprintf("%" (depth + 2) "s", "") line
        old = 1
        next
      }
      old { match($0, /^ */); if (RLENGTH > depth) next; old = 0 }
      { print }
    ' >"$directory/envoy.yaml"
}

# Each program in a process group of its own, so that what it starts ends with it.
set -m
groups=()

start() {
  local log=$1
  shift
  "$@" >"$log" 2>&1 </dev/null &
  groups+=($!)
}

finish() {
  trap - EXIT
  local group
  for group in "${groups[@]}"; do
    kill -TERM -- "-$group" 2>/dev/null || true
  done
  wait
}
trap finish EXIT
trap 'exit 0' INT TERM HUP

check_alive() {
  local group
  for group in "${groups[@]}"; do
    kill -0 "$group" 2>/dev/null || fail "Envoy or Prometheus has ended by itself:
$(tail -n 5 "$directory/envoy.log" "$directory/prometheus.log")"
  done
}

# Starts Prometheus and Envoy and waits until they serve: `serve ENVOY_FILE CONFIGURATION [FLAG OF PROMETHEUS…]`.
serve() {
  write_files "$1" "$2"
  start "$directory/prometheus.log" "$prometheus" \
    --config.file="$directory/prometheus.yml" --storage.tsdb.path="$directory/data" \
    --web.listen-address="127.0.0.1:$prometheus_port" \
    --web.external-url="$site/prometheus" --web.route-prefix=/ "${@:3}"
  start "$directory/envoy.log" "$envoy" --config-path "$directory/envoy.yaml" --disable-hot-restart
  until curl --silent --noproxy '*' "http://127.0.0.1:$prometheus_port/api/v1/$asked" |
    grep -q "$answered" && "${curl[@]}" --silent --output /dev/null "$site/prometheus/-/healthy"; do
    check_alive
    sleep 0.2
  done
  echo
  echo "Prometheus is at $site/prometheus/."
}

# The last step: until Ctrl-C, or one of the programs ends.
until_the_end() {
  echo
  echo "Logs are in $directory. Ctrl-C ends all of it."
  wait -n || true
  check_alive
}
