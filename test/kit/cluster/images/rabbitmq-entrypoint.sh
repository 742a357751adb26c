#!/bin/sh
# As the official image's: started as root it gives the data to the user rabbitmq and becomes that user; and a host that
# has a domain makes node names long.
set -eu
case "$1" in
rabbitmq*)
  if [ "$(id -u)" = 0 ]; then
    [ "$1" = rabbitmq-server ] && find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq {} +
    exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$0" "$@"
  fi
  ;;
esac
if [ -z "${RABBITMQ_USE_LONGNAME:-}" ] && [ "$(hostname)" != "$(hostname -s)" ]; then
  export RABBITMQ_USE_LONGNAME=true
fi
exec "$@"
