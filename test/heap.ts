import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** MiB of the heap in use, once all garbage is collected. */
export function heapMebibytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
