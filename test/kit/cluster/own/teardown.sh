#!/bin/sh
# Waits for the end of its input, which one process alone holds open, and then takes a node away: the same way down for a
# stop and for a crash of that process. Every step may find its work done already.
folder=$1
init=$2
link=$3
name=$(basename "$folder")
cat >/dev/null

# All processes and mounts of the namespaces end with their process 1.
[ "$init" -gt 0 ] && kill -9 "$init" 2>/dev/null
while [ "$init" -gt 0 ] && [ -d "/proc/$init" ] && ! grep -q '^State:.Z' "/proc/$init/status" 2>/dev/null; do sleep 0.05; done
ip link delete "$link" 2>/dev/null

# Of one hierarchy there may be several names; the kernel lets go of a group a moment after its last process.
tries=0
for group in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
  while [ -d "$group" ]; do
    find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
    tries=$((tries + 1))
    [ $tries -gt 200 ] && echo "control group $name is still in use" >&2 && exit 1
    [ -d "$group" ] && sleep 0.05
  done
done
rm -rf "$folder"
