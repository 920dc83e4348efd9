// Runs Strata as it is, and tells how much heap is in use after a garbage collection, when asked over IPC. Started with
// --expose-gc; the server itself has no such door.

const PAUSE_MS = 50;

process.on("message", async () => {
  for (let time = 0; time < 3; time++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  process.send({ heapUsed: process.memoryUsage().heapUsed, rss: process.memoryUsage().rss });
});

await import(new URL("../../dist/main.js", import.meta.url).href);
