import type { Place, Resource } from "./resource.js";

/**
 * What dynamic anchors are bound to on the way to a schema: the outermost resource that has one binds it. Scopes with the
 * same bindings are one object.
 */
export class DynamicScope {
  private constructor(
    private readonly bindings: ReadonlyMap<string, Binding>,
    private readonly all: Map<string, DynamicScope>,
  ) {}

  static empty(): DynamicScope {
    return new DynamicScope(new Map(), new Map());
  }

  /** The scope inside a resource. */
  enter(resource: Resource): DynamicScope {
    const added = [...resource.dynamicAnchors].filter(([anchor]) => !this.bindings.has(anchor));
    if (added.length === 0) return this;
    const bindings = new Map(this.bindings);
    for (const [anchor, place] of added) bindings.set(anchor, { resource, place });
    const key = JSON.stringify(
      [...bindings].sort().map(([anchor, bound]) => [anchor, bound.resource.file.name, bound.place.tokens]),
    );
    const scope = this.all.get(key) ?? new DynamicScope(bindings, this.all);
    this.all.set(key, scope);
    return scope;
  }

  bound(anchor: string): Binding | undefined {
    return this.bindings.get(anchor);
  }
}

export interface Binding {
  readonly resource: Resource;
  readonly place: Place;
}
