import { StrataError } from "../domain/errors.js";
import type { JsonObject } from "../domain/json/json.js";
import { withinTime } from "../service/impact/impact-watch.js";
import type { ConfigSnapshot } from "../service/read/config-snapshot.js";
import type { RequestedIntent, WriteRequest, WrittenConfig } from "../service/write/config-write.js";
import { OPERATION_POINTER } from "../service/write/named-operation.js";
import { type Answer, refusal } from "./answer.js";
import { configData } from "./config-data.js";
import { streamConfig } from "./config-stream.js";
import { entityTag, matchable, namedTag } from "./entity-tag.js";
import { idempotencyKey } from "./idempotency-key.js";
import {
  ACCOUNT_PARAMS,
  CONFIG_BODY,
  CONFIG_PARAMS,
  DRY_RUN,
  POST_BODY,
  PROVENANCE,
  READ_HEADERS,
  STREAM_HEADERS,
  VERB,
  WRITE_HEADERS,
} from "./openapi/schemas.js";
import { provenanceOf, restrictionsOf } from "./provenance.js";
import { PREFIX, type RestRequest, type RestRoute } from "./route.js";
import { invalidAnswer } from "./validation-answer.js";

const CONFIGS = "/accounts/{account_id}/configs";
const CONFIG = `${CONFIGS}/{config_id}`;
const READ_REFUSALS = [304, 400, 401, 403, 404, 421, 429, 500, 503];
const STREAM_REFUSALS = [400, 401, 403, 404, 421, 429, 500, 503];
const WRITE_REFUSALS = [400, 401, 403, 404, 412, 413, 415, 421, 422, 429, 500, 503, 504];

const READ =
  "All layers merged: the account's own overrides, its reseller's, the system's, and the defaults of the schema.";
const BODYLESS =
  "A request without a body, or with an empty one, is one with empty `data`, as KAZOO documents it.";
const TUNNEL =
  "With a `verb`, in the query or beside `data`, it is a request of that method instead: its answers are that one's. " +
  "So is a POST on a path that takes none.";

const setIntent = (values: JsonObject): RequestedIntent => ({ kind: "SET", values });
const patchIntent = (patch: JsonObject): RequestedIntent => ({ kind: "PATCH", patch });
const resetIntent = (): RequestedIntent => ({ kind: "RESET", pointers: undefined });

/** KAZOO's "configs" resource. */
export const CONFIG_ROUTES: readonly RestRoute[] = [
  {
    method: "GET",
    path: CONFIGS,
    operationId: "fetchDefaultConfig",
    tag: "configs",
    takesToken: true,
    summary: "The config `default`: what is in force for the account",
    description: READ,
    request: { params: ACCOUNT_PARAMS, querystring: PROVENANCE, headers: READ_HEADERS },
    success: { status: 200, schema: "Config" },
    refusals: READ_REFUSALS,
    handle: read,
  },
  {
    method: "GET",
    path: CONFIG,
    operationId: "fetchConfig",
    tag: "configs",
    takesToken: true,
    summary: "A config: what is in force for the account",
    description: READ,
    request: { params: CONFIG_PARAMS, querystring: PROVENANCE, headers: READ_HEADERS },
    success: { status: 200, schema: "Config" },
    refusals: READ_REFUSALS,
    handle: read,
  },
  {
    method: "GET",
    path: `${CONFIG}/stream`,
    operationId: "followConfig",
    tag: "configs",
    takesToken: true,
    summary: "A config as it changes: server-sent events",
    description:
      "First the config as it is, then a message for each change of what the account sees, whichever layer moved. The `id` of an event is its cursor: " +
      "sent back as `Last-Event-ID`, as browsers do by themselves, it begins with what was missed. An event `end` tells in an error's envelope why there is no more.",
    request: { params: CONFIG_PARAMS, querystring: PROVENANCE, headers: STREAM_HEADERS },
    success: { status: 200, schema: "ConfigMessage", mediaType: "text/event-stream" },
    refusals: STREAM_REFUSALS,
    handle: streamConfig,
  },
  {
    method: "PUT",
    path: CONFIG,
    operationId: "createConfig",
    tag: "configs",
    takesToken: true,
    summary: "Replaces the account's overrides, as POST does",
    description: BODYLESS,
    request: { params: CONFIG_PARAMS, querystring: DRY_RUN, headers: WRITE_HEADERS, body: CONFIG_BODY },
    success: { status: 201, schema: "Config" },
    refusals: WRITE_REFUSALS,
    bodyless: true,
    handle: (request) => write(request, setIntent, created),
  },
  {
    method: "POST",
    path: CONFIG,
    operationId: "changeConfig",
    tag: "configs",
    takesToken: true,
    summary: "Replaces the account's overrides: what differs from the inherited values is stored",
    description: `${BODYLESS} ${TUNNEL}`,
    request: { params: CONFIG_PARAMS, querystring: VERB, headers: WRITE_HEADERS, body: POST_BODY },
    success: { status: 200, schema: "Config" },
    refusals: WRITE_REFUSALS,
    bodyless: true,
    handle: (request) => write(request, setIntent, ok),
  },
  {
    method: "PATCH",
    path: CONFIG,
    operationId: "patchConfig",
    tag: "configs",
    takesToken: true,
    summary: "Changes the overrides that are named and no others; null drops one",
    description:
      "`null` drops an override, and so does the value that would be inherited. What is not named stays as it is.",
    request: { params: CONFIG_PARAMS, querystring: DRY_RUN, headers: WRITE_HEADERS, body: CONFIG_BODY },
    success: { status: 200, schema: "Config" },
    refusals: WRITE_REFUSALS,
    handle: (request) => write(request, patchIntent, ok),
  },
  {
    method: "DELETE",
    path: CONFIG,
    operationId: "removeConfig",
    tag: "configs",
    takesToken: true,
    summary: "Drops every override of the account; answers with the config as it is then",
    description: "The account then follows the layers below it. There is nothing to send.",
    request: { params: CONFIG_PARAMS, querystring: DRY_RUN, headers: WRITE_HEADERS },
    success: { status: 200, schema: "Config" },
    refusals: WRITE_REFUSALS,
    handle: (request) => write(request, resetIntent, ok),
  },
];

async function read({ context, headers, provenance, target }: RestRequest): Promise<Answer> {
  const snapshot = await context.configs.effective(context.principal, target, context.reader);
  const tagged = { ETag: entityTag(snapshot.etag), "Cache-Control": "private, no-cache" };
  const known = headers["if-none-match"];
  const named = known === undefined ? undefined : namedTag(known, snapshot.etag);
  if (named !== undefined) return { status: 304, headers: { ...tagged, ETag: entityTag(named) } };
  const data = configData(snapshot);
  return {
    status: 200,
    headers: tagged,
    content: provenance
      ? { data, provenance: provenanceOf(snapshot), ...restrictionsOf(snapshot) }
      : { data },
  };
}

async function write(
  request: RestRequest,
  intentOf: (data: JsonObject) => RequestedIntent,
  done: (request: RestRequest, snapshot: ConfigSnapshot) => Answer,
): Promise<Answer> {
  if (request.headers["if-none-match"] !== undefined) {
    return refusal(400, "If-None-Match is for reads. Use If-Match to write on a state you know.");
  }
  const { target, context, headers } = request;
  const written: WriteRequest = {
    target,
    intent: intentOf(settingsOf(request)),
    note: changeNote(headers["x-change-note"]),
    ifMatch: matchable(headers["if-match"]),
    dryRun: request.dryRun,
    operationId: idempotencyKey(headers["idempotency-key"]),
  };
  const result = await context.configs.write(context.principal, written).catch(refuseReusedKey);
  if ("status" in result) return result;
  switch (result.result) {
    case "written": {
      if (result.dryRun) return dry(result);
      const answer = done(request, result.snapshot);
      if (!result.replayed) return answer;
      return { ...answer, headers: { ...answer.headers, "Idempotent-Replayed": "true" } };
    }
    case "invalid":
      return invalidAnswer(result.problems, request.data);
    case "conflict":
      return refusal(
        412,
        'The config is not in a state that If-Match names: "<etag>", quotes included.',
        { etag: result.current.etag },
        { ETag: entityTag(result.current.etag) },
      );
  }
}

/** The key itself is sound: the one thing that can be wrong with it then is that it was used before. */
function refuseReusedKey(error: unknown): Answer {
  if (!(error instanceof StrataError) || error.pointer !== OPERATION_POINTER) throw error;
  return refusal(
    422,
    "This Idempotency-Key was used for another request: nothing was written. Make a new one for each write, and keep it for retries of that write alone.",
  );
}

/**
 * The note of a write: a header holds ASCII, so anything else in it is percent-encoded UTF-8.
 * @throws StrataError BAD_USER_INPUT
 */
function changeNote(header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    return decodeURIComponent(String(header));
  } catch {
    const message = "X-Change-Note is percent-encoded UTF-8: spell % itself as %25, ü as %C3%BC.";
    throw new StrataError("BAD_USER_INPUT", message, { limit: "note" });
  }
}

/** KAZOO's own pages add notes of theirs to whatever they send. */
const PAGE_NOTES = "ui_metadata";

function settingsOf({ data, context, target }: RestRequest): JsonObject {
  if (!Object.hasOwn(data, PAGE_NOTES) || context.configs.isSetting(target.configId, PAGE_NOTES)) return data;
  const { [PAGE_NOTES]: _notes, ...settings } = data;
  return settings;
}

/** Nothing is there of it: it has no place and no etag to come back to. */
async function dry({ snapshot, impact }: WrittenConfig): Promise<Answer> {
  const report = await impact(withinTime());
  const told = report && { total: report.total, counts: report.counts, digest: report.digest };
  return { status: 200, content: { data: configData(snapshot), impact: told ?? null } };
}

function ok(_request: RestRequest, snapshot: ConfigSnapshot): Answer {
  return {
    status: 200,
    headers: { ETag: entityTag(snapshot.etag) },
    content: { data: configData(snapshot) },
  };
}

function created(request: RestRequest, snapshot: ConfigSnapshot): Answer {
  const { accountId, configId } = request.target;
  const { headers, content } = ok(request, snapshot);
  const location = `${PREFIX}/accounts/${accountId}/configs/${configId}`;
  return { status: 201, headers: { ...headers, Location: location }, ...(content && { content }) };
}
