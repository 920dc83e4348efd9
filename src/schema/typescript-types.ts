import { isObject, type Json, type JsonObject } from "../domain/json/json.js";
import type { ConfigSchema } from "./config-schema.js";
import { followLocal } from "./subschema.js";

const HEAD = `// Made by "strata types" from the account schemas: what the configs of an account may hold.\n`;

/** TypeScript types of the configs that accounts have, one for each config, and `Configs` with all of them by id. */
export function typescriptTypes(configs: Iterable<ConfigSchema>): string {
  const names = new Names();
  const texts: string[] = [HEAD];
  const byId: string[] = [];
  for (const { id, account, description, title } of configs) {
    if (account === undefined) continue;
    const name = names.free(id);
    texts.push(new TypeWriter(account.schema, name, names).declarations(description ?? title));
    byId.push(`  ${memberName(id)}: ${name};`);
  }
  texts.push(`/** Every config by its id. */\nexport interface Configs {\n${byId.join("\n")}\n}\n`);
  return texts.join("\n");
}

/** Identifiers that are taken. */
class Names {
  readonly #taken = new Set<string>(["Configs", "Array", "Record"]);

  /** One that reads like the text. */
  free(text: string): string {
    const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
    const joined = words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join("");
    const plain = /^[A-Za-z]/.test(joined) ? joined : `Config${joined}`;
    let name = plain;
    for (let number = 2; this.#taken.has(name); number++) name = `${plain}${number}`;
    this.#taken.add(name);
    return name;
  }
}

const UNKNOWN = "unknown";
const SIMPLE: ReadonlyMap<Json, string> = new Map<Json, string>([
  ["string", "string"],
  ["number", "number"],
  ["integer", "number"],
  ["boolean", "boolean"],
  ["null", "null"],
]);

/**
 * Writes the types of one self-contained schema. A type is never narrower than the schema: what TypeScript cannot say, such as bounds,
 * patterns and conditions, is left out.
 */
class TypeWriter {
  /** Types of schemas that are referred to, which may refer to themselves. */
  readonly #referred = new Map<Json, { readonly name: string; text: string }>();

  constructor(
    private readonly root: JsonObject,
    private readonly name: string,
    private readonly names: Names,
  ) {}

  declarations(description: string | undefined): string {
    const own = `${comment(description, "")}export type ${this.name} = ${this.#type(this.root, "")};\n`;
    const others = [...this.#referred.values()].map(({ name, text }) => `export type ${name} = ${text};\n`);
    return [own, ...others].join("\n");
  }

  #type(schema: Json | undefined, indent: string): string {
    if (schema === false) return "never";
    if (!isObject(schema)) return UNKNOWN;
    const { $ref, allOf, anyOf, oneOf } = schema;
    return intersection([
      this.#ownType(schema, indent),
      ...(typeof $ref === "string" ? [this.#reference($ref)] : []),
      ...schemasIn(allOf).map((part) => this.#type(part, indent)),
      ...[anyOf, oneOf].map((parts) => union(schemasIn(parts).map((part) => this.#type(part, indent)))),
    ]);
  }

  /** What the schema says without other schemas. */
  #ownType(schema: JsonObject, indent: string): string {
    const { type, enum: values, const: value } = schema;
    if (value !== undefined) return literal(value);
    if (Array.isArray(values)) return values.length === 0 ? "never" : union(values.map(literal));
    if (type === undefined) return declaresMembers(schema) ? this.#object(schema, indent) : UNKNOWN;
    return union([type].flat().map((each) => this.#typeNamed(each, schema, indent)));
  }

  #typeNamed(type: Json, schema: JsonObject, indent: string): string {
    if (type === "object") return this.#object(schema, indent);
    if (type === "array")
      return `Array<${Array.isArray(schema.items) ? UNKNOWN : this.#items(schema, indent)}>`;
    return SIMPLE.get(type) ?? UNKNOWN;
  }

  #items({ items, prefixItems }: JsonObject, indent: string): string {
    return prefixItems === undefined ? this.#type(items, indent) : UNKNOWN;
  }

  #object(schema: JsonObject, indent: string): string {
    const inside = `${indent}  `;
    const required = new Set(Array.isArray(schema.required) ? schema.required : []);
    const named = Object.entries(isObject(schema.properties) ? schema.properties : {});
    const members = named.map(([name, member]) => {
      const text =
        isObject(member) && typeof member.description === "string" ? member.description : undefined;
      const mark = required.has(name) ? "" : "?";
      return `${comment(text, inside)}${inside}${memberName(name)}${mark}: ${this.#type(member, inside)};`;
    });
    const others = this.#otherMembers(schema, named.length > 0, inside);
    if (others !== undefined) members.push(`${inside}[name: string]: ${others};`);
    return members.length === 0 ? "Record<string, unknown>" : `{\n${members.join("\n")}\n${indent}}`;
  }

  /** Undefined: there are none. A member that is named has to fit as well, so beside one others may be anything. */
  #otherMembers(schema: JsonObject, hasNamed: boolean, indent: string): string | undefined {
    const { additionalProperties, unevaluatedProperties, patternProperties } = schema;
    const under = Object.values(isObject(patternProperties) ? patternProperties : {});
    const rest = additionalProperties ?? unevaluatedProperties;
    if (under.length === 0 && (rest === undefined || rest === false)) return undefined;
    if (hasNamed || (under.length > 0 && rest === undefined)) return UNKNOWN;
    return union([...under, ...(rest === undefined ? [] : [rest])].map((each) => this.#type(each, indent)));
  }

  #reference(reference: string): string {
    const target = reference.startsWith("#") ? followLocal(this.root, reference) : undefined;
    if (target === undefined) return UNKNOWN;
    if (target === this.root) return this.name;
    const known = this.#referred.get(target);
    if (known !== undefined) return known.name;
    const made = {
      name: this.names.free(`${this.name} ${reference.split("/").at(-1) ?? ""}`),
      text: UNKNOWN,
    };
    this.#referred.set(target, made);
    made.text = this.#type(target, "");
    return made.name;
  }
}

function schemasIn(list: Json | undefined): readonly Json[] {
  return Array.isArray(list) ? list : [];
}

function declaresMembers({ properties, patternProperties, additionalProperties }: JsonObject): boolean {
  return [properties, patternProperties, additionalProperties].some((each) => isObject(each));
}

/** Of no types: any. */
function union(types: readonly string[]): string {
  const each = [...new Set(types)];
  if (each.length === 0 || each.includes(UNKNOWN)) return UNKNOWN;
  return each.length === 1 ? (each[0] ?? UNKNOWN) : `(${each.join(" | ")})`;
}

function intersection(types: readonly string[]): string {
  const each = [...new Set(types)].filter((type) => type !== UNKNOWN);
  if (each.length === 0) return UNKNOWN;
  return each.length === 1 ? (each[0] ?? UNKNOWN) : `(${each.join(" & ")})`;
}

function literal(value: Json): string {
  return typeof value === "object" && value !== null ? UNKNOWN : JSON.stringify(value);
}

function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function comment(text: string | undefined, indent: string): string {
  if (text === undefined) return "";
  const lines = text.replaceAll("*/", "*\\/").split(/\r\n|[\n\r\u2028\u2029]/);
  return lines.length === 1
    ? `${indent}/** ${lines[0]} */\n`
    : `${indent}/**\n${lines.map((line) => `${indent} * ${line}`).join("\n")}\n${indent} */\n`;
}
