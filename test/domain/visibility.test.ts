import { equals, isEmpty, isObject, type JsonObject } from "../../src/domain/json/json.js";
import { appendToken } from "../../src/domain/json/pointer.js";
import { merge } from "../../src/domain/merge/merge.js";
import {
  EVERYTHING,
  unseenPointers,
  type Visibility,
  visiblePart,
} from "../../src/domain/merge/visibility.js";
import { documents, paths } from "./json-arbitrary.js";
import { law } from "./law.js";

/** Sees the members that a second document has: an object's declared members, or all below one that declares none. */
function visibilityOf(declared: JsonObject): Visibility {
  return {
    member(key) {
      if (!Object.hasOwn(declared, key)) return undefined;
      const inside = declared[key];
      return isObject(inside) && !isEmpty(inside) ? visibilityOf(inside) : EVERYTHING;
    },
  };
}

/** Rule 5 by path: a path is seen when every step of it is declared, or a step above it declares nothing below. */
function isSeen(path: readonly string[], declared: JsonObject): boolean {
  let inside: JsonObject = declared;
  for (const token of path) {
    if (!Object.hasOwn(inside, token)) return false;
    const next = inside[token];
    if (!isObject(next) || isEmpty(next)) return true;
    inside = next;
  }
  return true;
}

const pointerOf = (path: readonly string[]): string => path.reduce(appendToken, "");
const valueAt = (object: JsonObject | undefined, path: readonly string[]) =>
  path.reduce<unknown>(
    (value, token) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, token)
        ? (value as Record<string, unknown>)[token]
        : undefined,
    object,
  );

law(
  "R5: what is seen is exactly the declared leaves, with their values",
  documents(2),
  ([stored, declared]) => {
    const seen = visiblePart(stored as JsonObject, visibilityOf(declared as JsonObject));
    return paths(stored as JsonObject).every((path) => {
      const value = valueAt(stored, path);
      if (isObject(value as JsonObject) && !isEmpty(value as JsonObject)) return true;
      const shown = valueAt(seen, path);
      return isSeen(path, declared as JsonObject)
        ? equals(shown as never, value as never)
        : shown === undefined;
    });
  },
);

law(
  "what is seen whole is the very object, and it alone: what is known of it is known of what is seen",
  documents(2),
  ([stored, declared]) => {
    const seen = visiblePart(stored as JsonObject, visibilityOf(declared as JsonObject));
    const whole = visiblePart(stored as JsonObject, visibilityOf(stored as JsonObject));
    const isWhole = seen !== undefined && equals(seen, stored as JsonObject);
    return (isEmpty(stored as JsonObject) || whole === stored) && isWhole === (seen === stored);
  },
);

law(
  "R5: an object of which nothing is seen is not there; one stored empty is",
  documents(2),
  ([stored, declared]) => {
    const seen = visiblePart(stored as JsonObject, visibilityOf(declared as JsonObject));
    if (seen === undefined) return true;
    return (
      !isEmpty(seen) &&
      paths(seen).every((path) => {
        const value = valueAt(seen, path) as JsonObject;
        return !isObject(value) || !isEmpty(value) || isEmpty(valueAt(stored, path) as JsonObject);
      })
    );
  },
);

law("R5: seeing twice is seeing once", documents(2), ([stored, declared]) => {
  const visibility = visibilityOf(declared as JsonObject);
  const once = visiblePart(stored as JsonObject, visibility);
  return once === undefined || equals(visiblePart(once, visibility), once);
});

law("R5: a hidden edit changes nothing that is seen", documents(3), ([stored, declared, edit]) => {
  const visibility = visibilityOf(declared as JsonObject);
  const hidden = (edit as JsonObject) && hide(edit as JsonObject, visibility);
  // The hidden part is put below, so that no seen value can be replaced by it.
  const edited = merge([stored, hidden]);
  return equals(
    visiblePart(edited, visibility) ?? null,
    visiblePart(stored as JsonObject, visibility) ?? null,
  );
});

/** The members of an object that nobody sees. */
function hide(object: JsonObject, visibility: Visibility): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => visibility.member(key) === undefined));
}

law("R12: a pointer is unseen exactly when its path is not declared", documents(2), ([values, declared]) => {
  const unseen = new Set(unseenPointers(values as JsonObject, visibilityOf(declared as JsonObject)));
  return paths(values as JsonObject).every((path) => {
    const outermost =
      !isSeen(path, declared as JsonObject) && isSeen(path.slice(0, -1), declared as JsonObject);
    return unseen.has(pointerOf(path)) === outermost;
  });
});
