import { onTestFinished } from "vitest";
import { OPEN_PRINCIPAL, type Principal } from "../../../src/auth/principal.js";
import { LiveConfigs, type LiveNotices } from "../../../src/service/live/live-configs.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import type { HistoryRetention, Store } from "../../../src/store/store.js";
import { FAST_DISK, openTestStore } from "../../store/test-store.js";
import { schemaFolder, temporaryFolder } from "../../temporary-folder.js";
import { Services } from "../services.js";
import { Follower } from "./follower.js";

const PROPERTIES = { a: { type: "integer" }, b: { type: "object", properties: { c: {}, d: {} } } };
/** `hidden` is a setting that accounts do not see. */
export const SCHEMAS = {
  "account_config.one": { type: "object", properties: PROPERTIES },
  "system_config.one": {
    type: "object",
    properties: { ...PROPERTIES, a: { type: "integer", default: 1 }, hidden: { type: "integer" } },
  },
  "account_config.two": { type: "object", properties: PROPERTIES },
  "system_config.two": { type: "object", properties: { ...PROPERTIES, hidden: { type: "integer" } } },
};

/** A small tree with a gateway over it: root over the resellers east and west, acme and bolt below east, core below west. */
export class LiveGround {
  private constructor(
    readonly services: Services,
    readonly folder: string,
    readonly live: LiveConfigs,
  ) {}

  static async open(
    kept: Partial<HistoryRetention> = {},
    given: {
      readonly notices?: LiveNotices;
      readonly alter?: (store: Store) => Store;
      /** A folder; absent: the schemas of above. */
      readonly schemas?: string;
    } = {},
  ): Promise<LiveGround> {
    const folder = temporaryFolder(FAST_DISK);
    const opened = await openTestStore(folder, kept);
    const store = given.alter?.(opened) ?? opened;
    onTestFinished(() => opened.close());
    const services = new Services(store, given.schemas ?? schemaFolder(SCHEMAS)).patient();
    const ground = new LiveGround(services, folder, gatewayOver(services, given.notices));
    await services.tree(
      ["root"],
      ["east*", "root"],
      ["west*", "root"],
      ["acme", "east"],
      ["bolt", "east"],
      ["core", "west"],
    );
    return ground;
  }

  get store(): Store {
    return this.services.store;
  }

  /** Somebody who is told of an account's configs, and has nothing on the way. */
  follow(
    accountId: string,
    wanted: Partial<ConstructorParameters<typeof Follower>[1]> = {},
    principal?: Principal,
  ): Promise<Follower> {
    return new Follower(this.live, { accountId, ...wanted }, principal).start();
  }

  /** As a reload of the schema folder. */
  changeSchemas(schemas: Readonly<Record<string, unknown>>): void {
    this.services.serve(schemaFolder(schemas));
    this.live.schemasChanged();
  }

  /** Another gateway over the same store, which has watched nothing so far. */
  otherGateway(): LiveConfigs {
    return gatewayOver(this.services);
  }

  /** An account's caller, for that account and those below it. */
  callerOf(accountId: string): Principal {
    return { ...OPEN_PRINCIPAL, isSuperadmin: false, accountId, issuedAt: 4_000_000_000 };
  }
}

export function gatewayOver(services: Services, notices?: LiveNotices): LiveConfigs {
  const { store } = services;
  const live = new LiveConfigs({
    store,
    openConfigs: () => services.configs,
    now: () => new Date(),
    createReader: (principal) => createRequestReader(store, principal),
    notices,
  });
  onTestFinished(() => live.close());
  return live;
}
