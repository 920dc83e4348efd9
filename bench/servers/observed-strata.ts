import { once } from "node:events";
import { join } from "node:path";
import type { Population } from "../workload/accounts.js";
import type { Server } from "./server.js";
import type { Stage } from "./stage.js";
import { startStrata } from "./strata.js";

const ANSWER_MS = 60_000;

type Question =
  | { readonly ask: "heap" }
  | { readonly ask: "startProfile" }
  | { readonly ask: "stopProfile"; readonly file: string };

export interface ObservedStrata extends Server {
  ask(question: Question): Promise<unknown>;
}

/** Strata as it is, behind a wrapper that answers what can only be seen from inside (observed-strata.mjs). */
export async function startObservedStrata(
  stage: Stage,
  store: "lmdb" | "redis",
  population: Population,
): Promise<ObservedStrata> {
  const entry = ["--expose-gc", join(stage.root, "bench", "servers", "observed-strata.mjs")];
  const server = await startStrata(stage, "observed", { store, population, entry, ipc: true });
  stage.onClose(() => server.stop());
  const { process } = server.child;
  return {
    ...server,
    async ask(question) {
      const answer = once(process, "message", { signal: AbortSignal.timeout(ANSWER_MS) });
      process.send(question);
      return (await answer)[0];
    },
  };
}
