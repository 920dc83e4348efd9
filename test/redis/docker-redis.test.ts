import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { startDockerRedis } from "./docker-redis.js";
import { redisServerProgram } from "./find-redis.js";
import { freePort } from "./free-port.js";
import { redisCommand } from "./redis-command.js";
import { until } from "./until.js";

/** A client of Docker that keeps a record of its calls, and runs the server in front of the whale instead of inside. */
async function standIn(): Promise<{ docker: string; calls(): string[] }> {
  const [folder, program, port] = [temporaryFolder(), await redisServerProgram(), await freePort()];
  const docker = join(folder, "docker");
  const record = join(folder, "calls");
  const script = `#!/bin/sh
    echo "$*" >> ${record}
    case "$1" in
      run)
        mounted=$(echo "$*" | sed 's/.*--volume \\([^:]*\\):.*/\\1/')
        sed 's/^dir .*//' "$mounted/redis.conf" > ${folder}/redis.conf
        ${program} ${folder}/redis.conf --dir ${folder} --bind 127.0.0.1 --port ${port} > /dev/null 2>&1 &
        echo $! ;;
      port) echo 127.0.0.1:${port} ;;
      rm) kill -KILL $3 ;;
    esac`;
  writeFileSync(docker, script, { mode: 0o755 });
  return { docker, calls: () => readFileSync(record, "utf8").trim().split("\n") };
}

test("a server in a container is safe, is on a port of this machine only, and is gone after its end", async () => {
  const { docker, calls } = await standIn();
  const { url, stop } = await startDockerRedis(docker);
  expect(await redisCommand(url, "CONFIG", "GET", "appendfsync")).toEqual(["appendfsync", "always"]);
  await stop();
  const isGone = () =>
    redisCommand(url, "PING").then(
      () => false,
      ({ code }) => code === "ECONNREFUSED",
    );
  await until("the server is gone", isGone, 5_000);
  const [run, port, remove] = calls();
  expect(run).toMatch(/--publish 127\.0\.0\.1::6379 .*redis:\d\S* redis-server \/data\/redis\.conf$/);
  expect(port).toMatch(/^port \d+ 6379\/tcp$/);
  expect(remove).toMatch(/^rm --force \d+$/);
});
