import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Attack, checkAnswer } from "./attack.js";
import { AttackedServer, type ServerOptions } from "./attacked-server.js";
import { canariesIn } from "./canaries.js";
import { plantCanaries } from "./plant-canaries.js";

/** How long a healthy server takes at most to say that it lives, in milliseconds. */
const ALIVE_MS = 100;
const REST_MS = 250;
/** What may stay behind of a whole family in caches that are bounded, in bytes. */
const KEPT_BYTES = 24 * 2 ** 20;

export interface FamilyOptions extends ServerOptions {
  /** Gets what the server logged on its way up. */
  readonly onStart?: (lines: readonly string[]) => void;
}

/** Runs one family of attacks on a server of its own, and looks after it after each. */
export function attackFamily(name: string, attacks: readonly Attack[], options: FamilyOptions = {}): void {
  describe(name, () => {
    let server: AttackedServer;
    let base: number;
    beforeAll(async () => {
      server = await AttackedServer.start(options);
      const lines = await server.lines();
      expectCleanLines(lines);
      options.onStart?.(lines);
      await plantCanaries(server);
      base = await server.memory();
    });
    afterAll(() => server?.close());

    test.each(attacks.map((attack) => [attack.name, attack] as const))("%s", async (_, attack) => {
      const answer = await attack.send(server);
      await checkAnswer(attack, answer, server);
      if (answer.status >= 400) expect(canariesIn(answer.raw)).toEqual([]);
      expect(canariesIn(JSON.stringify(errorsIn(answer.text)))).toEqual([]);
      await expectAlive(server);
      await expectCleanLog(server);
    });

    test("nothing of it is counted, said or kept", async () => {
      const { text, status } = await server.ask({ path: "/metrics" });
      expect([status, canariesIn(text)]).toEqual([200, []]);
      expect(server.output).toEqual([]);
      expect((await server.memory()) - base).toBeLessThan(KEPT_BYTES);
    });
  });
}

function errorsIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { errors?: unknown }).errors ?? null;
  } catch {
    return null;
  }
}

/** On a machine that others use, too, some late answers may be theirs. */
export async function expectAlive(server: AttackedServer): Promise<void> {
  const look = async () => server.ask({ path: "/health/live" });
  let answer = await look();
  for (let more = 4; more > 0 && answer.milliseconds >= ALIVE_MS; more--) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    answer = await look();
  }
  expect([answer.status, answer.text]).toEqual([200, '{"status":"live"}']);
  expect(answer.milliseconds).toBeLessThan(ALIVE_MS);
}

/** Each line is one of plain text, whatever was sent, and holds no secret. */
export async function expectCleanLog(server: AttackedServer): Promise<void> {
  expectCleanLines(await server.lines());
}

function expectCleanLines(lines: readonly string[]): void {
  for (const line of lines) {
    expect(line).toMatch(/^\{[\x20-\x7e]*\}\n$/);
    expect(() => JSON.parse(line)).not.toThrow();
  }
  expect(canariesIn(lines.join(""))).toEqual([]);
}
