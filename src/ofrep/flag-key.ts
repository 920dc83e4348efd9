import { isId } from "../domain/id.js";
import { parsePointer, tokensOf } from "../domain/json/pointer.js";

/** What a flag key names: one setting of a config, or (pointer `""`) the whole config. */
export interface FlaggedSetting {
  readonly configId: string;
  /** RFC 6901. */
  readonly pointer: string;
}

/**
 * The key of a setting: `conferences:pin_timeout`, `callflow:voicemail.max_pin_length`. Where a name holds a dot or a slash, or
 * is empty, dots could not tell the names apart: then the pointer stands in their place. The whole config: its id alone.
 */
export function flagKey({ configId, pointer }: FlaggedSetting): string {
  const names = tokensOf(pointer);
  if (names.length === 0) return configId;
  const isPlain = names.every((name) => name !== "" && !name.includes(".") && !name.includes("/"));
  return `${configId}:${isPlain ? names.join(".") : pointer}`;
}

/** The setting that a key names, whether there is one or not; undefined where the text is no key. A pointer may always stand in place of names. */
export function parseFlagKey(key: string): FlaggedSetting | undefined {
  const colon = key.indexOf(":");
  const configId = colon < 0 ? key : key.slice(0, colon);
  if (!isId(configId)) return undefined;
  if (colon < 0) return { configId, pointer: "" };
  const setting = key.slice(colon + 1);
  const pointer = setting.startsWith("/") ? setting : pointerOf(setting.split("."));
  return pointer !== undefined && isPointer(pointer) ? { configId, pointer } : undefined;
}

function pointerOf(names: readonly string[]): string | undefined {
  if (names.includes("")) return undefined;
  return names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

function isPointer(text: string): boolean {
  try {
    parsePointer(text);
    return true;
  } catch {
    return false;
  }
}
