import type { SchemaRegistry } from "./schema-registry.js";

/** One registry in the place of another, and the ids of the configs for which that makes a difference. */
export interface SchemaChange {
  readonly previous: SchemaRegistry;
  readonly registry: SchemaRegistry;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/**
 * Which registry is in force. Whoever does something takes the registry once, when it begins, and stays with it: half of one
 * registry and half of the next would be neither.
 */
export class CurrentSchemas {
  #registry: SchemaRegistry;
  readonly #observers = new Set<(change: SchemaChange) => void>();

  constructor(registry: SchemaRegistry) {
    this.#registry = registry;
  }

  get registry(): SchemaRegistry {
    return this.#registry;
  }

  /** Calls the observer after each change, when the new registry is in force already. @returns what ends that */
  onChange(observer: (change: SchemaChange) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** From now on this registry is in force, whole. */
  replace(registry: SchemaRegistry): SchemaChange {
    const change = changeOf(this.#registry, registry);
    this.#registry = registry;
    for (const observer of this.#observers) observer(change);
    return change;
  }
}

function changeOf(previous: SchemaRegistry, registry: SchemaRegistry): SchemaChange {
  const ids = [...registry.configs.keys()];
  const isNew = (id: string) => !previous.configs.has(id);
  return {
    previous,
    registry,
    added: ids.filter(isNew),
    removed: [...previous.configs.keys()].filter((id) => !registry.configs.has(id)),
    changed: ids.filter(
      (id) => !isNew(id) && previous.configs.get(id)?.digest !== registry.configs.get(id)?.digest,
    ),
  };
}
