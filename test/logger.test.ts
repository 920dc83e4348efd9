import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { builtProcess } from "./built-processes.js";

test("lines that nobody reads do not fill the memory", async () => {
  const file = builtProcess(new URL("log-process.ts", import.meta.url));
  const child = fork(file, { stdio: ["ignore", "pipe", "inherit", "ipc"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [mebibytes] = await once(child, "message");
  expect(mebibytes).toBeLessThan(32);
});
