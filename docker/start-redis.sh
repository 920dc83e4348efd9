#!/bin/sh
# Starts Redis on an append-only file that ends with a whole commit:
#
#   start-redis.sh <data folder> redis-server redis.conf
#
# A Redis that is killed while it writes a commit to its file leaves the beginning of that commit there. The next start
# cuts off half a command, but not what comes before it of the same transaction; and once there has been another such
# end, the start after it takes those commands for a part of the commit that follows. redis-check-aof cuts them off, too.
set -eu

files="$1/appendonlydir"
manifest="$files/appendonly.aof.manifest"
shift
if [ -f "$manifest" ] && ! found=$(redis-check-aof "$manifest" 2>&1); then
  # Which file is not sound, and up to where it is.
  place=$(printf '%s\n' "$found" | sed -n 's/^AOF analyzed: filename=\(.*\), size=[0-9]*, ok_up_to=\([0-9]*\),.*/\1 \2/p' | tail -n 1)
  file="$files/${place% *}"
  sound="${place##* }"
  # What is torn is never followed by a whole commit, nor is there the whole of its end. Where that is not so, the file is
  # damaged otherwise, and is left as it is: Redis itself refuses it.
  if [ -n "$place" ]; then
    last=$(tail -c 6 "$file" | head -c 4)
    before=$(($(wc -c <"$file") - sound - 5))
    commits=$(tail -c "+$((sound + 1))" "$file" | head -c "$((before > 0 ? before : 0))" | LC_ALL=C grep -c '^EXEC' || true)
    # It asks before it cuts.
    if [ "$last" != EXEC ] && [ "$commits" = 0 ]; then echo y | redis-check-aof --fix "$manifest"; fi
  fi
fi
exec "$@"
