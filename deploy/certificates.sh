#!/usr/bin/env bash
# Makes what a coordinator needs to be reached from other machines: a private authority (ca.pem, ca.key), the
# coordinator's certificate signed by it (server.pem, server.key), and the token that workers must show (token.txt).
# Workers get ca.pem and token.txt; the other files stay where the coordinator runs.
#
# usage: deploy/certificates.sh DIRECTORY NAME [NAME ...]
#   DIRECTORY  new, or without any of these files
#   NAME       a host name or an IPv4 address by which workers will call the coordinator
set -euo pipefail

fail() {
  echo "$*" >&2
  exit 2
}

if [ $# -lt 2 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command -v openssl >/dev/null || fail "certificates.sh needs openssl (Debian's package openssl)."

directory=$1
shift
names=
for name in "$@"; do
  case $name in
    *[!A-Za-z0-9.-]* | "") fail "'$name' is no host name or IPv4 address." ;;
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
  esac
done

umask 077
mkdir -p "$directory"
for file in ca.pem ca.key server.pem server.key token.txt; do
  [ ! -e "$directory/$file" ] || fail "$directory/$file is there already; give another directory, or remove it."
done

# Everything is made beside, so that a failure leaves nothing behind.
work=$(mktemp -d "$directory/new.XXXXXX")
trap 'rm -rf "$work"' EXIT
run() {
  openssl "$@" 2>"$work/errors" || fail "openssl ${1} failed: $(tail -n 1 "$work/errors")"
}

run req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Backprop authority" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -keyout "$work/ca.key" -out "$work/ca.pem"
run req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=Backprop coordinator" \
  -keyout "$work/server.key" -out "$work/server.csr"
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n' \
  "${names#,}" > "$work/extensions"
run x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
  -days 365 -out "$work/server.pem" -extfile "$work/extensions"
run rand -hex -out "$work/token.txt" 32
for file in ca.pem ca.key server.pem server.key token.txt; do
  mv "$work/$file" "$directory/$file"
done
echo "wrote ca.pem, ca.key, server.pem, server.key and token.txt to $directory"
