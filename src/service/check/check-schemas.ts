import { type LostSchema, lostSchemas } from "../../schema/folder/lost-schemas.js";
import type { SchemaProblem } from "../../schema/schema-problem.js";
import type { SchemaRegistry } from "../../schema/schema-registry.js";
import type { StoreReads } from "../../store/store.js";
import { type CheckedConfig, type CheckOptions, checkConfig } from "./check-config.js";

/** What a schema folder would do if it were put in force. */
export interface SchemaCheck {
  /** Those whose schema is another, by id. */
  readonly configs: readonly CheckedConfig[];
  /** Files that are served now and could not be any more: a server keeps what it has then, and does not start anew. */
  readonly lost: readonly LostSchema[];
  /** Faults of the folder that the one in force does not have. */
  readonly problems: readonly SchemaProblem[];
}

/**
 * Compares what is stored under the schemas in force and under others.
 * @throws StrataError STORE_UNAVAILABLE
 */
export async function checkSchemas(
  reads: Pick<StoreReads, "inheriting" | "layers" | "documents" | "rootId">,
  inForce: SchemaRegistry,
  next: SchemaRegistry,
  options: CheckOptions & { readonly onConfig?: (configId: string) => void },
): Promise<SchemaCheck> {
  const ids = [...new Set([...inForce.configs.keys(), ...next.configs.keys()])].sort();
  const configs: CheckedConfig[] = [];
  for (const configId of ids) {
    const [before, after] = [inForce.configs.get(configId), next.configs.get(configId)];
    if (before?.digest === after?.digest) continue;
    options.onConfig?.(configId);
    configs.push(await checkConfig(reads, configId, { before, after }, options));
  }
  const known = new Set(inForce.problems.map((problem) => JSON.stringify(problem)));
  const problems = next.problems.filter((problem) => !known.has(JSON.stringify(problem)));
  return { configs, lost: lostSchemas(inForce, next), problems };
}

/** Whether somebody has a problem then that nobody has now, or a schema is served no more. */
export function breaksSomething({ configs, problems }: SchemaCheck): boolean {
  return (
    problems.some(({ consequence }) => consequence === "refused") ||
    configs.some(
      ({ schema, system, counts }) =>
        schema === "removed" || counts.BROKEN > 0 || system.outcome === "BROKEN",
    )
  );
}
