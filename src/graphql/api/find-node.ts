import { type ErrorCode, StrataError } from "../../domain/errors.js";
import { authorizeAtAll } from "../../service/authorize.js";
import { guardTiming } from "../../service/timing-guard.js";
import type { RequestContext } from "./context.js";
import { parseGlobalId } from "./global-id.js";
import { AccountType } from "./type/account.type.js";
import { ConfigSchemaType } from "./type/config-schema.type.js";
import { EffectiveConfigType } from "./type/effective-config.type.js";

/** What is not there, is not there any more, or is not there yet: a config as of a moment to come. */
const ABSENCE: ReadonlySet<ErrorCode> = new Set([
  "ACCOUNT_NOT_FOUND",
  "BAD_USER_INPUT",
  "CONFIG_NOT_FOUND",
  "REVISION_NOT_FOUND",
]);

type Node = AccountType | EffectiveConfigType | ConfigSchemaType;

/**
 * What has a global id. What is absent, what the caller may not know of and what is no id get one answer, at one time.
 * @returns null where there is nothing of this id for the caller
 * @throws StrataError UNAUTHENTICATED, FORBIDDEN; STORE_UNAVAILABLE
 */
export async function findNode(id: string, context: RequestContext): Promise<Node | null> {
  const { principal } = context;
  authorizeAtAll(principal, "read");
  const found = await guardTiming(principal, () => readNode(id, context));
  return found ?? null;
}

async function readNode(id: string, context: RequestContext): Promise<Node | undefined> {
  try {
    return await nodeOf(id, context);
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function nodeOf(id: string, context: RequestContext): Promise<Node | undefined> {
  const { principal, accounts, configs } = context;
  const named = parseGlobalId(id);
  switch (named?.kind) {
    case undefined:
      return undefined;
    case "account":
      return AccountType.of(await accounts.find(principal, named.accountId, context.reader)) ?? undefined;
    case "schema":
      return new ConfigSchemaType(configs.schema(principal, named.configId), principal.isSuperadmin);
    case "config":
      if (named.accountId === undefined && !principal.isSuperadmin) return undefined;
      return new EffectiveConfigType(await configs.effective(principal, named, context.reader, named.asOf));
  }
}

function isAbsence(error: unknown): boolean {
  if (!(error instanceof StrataError)) return false;
  return ABSENCE.has(error.code);
}
