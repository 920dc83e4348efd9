import type { Principal } from "../../auth/principal.js";
import { laterOf } from "../../domain/clock.js";
import { StrataError } from "../../domain/errors.js";
import { resellerLineage } from "../../domain/reseller.js";
import type { PastLayers } from "../../store/store.js";
import { authorize, type ConfigView, noSuchAccount, viewOf } from "../authorize.js";
import type { ConfigCatalog, ConfigTarget } from "../config-catalog.js";
import { yieldToEventLoop } from "../yield-to-event-loop.js";
import { type AttributedChange, attributedChanges } from "./attributed-changes.js";
import { type ConfigSnapshot, snapshotOf } from "./config-snapshot.js";
import { mergeOf } from "./merged-configs.js";
import type { PastRead, RequestReader } from "./request-reader.js";

/** How many later moments are tried for the oldest one that can be answered: an ancestry may have changed often. */
const TRIES = 64;

/** Reads configs as of past moments (R20): today's access, visibility and schemas; layers and ancestry of then. */
export class PastConfigs {
  constructor(
    private readonly catalog: ConfigCatalog,
    private readonly now: () => Date,
  ) {}

  /**
   * What was in force after the last commit at or before a moment: exact or refused.
   * @param target as `ConfigCatalog.checked` lets it pass
   * @param moment as `toISOString` writes it
   * @param pointer names the moment in messages
   * @throws StrataError as `ConfigService.effective`; BAD_USER_INPUT for the future; REVISION_NOT_FOUND; ACCOUNT_NOT_FOUND
   * also when there was no such account then
   */
  async at(
    principal: Principal,
    target: ConfigTarget,
    moment: string,
    reader: RequestReader,
    pointer: string,
  ): Promise<ConfigSnapshot> {
    const today = await this.#viewOfToday(principal, target, reader);
    const config = this.catalog.perspective(principal, target);
    const { layers, incarnation } = await this.#layersAt(target, moment, reader, pointer);
    const view = await withFormerReseller(principal, today, layers, reader);
    await yieldToEventLoop();
    const merged = mergeOf(config.perspective, layers.documents);
    const { lineage, keys, versions, sequence, schema } = layers;
    return snapshotOf(
      config,
      { layers: { lineage, keys, versions, position: { incarnation, sequence } }, config: merged },
      view,
      { asOf: moment, schemaChanged: schema !== this.catalog.schemaDigest },
    );
  }

  /**
   * What differs between a past moment and a snapshot of the same config, and who did it.
   * @throws StrataError as `at`; BAD_USER_INPUT also where the moment comes after the snapshot's own
   */
  async changesSince(
    principal: Principal,
    snapshot: ConfigSnapshot,
    moment: string,
    reader: RequestReader,
  ): Promise<AttributedChange[]> {
    const { past, config } = snapshot;
    if (past !== undefined && moment > past.asOf) throw isLater(past.asOf);
    const { accountId, configId } = config;
    const before = await this.at(principal, { accountId, configId }, moment, reader, "/time");
    return attributedChanges(before, snapshot, reader);
  }

  async #viewOfToday(
    principal: Principal,
    { accountId }: ConfigTarget,
    reader: RequestReader,
  ): Promise<ConfigView> {
    const ancestry = accountId === undefined ? undefined : await reader.ancestry(accountId);
    if (accountId !== undefined && ancestry === undefined) throw noSuchAccount();
    return authorize(principal, "read", ancestry?.lineage);
  }

  async #layersAt(
    target: ConfigTarget,
    moment: string,
    reader: RequestReader,
    pointer: string,
  ): Promise<{ readonly layers: PastLayers; readonly incarnation: string }> {
    const now = this.now().toISOString();
    const { config, newest, isOver, incarnation } = await reader.layersAt(target, moment, now);
    if (!isOver) throw isFuture(laterOf(now, newest ?? ""), pointer);
    switch (config.outcome) {
      case "kept":
        return { layers: config, incarnation };
      case "noAccount":
        throw noSuchAccount();
      case "notKept":
        throw notKept(await oldestFrom(target, config.next, now, reader), pointer);
    }
  }
}

/** @param now the later of the clock and the newest commit's time, which another gateway's clock may have made */
function isFuture(now: string, pointer: string): StrataError {
  return new StrataError("BAD_USER_INPUT", `The moment lies in the future: it is ${now} here.`, { pointer });
}

/** The first moment from the given one on that the store can tell of. */
async function oldestFrom(
  target: ConfigTarget,
  from: string,
  now: string,
  reader: RequestReader,
): Promise<string> {
  let moment = from;
  let last: PastRead | undefined;
  for (let tries = 0; tries < TRIES; tries++) {
    last = await reader.layersAt(target, moment, now);
    if (last.config.outcome !== "notKept") return moment;
    moment = last.config.next;
  }
  // What is there now can always be told.
  return last?.newest ?? moment;
}

function notKept(oldest: string, pointer: string): StrataError {
  return new StrataError(
    "REVISION_NOT_FOUND",
    `What was in force then is no longer kept: of this config the past can be told from ${oldest} on.`,
    { pointer, oldest },
  );
}

function isLater(asOf: string): StrataError {
  return new StrataError("BAD_USER_INPUT", `The config is as of ${asOf}: the moment comes after that.`, {
    pointer: "/time",
  });
}

/** The reseller of then may be elsewhere now. Whether the caller may access it is for the tree of today to say (R15). */
async function withFormerReseller(
  principal: Principal,
  view: ConfigView,
  { lineage }: PastLayers,
  reader: RequestReader,
): Promise<ConfigView> {
  const id = lineage && resellerLineage(lineage)?.[0].id;
  if (id === undefined || view.account?.lineage.some((account) => account.id === id)) return view;
  const ancestry = await reader.ancestry(id);
  return ancestry === undefined ? view : { ...view, formerReseller: viewOf(principal, ancestry.lineage) };
}
