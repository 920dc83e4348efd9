import type { Principal } from "../auth/principal.js";
import { StrataError } from "../domain/errors.js";
import { checkId } from "../domain/id.js";
import { isEmpty, isObject, type Json, type JsonObject, nullPointers } from "../domain/json/json.js";
import { tokensOf } from "../domain/json/pointer.js";
import type { ConfigService } from "../service/config-service.js";
import { isBlocking } from "../service/problems.js";
import type { DocumentKey } from "../store/store.js";
import type { Reason } from "./import-report.js";
import type { KazooConfig } from "./kazoo-documents.js";

/** Something of a config's values that is not written. */
export interface LeftOutSetting {
  readonly reason: Reason;
  /** Within the values. */
  readonly pointer: string;
  readonly message: string;
}

export interface SettingsWritten {
  readonly outcome: "written" | "unchanged" | "leftOut";
  readonly leftOut: readonly LeftOutSetting[];
}

/** Members that KAZOO's own pages add to each request: notes of theirs, not settings. */
const PAGE_NOTES = "ui_metadata";

/** Each round takes something out of the values; so many are more than any document needs. */
const ROUNDS = 200;

/**
 * Replaces a config's overrides with KAZOO's values, through the ordinary service: only what differs from the inherited
 * values is stored. What the service refuses is taken out, and the rest is written.
 * @throws StrataError when it is not the values that it is refused for
 */
export async function writeSettings(
  configs: ConfigService,
  principal: Principal,
  { accountId, configId, values: given }: KazooConfig,
): Promise<SettingsWritten> {
  const nameless = idRefusal({ accountId, configId });
  if (nameless !== undefined) return { outcome: "leftOut", leftOut: [nameless] };
  let values = configs.isSetting(configId, PAGE_NOTES)
    ? (given as JsonObject)
    : withoutMember(given as JsonObject, PAGE_NOTES);
  const leftOut: LeftOutSetting[] = nullPointers(values).map((pointer) => ({
    reason: "null",
    pointer,
    message: "Null is no value in Strata.",
  }));
  for (let round = 0; round < ROUNDS; round++) {
    const refused: LeftOutSetting[] = [];
    try {
      const intent = { kind: "SET", values } as const;
      const result = await configs.write(principal, { target: { accountId, configId }, intent });
      if (result.result === "written")
        return { outcome: result.revision === undefined ? "unchanged" : "written", leftOut };
      if (result.result === "invalid") {
        for (const { pointer, keyword, message } of result.problems.filter(isBlocking))
          refused.push({ reason: reasonOf(keyword), pointer, message });
      }
    } catch (error) {
      refused.push(refusalIn(error));
    }
    leftOut.push(...refused);
    const rest = without(values, refused);
    if (rest === values) break;
    values = rest;
  }
  const isWhole = leftOut.some(({ pointer }) => pointer === "");
  const all = {
    reason: "invalid",
    pointer: "",
    message: "So nothing of this config can be written.",
  } as const;
  return { outcome: "leftOut", leftOut: isWhole ? leftOut : [...leftOut, all] };
}

/** What is wrong with the ids; the service would say where they are in a request. */
function idRefusal({ accountId, configId }: DocumentKey): LeftOutSetting | undefined {
  try {
    checkId(configId, "config", "");
    if (accountId !== undefined) checkId(accountId, "account", "");
    return undefined;
  } catch (error) {
    return refusalIn(error);
  }
}

function reasonOf(keyword: string): Reason {
  return keyword === "unknown" || keyword === "systemOnly" ? keyword : "invalid";
}

/** @throws the error itself when it does not speak of the values */
function refusalIn(error: unknown): LeftOutSetting {
  if (!(error instanceof StrataError)) throw error;
  const { code, message, pointer = "" } = error;
  if (code === "CONFIG_NOT_FOUND")
    return { reason: "noSchema", pointer: "", message: "The schema folder has no schema for it." };
  if (code === "ACCOUNT_NOT_FOUND")
    return { reason: "noAccount", pointer: "", message: "There is no such account." };
  if (code === "BAD_USER_INPUT") return { reason: "invalid", pointer, message };
  throw error;
}

/** The values without the settings at these pointers; where nothing is, without what is next above. */
function without(values: JsonObject, refused: readonly LeftOutSetting[]): JsonObject {
  return refused.reduce((rest, { pointer }) => withoutAt(rest, tokensOf(pointer)), values);
}

function withoutAt(object: JsonObject, [token, ...rest]: readonly string[]): JsonObject {
  if (token === undefined || !Object.hasOwn(object, token)) return object;
  const remains = remaining(object[token] as Json, rest);
  return remains === undefined
    ? withoutMember(object, token)
    : Object.fromEntries(
        Object.entries(object).map(([key, value]) => [key, key === token ? remains : value]),
      );
}

function withoutMember(object: JsonObject, name: string): JsonObject {
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));
}

function remaining(value: Json, tokens: readonly string[]): Json | undefined {
  if (!isObject(value)) return undefined;
  const rest = withoutAt(value, tokens);
  // Where nothing is at the pointer it is the object that is wrong, or what it lacks.
  return rest === value || isEmpty(rest) ? undefined : rest;
}
