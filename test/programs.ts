import { execFile } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A program on PATH, or at the path that its name is; undefined where there is none. */
export function executable(name: string, environment: NodeJS.ProcessEnv): string | undefined {
  if (name.includes("/")) return isExecutable(name) ? name : undefined;
  const folders = (environment.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * Installs a package on Debian and its kin, where we may.
 * @param what the tests need it for, e.g. "a Redis server"
 * @param reasons why it could not be installed is added there
 * @returns whether it is installed now
 */
export async function installPackage(
  name: string,
  what: string,
  environment: NodeJS.ProcessEnv,
  reasons: string[],
): Promise<boolean> {
  const apt = executable("apt-get", environment);
  if (apt === undefined) return false;
  const command = await asRoot(apt, environment);
  if (command === undefined) return false;
  const [program, ...prefix] = command;
  const aptGet = (...words: string[]) =>
    // Several test processes may come to this at once.
    run(program, [...prefix, "-o", "DPkg::Lock::Timeout=300", ...words], {
      env: { ...environment, DEBIAN_FRONTEND: "noninteractive" },
      maxBuffer: 2 ** 24,
    });
  const install = () => aptGet("install", "-y", "--no-install-recommends", name);
  process.stderr.write(`The tests need ${what} and there is none: apt-get install ${name} ...\n`);
  try {
    await install().catch(async () => {
      await aptGet("update");
      await install();
    });
    return true;
  } catch (error) {
    reasons.push(`apt-get could not install ${name}: ${String(error).trim()}`);
    return false;
  }
}

async function asRoot(
  program: string,
  environment: NodeJS.ProcessEnv,
): Promise<readonly [string, ...string[]] | undefined> {
  if (process.getuid?.() === 0) return [program];
  const sudo = executable("sudo", environment);
  if (sudo === undefined) return undefined;
  return await run(sudo, ["-n", "true"], { env: environment }).then(
    () => [sudo, "-n", program] as const,
    () => undefined,
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
