import { isObject, type JsonObject } from "./json.js";

/** The names of an RFC 6901 pointer, unescaped. */
export function namesOf(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

export function pointerOf(names: readonly string[]): string {
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** Whether `pointer` is `ancestor` or lies below it. */
export function isUnder(pointer: string, ancestor: string): boolean {
  return pointer === ancestor || pointer.startsWith(`${ancestor}/`);
}

/** Why a text is no pointer of a setting; null when it is one. */
export function pointerProblem(text: string): string | null {
  if (text === "") return "Say where the setting is, for example /voicemail/max_message_count.";
  if (!text.startsWith("/")) return "A pointer starts with a slash.";
  if (/~(?![01])/.test(text)) return "In a pointer, write ~0 for ~ and ~1 for a slash in a name.";
  if (text.length > 1_024) return "A pointer has at most 1,024 characters.";
  return null;
}

/** An object with a value at each of the pointers, and nothing else. Any name is a plain key, `__proto__` too. */
export function objectOf(entries: Iterable<readonly [pointer: string, value: unknown]>): JsonObject {
  const root: JsonObject = {};
  for (const [pointer, value] of entries) {
    const names = namesOf(pointer);
    const last = names.pop() ?? "";
    let target = root;
    for (const name of names) {
      const found = Object.hasOwn(target, name) ? target[name] : undefined;
      const next = isObject(found) ? found : {};
      put(target, name, next);
      target = next;
    }
    put(target, last, value);
  }
  return root;
}

function put(target: JsonObject, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
