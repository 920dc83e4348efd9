// Runs Strata as it is, and answers over IPC what can only be seen from inside: how much heap is in use after a garbage
// collection (needs --expose-gc), and where the CPU goes. The server itself has no such door.

import { writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";

const PAUSE_MS = 50;
const SAMPLE_EVERY_US = 1_000;

const session = new Session();
session.connect();

const ANSWERS = {
  async heap() {
    for (let time = 0; time < 3; time++) {
      globalThis.gc();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    const { heapUsed, rss } = process.memoryUsage();
    return { heapUsed, rss };
  },
  async startProfile() {
    await session.post("Profiler.enable");
    await session.post("Profiler.setSamplingInterval", { interval: SAMPLE_EVERY_US });
    await session.post("Profiler.start");
    return {};
  },
  async stopProfile({ file }) {
    const { profile } = await session.post("Profiler.stop");
    writeFileSync(file, JSON.stringify(profile));
    return {};
  },
};

process.on("message", async (question) => process.send(await ANSWERS[question.ask](question)));

await import(new URL("../../dist/main.js", import.meta.url).href);
