import type { RecordedOperation, StoredWrite } from "./history-checker.js";
import { Faults, sleep } from "./linearizability-faults.js";
import { type Ground, randomTarget, TARGETS } from "./linearizability-ground.js";
import { Recorder } from "./linearizability-recorder.js";

const WRITERS = 4;
const READERS = 8;
/** A client that has heard nothing for so long goes on; an answer that comes later counts all the same. */
const PATIENCE_MS = 300;
const LONGEST_PAUSE_MS = 150;

export interface DrillRecord {
  readonly operations: readonly RecordedOperation[];
  readonly stored: readonly StoredWrite[];
  /** How often each thing happened, by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** How often a client had gone on when the answer came. */
  readonly givenUp: number;
  readonly faults: ReadonlyMap<string, number>;
}

/**
 * Clients of both gateways write and read the same few documents while all kinds of things go wrong; when all is well
 * again, each document is read through both.
 */
export async function runDrill(ground: Ground, size: number): Promise<DrillRecord> {
  const recorder = new Recorder();
  const faults = new Faults();
  let givenUp = 0;
  const client = async (_: unknown, index: number) => {
    const gateway = ground.gateway(index);
    while (recorder.begun < size) {
      const target = randomTarget();
      const answer = index < WRITERS ? recorder.write(gateway, target) : recorder.read(gateway, target);
      const ending = await Promise.race([answer, sleep(PATIENCE_MS)]);
      if (ending === undefined) givenUp++;
      // Who is refused at once would soon have used up all operations.
      if (ending === "refused") await sleep(Math.random() * LONGEST_PAUSE_MS);
    }
  };
  faults.startOn(ground.exposed);
  try {
    await Promise.all(Array.from({ length: WRITERS + READERS }, client));
  } finally {
    await faults.stop();
  }
  await recorder.settled();
  for (const target of TARGETS) {
    for (const { gateway } of ground.exposed)
      while ((await recorder.read(gateway, target)) !== "done") await sleep(LONGEST_PAUSE_MS);
  }
  const { operations, counts } = recorder;
  return { operations, stored: await ground.stored(), counts, givenUp, faults: faults.counts };
}
