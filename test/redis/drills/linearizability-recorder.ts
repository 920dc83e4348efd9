import type { ConfigTarget } from "../../../src/service/config-catalog.js";
import type { ShownConfig } from "./gateway-process.js";
import type { RecordedOperation, Sighting } from "./history-checker.js";
import { documentName, markIn, markSetting } from "./linearizability-ground.js";
import { isFailure, type RunningGateway } from "./running-gateway.js";

/** How an operation ended. */
export type Ending = "done" | "refused" | "unknown";

/** Asks gateways, and keeps what they were asked and what they answered, by the clock of this process. */
export class Recorder {
  readonly operations: RecordedOperation[] = [];
  readonly counts = new Map<string, number>();
  readonly #open = new Set<Promise<Ending>>();
  #begun = 0;

  /** How many operations were begun. */
  get begun(): number {
    return this.#begun;
  }

  /** Resolves when all that was begun is answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#open);
  }

  read(gateway: RunningGateway, target: ConfigTarget): Promise<Ending> {
    return this.#record(async () => {
      const invokedAt = performance.now();
      const answer = await gateway.ask("read", { target });
      const answeredAt = performance.now();
      const seen = isFailure(answer) ? [] : sightings(answer, target.configId);
      return [{ kind: "read", invokedAt, answeredAt, seen }, endingOf(answer)];
    });
  }

  /** Writes a mark that no other write has. */
  write(gateway: RunningGateway, target: ConfigTarget): Promise<Ending> {
    return this.#record(async (number) => {
      const [document, mark] = [documentName(target), `m${number}`];
      const patch = { [markSetting(target.accountId)]: mark };
      const invokedAt = performance.now();
      const answer = await gateway.ask("patch", { target, patch });
      const answeredAt = performance.now();
      const write = { kind: "write", document, mark, invokedAt, answeredAt } as const;
      const outcome = endingOf(answer);
      if (isFailure(answer)) return [{ ...write, outcome, revision: undefined, seen: [] }, outcome];
      const { revision } = answer;
      const seen = sightings(answer, target.configId).filter((sighting) => sighting.document !== document);
      return [{ ...write, outcome, revision, seen }, outcome];
    });
  }

  async #record(run: (number: number) => Promise<[RecordedOperation, Ending]>): Promise<Ending> {
    const ended = run(++this.#begun).then(([operation, ending]) => {
      this.operations.push(operation);
      const name = `${operation.kind} ${ending}`;
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
      return ending;
    });
    this.#open.add(ended);
    try {
      return await ended;
    } finally {
      this.#open.delete(ended);
    }
  }
}

function endingOf(answer: object): Ending {
  if (!isFailure(answer)) return "done";
  switch (answer.failure) {
    case "STORE_UNAVAILABLE":
      return "refused";
    case "WRITE_OUTCOME_UNKNOWN":
      return "unknown";
    default:
      throw new Error(`a gateway answered ${answer.failure}: ${answer.message}`);
  }
}

function sightings({ values, layers }: ShownConfig, configId: string): Sighting[] {
  return layers.map(({ accountId, revision }) => ({
    document: documentName({ accountId, configId }),
    revision,
    mark: markIn(values, accountId),
  }));
}
