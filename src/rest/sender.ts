import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { z } from "zod";
import type { Sender } from "./envelope.js";

/** As far from here in `src` as in `dist`. */
const PACKAGE = new URL("../../package.json", import.meta.url);

/** This process, as answers name it. The host's name itself is nobody's business. */
export function createSender(now: () => Date): Sender {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, "utf8")));
  const node = `strata-${createHash("sha256").update(hostname()).digest("hex").slice(0, 8)}`;
  return { version, node, now };
}
