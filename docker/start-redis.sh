#!/bin/sh
# Starts Redis on an append-only file that ends with a whole commit:
#
#   start-redis.sh <data folder> redis-server redis.conf
#
# A Redis that is killed while it writes a commit to its file leaves the beginning of that commit there. The next start
# cuts off half a command, but not what comes before it of the same transaction; and once there has been another such
# end, the start after it takes those commands for a part of the commit that follows. redis-check-aof cuts them off, too.
set -eu

manifest="$1/appendonlydir/appendonly.aof.manifest"
shift
if [ -f "$manifest" ]; then
  # It asks before it cuts.
  echo y | redis-check-aof --fix "$manifest"
fi
exec "$@"
