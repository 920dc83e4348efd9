import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { redisCommand } from "./redis-command.js";
import { configText, fastFolder, SAFE_SETTINGS } from "./redis-config.js";
import { until } from "./until.js";
import { whenWeEnd } from "./when-we-end.js";

const IMAGE = "redis:7-alpine";
const run = promisify(execFile);

/**
 * A server in a container, on a free port of 127.0.0.1; resolves when it answers.
 * @param docker the client's path; its engine answers
 */
export async function startDockerRedis(docker: string): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(fastFolder(), "strata-redis-"));
  const settings = { ...SAFE_SETTINGS, dir: "/data", bind: "*", "protected-mode": "no" };
  writeFileSync(join(folder, "redis.conf"), configText(settings));
  const words = ["run", "--detach", "--rm", "--publish", "127.0.0.1::6379", "--volume", `${folder}:/data`];
  // Else the files are root's, and we cannot remove them.
  const user = process.getuid === undefined ? [] : ["--user", `${process.getuid()}:${process.getgid?.()}`];
  const { stdout } = await run(docker, [...words, ...user, IMAGE, "redis-server", "/data/redis.conf"]);
  const container = stdout.trim();
  const callOff = whenWeEnd('"$1" rm --force "$2"; rm -rf "$3"', docker, container, folder);
  const stop = async () => {
    await run(docker, ["rm", "--force", container]);
    callOff();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = `redis://${(await run(docker, ["port", container, "6379/tcp"])).stdout.trim()}`;
    await until("the container answers", async () => (await redisCommand(url, "PING")) === "PONG", 30_000);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
