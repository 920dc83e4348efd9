import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, type MockInstance, onTestFinished, test, vi } from "vitest";
import { temporaryFolder } from "../temporary-folder.js";
import { findRedis, findRedisServer, redisServerProgram } from "./find-redis.js";

const isRoot = process.getuid?.() === 0;

/** A folder to be the PATH, with these programs and no others. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(programs)) {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }
  return folder;
}

const server = (version: string) => `echo "Redis server v=${version} sha=00000000:0 malloc=jemalloc bits=64"`;
const ENGINE = "echo 28.0.0";
const NO_ENGINE = "echo Cannot connect to the Docker daemon >&2; exit 1";

describe("a Redis server for the tests", () => {
  test("is the program on PATH", async () => {
    const PATH = pathWith({ "redis-server": server("7.0.15"), docker: ENGINE });
    const path = join(PATH, "redis-server");
    expect(await findRedis({ PATH })).toEqual({ kind: "program", path });
    expect(await findRedisServer({ PATH: `:/nowhere:${PATH}` })).toBe(path);
  });

  test("is Valkey as well, also where Redis is too old", async () => {
    const valkey = `echo "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc bits=64"`;
    const PATH = pathWith({ "redis-server": server("6.2.14"), "valkey-server": valkey });
    expect(await findRedisServer({ PATH })).toBe(join(PATH, "valkey-server"));
  });

  test("is Docker's where there is no program, but only for tests that share one", async () => {
    const PATH = pathWith({ docker: ENGINE });
    expect(await findRedis({ PATH })).toEqual({ kind: "docker", docker: join(PATH, "docker") });
    await expect(findRedisServer({ PATH })).rejects.toThrow(
      /no Redis server program.*start some of their own/s,
    );
  });

  test("is of a version that will do: ten is more than seven", async () => {
    const PATH = pathWith({ "redis-server": server("10.0.0") });
    expect(await findRedisServer({ PATH })).toBe(join(PATH, "redis-server"));
  });
});

describe("where there is none, the message says", () => {
  const refusal = (search: Promise<unknown>) =>
    search.then(
      () => "",
      (error: Error) => error.message,
    );

  test("what to do", async () => {
    const message = await refusal(findRedis({ PATH: pathWith({}) }));
    for (const way of ["apt-get install redis-server", "valkey", "Docker", "REDIS_URL"])
      expect(message).toContain(way);
    expect(await refusal(findRedis({}))).toBe(message);
  });

  test("that a program is too old, and which", async () => {
    const PATH = pathWith({ "redis-server": server("6.0.16") });
    const line = `${PATH}/redis-server is 6.0.16, too old: 7 is needed.`;
    expect(await refusal(findRedis({ PATH }))).toContain(line);
    expect(await refusal(findRedisServer({ PATH }))).toContain(line);
  });

  test("that Docker's engine does not run", async () => {
    const PATH = pathWith({ docker: NO_ENGINE });
    expect(await refusal(findRedis({ PATH }))).toContain("its engine does not answer");
  });

  test("that REDIS_URL is not enough for tests that kill servers", async () => {
    const REDIS_URL = "redis://127.0.0.1:6379";
    const message = await refusal(findRedisServer({ PATH: pathWith({}), REDIS_URL }));
    expect(message).toContain("REDIS_URL is set, but these tests kill and pause servers");
    expect(await refusal(findRedisServer({ PATH: pathWith({}) }))).not.toContain("REDIS_URL");
  });
});

describe("on Debian", () => {
  let told: MockInstance;
  beforeEach(() => {
    told = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });
  afterEach(() => told.mockRestore());

  /** An apt-get that keeps a record, and can install once it was updated. */
  function debian(version: string): { PATH: string; record(): string[]; file: string } {
    const PATH = pathWith({ package: server(version) });
    const record = join(PATH, "record");
    const file = join(PATH, "redis-server");
    const script = [
      `echo "$*" >> ${record}`,
      `case "$*" in`,
      `*update) : > ${PATH}/updated ;;`,
      `*) test -e ${PATH}/updated && /bin/ln -sf ${PATH}/package ${file} ;;`,
      `esac`,
    ].join("\n");
    for (const name of ["apt-get", ...(isRoot ? [] : ["sudo"])])
      symlinkSync(
        join(pathWith({ [name]: name === "sudo" ? 'shift; "$@"' : script }), name),
        join(PATH, name),
      );
    return { PATH, file, record: () => readFileSync(record, "utf8").trim().split("\n") };
  }

  test("it is installed, with fresh package lists if need be", async () => {
    const { PATH, file, record } = debian("7.0.15");
    expect(await findRedisServer({ PATH })).toBe(file);
    expect(record().map((line) => /(install.*|update)$/.exec(line)?.[0])).toEqual([
      "install -y --no-install-recommends redis-server",
      "update",
      "install -y --no-install-recommends redis-server",
    ]);
    expect(told).toHaveBeenCalledExactlyOnceWith(expect.stringContaining("apt-get install redis-server"));
  });

  test("what was installed may be too old", async () => {
    await expect(findRedis({ PATH: debian("5.0.14").PATH })).rejects.toThrow("is 5.0.14, too old");
  });

  test("nothing is installed by whoever may not", async () => {
    const { PATH, file } = debian("7.0.15");
    writeFileSync(join(PATH, "updated"), "");
    const sudo = join(PATH, "sudo");
    if (!existsSync(sudo)) writeFileSync(sudo, "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    const user = vi.spyOn(process, "getuid").mockReturnValue(1_000);
    onTestFinished(() => user.mockRestore());
    await expect(findRedisServer({ PATH })).rejects.toThrow("no Redis server program");
    expect(existsSync(file)).toBe(false);
    expect(told).not.toHaveBeenCalled();
  });

  test("why it cannot be installed is told", async () => {
    const PATH = pathWith({ "apt-get": "echo no network >&2; exit 100" });
    if (isRoot) await expect(findRedis({ PATH })).rejects.toThrow(/apt-get could not install .*no network/s);
  });
});

test("this machine has a server program, or gets one", async () => {
  expect(existsSync(await redisServerProgram())).toBe(true);
});
