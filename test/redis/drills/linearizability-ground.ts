import { randomUUID } from "node:crypto";
import type { JsonObject } from "../../../src/domain/json/json.js";
import type { ConfigTarget } from "../../../src/service/config-catalog.js";
import { parseDocument } from "../../../src/store/records.js";
import { RedisKeys } from "../../../src/store/redis/redis-keys.js";
import type { RedisServer } from "../redis-server.js";
import { TcpProxy } from "../tcp-proxy.js";
import type { StoredWrite } from "./history-checker.js";
import type { ExposedGateway } from "./linearizability-faults.js";
import type { Flaw } from "./linearizability-flaws.js";
import { RunningGateway } from "./running-gateway.js";

const CONFIGS = ["one", "two"];
const OPEN = { type: "object", additionalProperties: true };
export const GROUND_SCHEMAS = Object.fromEntries(
  CONFIGS.flatMap((id) => [
    [`account_config.${id}`, OPEN],
    [`system_config.${id}`, OPEN],
  ]),
);
/** Of two accounts, of their reseller and of the system: the documents below are made of those above. */
export const TARGETS: readonly ConfigTarget[] = CONFIGS.flatMap((configId) =>
  ["a", "b", "reseller", undefined].map((accountId) => ({ accountId, configId })),
);

export function randomTarget(): ConfigTarget {
  const target = TARGETS[Math.floor(Math.random() * TARGETS.length)];
  if (target === undefined) throw new Error("there are targets");
  return target;
}

export function documentName({ accountId, configId }: ConfigTarget): string {
  return `${accountId ?? "system"}/${configId}`;
}

/** The setting by which one tells the writes of a document apart. Each owner has its own, so that none hides another. */
export function markIn(values: JsonObject, accountId: string | undefined): string | undefined {
  const mark = values[markSetting(accountId)];
  return mark === undefined ? undefined : String(mark);
}

export function markSetting(accountId: string | undefined): string {
  return `mark of ${accountId ?? "system"}`;
}

/** A new store with a few accounts, and two gateways on it, each by a way of its own that can be broken. */
export class Ground {
  private constructor(
    private readonly server: RedisServer,
    private readonly cell: string,
    readonly exposed: readonly ExposedGateway[],
  ) {}

  /** @param schemas a folder with `GROUND_SCHEMAS` */
  static async open(server: RedisServer, schemas: string, flaw?: Flaw): Promise<Ground> {
    const cell = randomUUID();
    const expose = async (): Promise<ExposedGateway> => {
      const proxy = await TcpProxy.to(server.port);
      const url = `redis://127.0.0.1:${proxy.port}`;
      return { proxy, gateway: await RunningGateway.start({ url, cell, schemas, flaw }) };
    };
    const ground = new Ground(server, cell, await Promise.all([expose(), expose()]));
    await ground.#create("root", undefined);
    await ground.#create("reseller", "root");
    for (const id of ["a", "b"]) await ground.#create(id, "reseller");
    return ground;
  }

  /** In turn. */
  gateway(index: number): RunningGateway {
    const { gateway } = this.exposed[index % this.exposed.length] ?? {};
    if (gateway === undefined) throw new Error("a ground has gateways");
    return gateway;
  }

  /** All that was ever written, straight from the server. */
  async stored(): Promise<StoredWrite[]> {
    const keys = new RedisKeys(this.cell);
    const found = await Promise.all(
      TARGETS.map(async (target) => {
        const records = await this.server.command("LRANGE", keys.history(target), "0", "-1");
        return (records as string[]).map((record) => storedWrite(target, record));
      }),
    );
    return found.flat();
  }

  async close(): Promise<void> {
    await Promise.all(this.exposed.map(({ gateway }) => gateway.stop()));
    await Promise.all(this.exposed.map(({ proxy }) => proxy.close()));
  }

  async #create(id: string, parentId: string | undefined): Promise<void> {
    const account = { id, name: id, parentId, isReseller: id === "reseller" };
    await this.gateway(0).get("create", { account });
  }
}

function storedWrite(target: ConfigTarget, record: string): StoredWrite {
  const { version, text = "{}" } = parseDocument(record);
  const { revision, sequence } = version;
  const mark = markIn(JSON.parse(text), target.accountId) ?? "";
  return { document: documentName(target), revision, sequence, mark };
}
