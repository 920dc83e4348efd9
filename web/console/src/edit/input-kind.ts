import { equalJson, isObject, type JsonObject, jsonLines, jsonText } from "../json.js";

/** How a value is put in. */
export type InputKind = "choice" | "boolean" | "integer" | "number" | "text" | "lines" | "json";

/** The kind of input that fits a setting's schema, and the value that it starts with. */
export function inputKind(schema: JsonObject | null, value: unknown): InputKind {
  const types = typesOf(schema, value);
  if (isList(schema?.enum) && schema.enum.every((choice) => choice !== null)) return "choice";
  if (types.length !== 1) return "json";
  const [type] = types;
  if (typeof value === "object" && value !== null && type !== "array") return "json";
  if (type === "boolean") return "boolean";
  if (type === "integer" || type === "number") return type;
  if (type === "string") return "text";
  return type === "array" && isLines(schema, value) ? "lines" : "json";
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function typesOf(schema: JsonObject | null, value: unknown): string[] {
  const type = schema?.type;
  if (typeof type === "string") return [type];
  if (Array.isArray(type))
    return type.filter((name): name is string => typeof name === "string" && name !== "null");
  if (Array.isArray(value)) return ["array"];
  if (
    schema !== null &&
    Object.keys(schema).some((name) => name !== "title" && name !== "description" && name !== "default")
  )
    return [];
  return value === undefined || value === null ? [] : [typeof value];
}

/** A list of texts, each of which is a line as it stands: space around a line is dropped where it is read. */
function isLines(schema: JsonObject | null, value: unknown): boolean {
  const items = schema?.items;
  const isOfTexts = isObject(items) && items.type === "string";
  const list = value === undefined ? [] : value;
  const isPlain =
    Array.isArray(list) &&
    list.every(
      (item) => typeof item === "string" && item !== "" && item.trim() === item && !/[\r\n]/.test(item),
    );
  return isPlain && (isOfTexts || (items === undefined && Array.isArray(value) && value.length > 0));
}

/** What an input of this kind shows for a value. */
export function inputText(kind: InputKind, value: unknown): string {
  if (value === undefined) return kind === "boolean" ? "false" : "";
  if (kind === "text" || kind === "integer" || kind === "number")
    return typeof value === "string" ? value : jsonText(value);
  if (kind === "lines" && Array.isArray(value)) return value.join("\n");
  return kind === "json" ? jsonLines(value) : jsonText(value);
}

export type Parsed = { readonly value: unknown } | { readonly problem: string };

/** The value that an input's text stands for, or why it stands for none. The gateway checks everything else. */
export function parseInput(kind: InputKind, text: string, schema: JsonObject | null): Parsed {
  if (kind === "text") return { value: text };
  if (kind === "lines")
    return {
      value: text
        .split("\n")
        .map((line) => line.trim())
        .filter(Boolean),
    };
  if (kind === "choice") {
    const choices = isList(schema?.enum) ? schema.enum : [];
    const value = parseJson(text);
    return "value" in value && choices.some((choice) => equalJson(choice, value.value))
      ? value
      : { problem: "Choose one of the values." };
  }
  if (kind === "integer" || kind === "number") return parseNumber(kind, text.trim(), schema);
  const parsed = parseJson(text);
  if ("value" in parsed && parsed.value === null)
    return { problem: "null is no value here. To inherit, reset the field." };
  return parsed;
}

function parseNumber(kind: "integer" | "number", text: string, schema: JsonObject | null): Parsed {
  const value = Number(text);
  if (text === "" || !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) || !Number.isFinite(value))
    return { problem: kind === "integer" ? "Give a whole number." : "Give a number." };
  if (kind === "integer" && !Number.isInteger(value)) return { problem: "Give a whole number." };
  const isExact =
    String(value) === text || !/^[+-]?\d+$/.test(text) || BigInt(text.replace("+", "")) === BigInt(value);
  if (!isExact) return { problem: "This number has more digits than can be kept." };
  if (typeof schema?.minimum === "number" && value < schema.minimum)
    return { problem: `The least is ${schema.minimum}.` };
  if (typeof schema?.maximum === "number" && value > schema.maximum)
    return { problem: `The most is ${schema.maximum}.` };
  return { value };
}

function parseJson(text: string): Parsed {
  if (text.trim() === "") return { problem: "Give a value in JSON." };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `This is not JSON yet: ${(error as Error).message}` };
  }
}

/** What the schema asks for, for a person. */
export function boundsOf(schema: JsonObject | null): string[] {
  if (schema === null) return [];
  const said: string[] = [];
  const say = (name: string, text: (value: unknown) => string) => {
    if (schema[name] !== undefined) said.push(text(schema[name]));
  };
  say("minimum", (least) => `at least ${jsonText(least)}`);
  say("exclusiveMinimum", (least) => (least === true ? "and more" : `more than ${jsonText(least)}`));
  say("maximum", (most) => `at most ${jsonText(most)}`);
  say("exclusiveMaximum", (most) => (most === true ? "and less" : `less than ${jsonText(most)}`));
  say("multipleOf", (step) => `a multiple of ${jsonText(step)}`);
  say("minLength", (least) => `at least ${jsonText(least)} characters`);
  say("maxLength", (most) => `at most ${jsonText(most)} characters`);
  say("pattern", (pattern) => `matches ${String(pattern)}`);
  say("format", (format) => `format ${String(format)}`);
  say("minItems", (least) => `at least ${jsonText(least)} items`);
  say("maxItems", (most) => `at most ${jsonText(most)} items`);
  say("uniqueItems", () => "no item twice");
  return said;
}
