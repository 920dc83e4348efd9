import { isObject } from "../domain/json/json.js";
import { appendToken } from "../domain/json/pointer.js";
import type { SchemaSide } from "./config-schema.js";
import { DeclaredVisibility } from "./declared-visibility.js";

/** Settings of one config that are listed; more than a form or a program has use for. */
const SETTINGS_LIMIT = 10_000;

/**
 * The pointers of the settings that a schema declares by name: an object that names its members stands for these, everything
 * else for itself. A schema that comes back to itself is listed once on each way into it.
 */
export function declaredSettings({ schema }: SchemaSide): string[] {
  const pointers: string[] = [];
  const walk = (place: DeclaredVisibility, pointer: string, above: readonly DeclaredVisibility[]): void => {
    const names = above.includes(place) ? [] : namesIn(place);
    if (names.length === 0 && pointer !== "" && pointers.length < SETTINGS_LIMIT) pointers.push(pointer);
    for (const name of names) {
      const member = place.declared(name);
      if (member !== undefined && pointers.length < SETTINGS_LIMIT)
        walk(member, appendToken(pointer, name), [...above, place]);
    }
  };
  walk(DeclaredVisibility.of(schema), "", []);
  return pointers;
}

function namesIn(place: DeclaredVisibility): string[] {
  const members = place.branches.flatMap(({ schemas }) => schemas.map(({ properties }) => properties));
  return [...new Set(members.flatMap((named) => (isObject(named) ? Object.keys(named) : [])))];
}
