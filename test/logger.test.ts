import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";

test("lines that nobody reads do not fill the memory", async () => {
  const file = fileURLToPath(new URL("log-writer.ts", import.meta.url));
  const child = fork(file, { stdio: ["ignore", "pipe", "inherit", "ipc"], execArgv: ["--import", "tsx"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [mebibytes] = await once(child, "message");
  expect(mebibytes).toBeLessThan(32);
});
