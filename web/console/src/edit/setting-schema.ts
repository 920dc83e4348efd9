import { isObject, type JsonObject } from "../json.js";
import { namesOf, pointerOf } from "../pointer.js";

/** A setting that a schema declares. */
export interface DeclaredSetting {
  readonly pointer: string;
  readonly title: string | null;
}

const DEEPEST = 12;
/** A schema may declare more than anybody would choose from. */
const MOST = 2_000;

/** The settings that a self-contained schema declares by name: those without members of their own. */
export function declaredSettings(root: JsonObject | null): DeclaredSetting[] {
  const found = new Map<string, DeclaredSetting>();
  const walk = (schema: JsonObject | null, names: readonly string[]) => {
    if (schema === null || names.length > DEEPEST || found.size >= MOST) return;
    const members = branchesOf(schema, root, 0).flatMap(({ properties }) =>
      isObject(properties) ? Object.entries(properties) : [],
    );
    if (members.length === 0 && names.length > 0) {
      const pointer = pointerOf(names);
      found.set(pointer, { pointer, title: titleOf(schema) });
    }
    for (const [name, member] of members) walk(isObject(member) ? member : null, [...names, name]);
  };
  walk(root, []);
  return [...found.values()];
}

/** The schema of the setting at a pointer, references followed; null where none says anything. */
export function schemaAt(root: JsonObject | null, pointer: string): JsonObject | null {
  let schema = root;
  for (const name of namesOf(pointer)) {
    if (schema === null) return null;
    schema =
      branchesOf(schema, root, 0)
        .map((branch) => memberOf(branch, name))
        .find((member) => member !== null) ?? null;
  }
  if (schema === null) return null;
  return Object.assign({}, ...branchesOf(schema, root, 0, { isExact: true }).reverse());
}

function memberOf({ properties, additionalProperties }: JsonObject, name: string): JsonObject | null {
  if (isObject(properties) && Object.hasOwn(properties, name)) {
    const member = properties[name];
    return isObject(member) ? member : null;
  }
  return isObject(additionalProperties) ? additionalProperties : null;
}

const ALTERNATIVES = ["allOf", "anyOf", "oneOf"] as const;

/** A schema with what it refers to and consists of. Exact: without the alternatives. */
function branchesOf(
  schema: JsonObject,
  root: JsonObject | null,
  depth: number,
  { isExact = false } = {},
): JsonObject[] {
  if (depth > DEEPEST) return [];
  const parts: unknown[] = [resolved(schema.$ref, root)];
  for (const name of isExact ? ["allOf"] : ALTERNATIVES) {
    const list = schema[name];
    if (Array.isArray(list)) parts.push(...list);
  }
  return [
    schema,
    ...parts.filter(isObject).flatMap((part) => branchesOf(part, root, depth + 1, { isExact })),
  ];
}

function resolved(reference: unknown, root: JsonObject | null): unknown {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  let target: unknown = root;
  for (const name of namesOf(decodeURIComponent(reference.slice(1))))
    target = isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined;
  return target;
}

function titleOf({ title }: JsonObject): string | null {
  return typeof title === "string" ? title : null;
}
