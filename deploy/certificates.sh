#!/usr/bin/env bash
# Makes what a coordinator needs to be reached from other machines: a private authority (ca.pem, ca.key), the
# coordinator's certificate signed by it (server.pem, server.key), and the token that workers must show (token.txt).
# Workers get ca.pem and token.txt; the other files stay where the coordinator runs.
#
# usage: deploy/certificates.sh DIRECTORY NAME [NAME ...]
#   DIRECTORY  new, or without any of these files
#   NAME       a host name or an IPv4 address by which workers will call the coordinator
set -euo pipefail

if [ $# -lt 2 ]; then
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
command -v openssl >/dev/null || { echo "certificates.sh needs openssl (Debian's package openssl)." >&2; exit 2; }

directory=$1
shift
umask 077
mkdir -p "$directory"
for file in ca.pem ca.key server.pem server.key token.txt; do
  [ ! -e "$directory/$file" ] || { echo "$directory/$file is there already; give another directory, or remove it." >&2; exit 2; }
done

names=
for name in "$@"; do
  case $name in
    *[!A-Za-z0-9.-]* | "") echo "'$name' is no host name or IPv4 address." >&2; exit 2 ;;
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
  esac
done

cd "$directory"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "/CN=Backprop authority" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
  -keyout ca.key -out ca.pem 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout server.key -out server.csr 2>/dev/null
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -out server.pem -extfile <(
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n'
  printf 'subjectAltName=%s\n' "${names#,}") 2>/dev/null
rm server.csr ca.srl
openssl rand -hex 32 > token.txt
echo "wrote ca.pem, ca.key, server.pem, server.key and token.txt to $directory"
