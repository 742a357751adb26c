#!/usr/bin/env bash
# Process 1 of its own namespaces: lays what shall be theirs over what is the machine's, runs the given command as its
# child, and buries orphans (bash does) until that ends. Its end is the end of every process and mount made under it.
set -eu
folder=$1
shift

# Mounts of the node reach its containers; nothing reaches the machine, whose namespace is another.
mount --make-rshared /

# The resolver's file may live under /run, which is about to be covered.
resolver=$(readlink -f /etc/resolv.conf || true)
[ -f "$resolver" ] && cp "$resolver" "$folder/resolv.conf"
mount -t tmpfs -o mode=755 tmpfs /run
if [ -f "$folder/resolv.conf" ] && [ ! -f "$resolver" ]; then
  mkdir -p "$(dirname "$resolver")"
  cp "$folder/resolv.conf" "$resolver"
fi

for each in lib log; do
  mkdir -p "$folder/var/$each"
  mount --bind "$folder/var/$each" "/var/$each"
done

# The kubelet demands these of the kernel and sets what differs: here it finds them, and the machine keeps its own.
mkdir -p "$folder/sysctl"
while read -r name value; do
  [ -f "/proc/sys/$name" ] || continue
  file=$folder/sysctl/${name//\//.}
  echo "$value" >"$file"
  mount --bind "$file" "/proc/sys/$name"
done <<'SYSCTL'
vm/overcommit_memory 1
vm/panic_on_oom 0
kernel/panic 10
kernel/panic_on_oops 1
kernel/keys/root_maxkeys 1000000
kernel/keys/root_maxbytes 25000000
SYSCTL

"$@" &
wait $!
