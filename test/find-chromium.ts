import { executable, installPackage } from "./programs.js";

const PROGRAMS = ["chromium", "chromium-browser", "google-chrome"];

/**
 * A browser that the tests can start: the one of `CHROMIUM`, on PATH, or installed now.
 * @throws when there is none; the message says what to do
 */
export async function findChromium(environment: NodeJS.ProcessEnv): Promise<string> {
  const { CHROMIUM: named } = environment;
  if (named) {
    const path = executable(named, environment);
    if (path !== undefined) return path;
    throw new Error(`CHROMIUM names no program that can be run: ${named}`);
  }
  const onPath = () =>
    PROGRAMS.map((name) => executable(name, environment)).find((path) => path !== undefined);
  const reasons: string[] = [];
  const path =
    onPath() ??
    ((await installPackage("chromium", "a browser", environment, reasons)) ? onPath() : undefined);
  if (path !== undefined) return path;
  const help =
    "Install Chromium, e.g. apt-get install chromium, so that it is on PATH, or name it in CHROMIUM.";
  throw new Error(["There is no browser for the tests.", ...reasons, help].join("\n"));
}
