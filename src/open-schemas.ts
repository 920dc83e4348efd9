import { resolve } from "node:path";
import type { FastifyBaseLogger } from "fastify";
import type { Metrics } from "./http/metrics/metrics.js";
import { CurrentSchemas } from "./schema/current-schemas.js";
import { folderFingerprint } from "./schema/folder/folder-fingerprint.js";
import { watchFolder } from "./schema/folder/folder-watch.js";
import { type Reload, SchemaReloader } from "./schema/folder/schema-reloader.js";
import type { SchemaProblem } from "./schema/schema-problem.js";
import { loadSchemaRegistry, type SchemaRegistry } from "./schema/schema-registry.js";
import { pieceByPiece } from "./service/yield-to-event-loop.js";
import type { Settings } from "./settings.js";

/** The schema folder of a running gateway. */
export interface OpenedSchemas {
  readonly schemas: CurrentSchemas;
  /** Loads the folder again, and puts what it says in force if it can. What came of it is logged. */
  reload(): Promise<Reload>;
  /** From now on the folder is loaded again whenever it has changed. @returns what ends that */
  watch(): () => void;
}

/** Loads the schema folder. @throws Error with a message for the operator when it cannot be used */
export async function openSchemas(
  { schemas: folder }: Pick<Settings, "schemas">,
  logger: FastifyBaseLogger,
  metrics: Metrics,
): Promise<OpenedSchemas> {
  const from = await folderFingerprint(folder);
  const registry = loadSchemaRegistry(folder);
  const loaded = { folder: resolve(folder), ...report(registry, [], logger, metrics) };
  logger.info(loaded, "schemas loaded");
  const schemas = new CurrentSchemas(registry);
  const reloader = new SchemaReloader({ folder, schemas, pieceByPiece });
  const reload = async (): Promise<Reload> => {
    const made = await reloader.reload();
    metrics.schemaReload(made.outcome);
    logReload(made, logger, metrics);
    return made;
  };
  return { schemas, reload, watch: () => watchFolder({ folder, from, onSettled: reload }) };
}

/** Logs the problems of a registry that were not known before, and counts all. */
function report(
  registry: SchemaRegistry,
  known: readonly SchemaProblem[],
  logger: FastifyBaseLogger,
  metrics: Metrics,
): { readonly configs: number; readonly refused: number; readonly ignored: number } {
  const counts = { refused: 0, ignored: 0 };
  const told = new Set(known.map((problem) => JSON.stringify(problem)));
  for (const each of registry.problems) {
    const { consequence, ...problem } = each;
    counts[consequence]++;
    if (told.has(JSON.stringify(each))) continue;
    logger.warn(
      problem,
      consequence === "refused" ? "schema file not served" : "part of a schema file ignored",
    );
  }
  metrics.schemas(registry.digest, registry.configs.size, counts);
  return { configs: registry.configs.size, ...counts };
}

function logReload(made: Reload, logger: FastifyBaseLogger, metrics: Metrics): void {
  switch (made.outcome) {
    case "unchanged":
      logger.info("schemas not reloaded: no file of the folder has changed");
      return;
    case "refused":
      logger.error(
        { reason: made.reason, lost: made.lost },
        "schemas not reloaded: those that were loaded before stay in force",
      );
      return;
    case "replaced": {
      const { previous, registry, added, removed, changed } = made;
      const counts = report(registry, previous.problems, logger, metrics);
      logger.info({ added, removed, changed, ...counts, digest: registry.digest }, "schemas reloaded");
    }
  }
}
