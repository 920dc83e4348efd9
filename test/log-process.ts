import { createLogger } from "../src/logger.js";

// Logs more than anybody takes of it, and tells its parent how much memory that took.

const LINES = 40_000;
const LINE = "x".repeat(1_000);

const logger = createLogger("info");
const { heapUsed } = process.memoryUsage();
for (let i = 0; i < LINES; i++) {
  logger.info(LINE);
  if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
}
process.send?.((process.memoryUsage().heapUsed - heapUsed) / 2 ** 20);
process.disconnect();
