#!/usr/bin/env bash
# Make a container image with a PostgreSQL server without pulling one: a Debian root by debootstrap, imported into the engine that runs.
#
#   scripts/container-image.sh [IMAGE]      default godwit/postgres:15-debian; nothing is done where it exists already
#
# Wants root, debootstrap, a Docker engine, and a Debian mirror (DEBIAN_MIRROR, default http://deb.debian.org/debian).
# The image takes POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, PGDATA, and a command `postgres -c …`, as the official one does.
set -euo pipefail

image=${1:-godwit/postgres:15-debian}
suite=bookworm
major=15
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image is there already"
  exit 0
fi

root=$(mktemp -d /tmp/godwit-image-XXXXXX)
log=$root.log
trap 'rm -rf --one-file-system "$root" "$log"' EXIT
trap 'tail -30 "$log" >&2' ERR
# The accounts of the image's own packages work in there, too.
chmod 755 "$root"

# The packages come down once for all the runs of a machine. Without a cluster made at install: the container makes its own.
cache=${GODWIT_DEB_CACHE:-/var/cache/godwit-debs}
mkdir -p "$cache"
debootstrap --variant=minbase --cache-dir="$cache" "$suite" "$root" "$mirror" >"$log" 2>&1
mkdir -p "$root/etc/postgresql-common"
printf 'create_main_cluster = false\n' >"$root/etc/postgresql-common/createcluster.conf"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
DEBIAN_FRONTEND=noninteractive chroot "$root" /usr/bin/env LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -euc "
  apt-get -q update
  apt-get -q install -y --no-install-recommends -o Dpkg::Options::=--force-confold postgresql-$major
  apt-get clean
" >>"$log" 2>&1
rm -rf "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/etc/resolv.conf "$root"/usr/sbin/policy-rc.d

cat >"$root/usr/local/bin/docker-entrypoint.sh" <<'ENTRYPOINT'
#!/bin/bash
set -euo pipefail
export PGDATA=${PGDATA:-/var/lib/postgresql/data}
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ $# -eq 0 ] || [ "${1#-}" != "$1" ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /var/run/postgresql
  chown postgres:postgres "$PGDATA" /var/run/postgresql
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?is to be set}"
  initdb -U "$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 --no-sync >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  if [ "$database" != postgres ]; then
    pg_ctl -w -o "-c listen_addresses=''" start >/dev/null
    psql -v ON_ERROR_STOP=1 -U "$user" -d postgres -v name="$database" -qc '' -f - <<<'CREATE DATABASE :"name"'
    pg_ctl -w -m fast stop >/dev/null
  fi
fi
shift
exec postgres -c listen_addresses='*' "$@"
ENTRYPOINT
chmod +x "$root/usr/local/bin/docker-entrypoint.sh"

tar -C "$root" --numeric-owner -c . | docker import \
  --change "ENV PATH=/usr/lib/postgresql/$major/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
  --change 'ENV LANG=C.UTF-8' \
  --change 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' \
  --change 'CMD ["postgres"]' \
  --change 'EXPOSE 5432' \
  - "$image" >/dev/null
echo "$image made"
