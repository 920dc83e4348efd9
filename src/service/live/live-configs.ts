import type { Principal } from "../../auth/principal.js";
import { fieldChanges } from "../../domain/field-change.js";
import { LAYER_KINDS, type LayerKind } from "../../domain/layer.js";
import { type Store, sameVersion } from "../../store/store.js";
import type { ConfigService } from "../config-service.js";
import type { ConfigSnapshot } from "../read/config-snapshot.js";
import type { RequestReader } from "../read/request-reader.js";
import { cursorOf, positionIn } from "../store-cursor.js";
import type { ConfigChange } from "./config-change.js";

export interface LiveRequest {
  readonly principal: Principal;
  readonly accountId: string;
  /** Absent: every config that accounts have. */
  readonly configIds?: readonly string[] | undefined;
  /** A cursor of a config or of a message: what came after it is told, in place of a first state of everything. */
  readonly since?: string | undefined;
  /** Whether messages come that move nothing but the cursor. */
  readonly bookmarks?: boolean | undefined;
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
}

export interface LiveDependencies {
  readonly store: Pick<Store, "follow">;
  /** The use-cases under the schemas of now. */
  readonly openConfigs: () => ConfigService;
  readonly createReader: (principal: Principal) => RequestReader;
}

/** Tells subscribers what changes in the configs that they see (R21). */
export class LiveConfigs {
  constructor(private readonly dependencies: LiveDependencies) {}

  /**
   * First one snapshot for each config, then one message for each change of what the account sees. Once it resolves the
   * caller is known to be allowed to. The stream ends with an error when the account leaves the caller's reach.
   * @throws StrataError UNAUTHENTICATED, FORBIDDEN, ACCOUNT_NOT_FOUND, CONFIG_NOT_FOUND, BAD_USER_INPUT, STORE_UNAVAILABLE
   */
  async subscribe(request: LiveRequest): Promise<AsyncIterable<ConfigChange>> {
    const configs = this.dependencies.openConfigs();
    if (request.since !== undefined) positionIn(request.since, "/since");
    const configIds = [...new Set(request.configIds ?? configs.accountConfigIds())];
    const first = await this.#read(request, configIds);
    return this.#follow(request, configIds, first);
  }

  #read(request: LiveRequest, configIds: readonly string[]): Promise<ConfigSnapshot[]> {
    const configs = this.dependencies.openConfigs();
    const { createReader } = this.dependencies;
    const { principal, accountId } = request;
    const reader = createReader(principal);
    return Promise.all(
      configIds.map((configId) => configs.effective(principal, { accountId, configId }, reader)),
    );
  }

  async *#follow(
    request: LiveRequest,
    configIds: readonly string[],
    first: readonly ConfigSnapshot[],
  ): AsyncGenerator<ConfigChange> {
    const wake = new Wake();
    const unfollow = this.dependencies.store.follow(() => wake.tell());
    request.signal?.addEventListener("abort", () => wake.tell(), { once: true });
    const reset = request.since !== undefined;
    try {
      let last = first;
      for (const config of first) yield { ...NOTHING, ...told(config), snapshot: true, reset };
      while (request.signal?.aborted !== true) {
        await wake.next();
        const now = await this.#read(request, configIds);
        for (const [index, config] of now.entries()) {
          const before = last[index];
          if (before === undefined || before.etag === config.etag) continue;
          const changes = fieldChanges(before.config, config.config);
          yield { ...NOTHING, ...told(config), changes, movedLayers: movedBetween(before, config) };
        }
        last = now;
      }
    } finally {
      unfollow();
    }
  }
}

const NOTHING = { snapshot: false, bookmark: false, reset: false, changes: [], movedLayers: [] };

function told(config: ConfigSnapshot) {
  return { config, cursor: cursorOf(config.position) };
}

function movedBetween(before: ConfigSnapshot, after: ConfigSnapshot): LayerKind[] {
  const moved = after.config.layers.filter(({ kind, accountId }, index) => {
    const old = before.config.layers.findIndex((layer) => layer.kind === kind);
    return (
      old < 0 ||
      before.config.layers[old]?.accountId !== accountId ||
      !sameVersion(before.versions[old], after.versions[index])
    );
  });
  return LAYER_KINDS.filter((kind) => moved.some((layer) => layer.kind === kind));
}

/** Remembers that there was a call until somebody has waited for it. */
class Wake {
  #told = false;
  #resolve: (() => void) | undefined;

  tell(): void {
    this.#told = true;
    this.#resolve?.();
  }

  async next(): Promise<void> {
    if (!this.#told)
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
      });
    this.#told = false;
  }
}
