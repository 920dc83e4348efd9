import { IMPACT_OUTCOMES } from "../../domain/change/impact.js";
import type { JsonObject } from "../../domain/json/json.js";
import type { PartSchema } from "./request-schemas.js";

const ACCOUNT_ID = { type: "string", description: "Whose config." } as const;
const CONFIG_ID = {
  type: "string",
  description: "Which config, e.g. `conferences`. May hold dots: `crossbar.auth`.",
} as const;

export const ACCOUNT_PARAMS: PartSchema = {
  type: "object",
  properties: { account_id: ACCOUNT_ID },
  required: ["account_id"],
};

export const CONFIG_PARAMS: PartSchema = {
  type: "object",
  properties: { account_id: ACCOUNT_ID, config_id: CONFIG_ID },
  required: ["account_id", "config_id"],
};

export const PROVENANCE: PartSchema = {
  type: "object",
  properties: {
    provenance: {
      type: "boolean",
      description:
        "`true` adds where each field comes from, what every layer below has there, and what constraints say and keep out of force.",
    },
  },
};

const DRY = {
  type: "boolean",
  description:
    "`true` answers what would happen, with the impact on the accounts that inherit, and writes nothing. A parameter of another name is refused.",
} as const;

export const DRY_RUN: PartSchema = { type: "object", properties: { dryRun: DRY } };

export const READ_HEADERS: PartSchema = {
  type: "object",
  properties: {
    "if-none-match": {
      type: "string",
      description: "Etags that the caller knows: if one is the current one, the answer is 304.",
    },
  },
};

export const STREAM_HEADERS: PartSchema = {
  type: "object",
  properties: {
    "last-event-id": {
      type: "string",
      description: "The `id` of the last event that the client has had: what came after it is told.",
    },
  },
};

export const WRITE_HEADERS: PartSchema = {
  type: "object",
  properties: {
    "if-match": {
      type: "string",
      description:
        "Etags, quotes included: if none is the current one, nothing is written and the answer is 412.",
    },
    "idempotency-key": {
      type: "string",
      description:
        'A key of your own for this write, in quotes: "8e03978e-40d5-43dd-bc93-6894a57f9324". Sent again with the same key ' +
        "within a day it is done once; the answer then carries `Idempotent-Replayed: true`. With another request it is 422.",
    },
    "x-change-note": {
      type: "string",
      description:
        "Why, for people: it is kept in the history. Percent-encoded UTF-8 of at most 500 characters in one line.",
    },
  },
};

const DATA = {
  type: "object",
  additionalProperties: true,
  description:
    "Settings. `null` means: inherit. Members `id` and `ui_metadata` are passed over, so that an answer can be sent back, " +
    "unless the schema names them.",
} as const;

export const CONFIG_BODY: JsonObject = {
  type: "object",
  properties: { data: DATA },
  required: ["data"],
};

const ANY_METHOD = {
  type: "string",
  description:
    "GET, PUT, POST, PATCH or DELETE, in any case. That of the query counts before that of the body.",
} as const;

/** For clients that can only POST. */
export const VERB: PartSchema = { type: "object", properties: { verb: ANY_METHOD, dryRun: DRY } };

export const POST_BODY: JsonObject = {
  type: "object",
  properties: { data: DATA, verb: ANY_METHOD },
  required: ["data"],
};

const ENVELOPE = {
  timestamp: { type: "string", pattern: "^\\d+$", description: "Seconds since the year 0." },
  version: { type: "string" },
  node: { type: "string", description: "Who answered." },
  request_id: { type: "string", description: "Also in the header `X-Request-ID`." },
  auth_token: { type: "string", description: "Names the token that was sent; empty without one." },
} as const;
const ENVELOPE_NAMES = [...Object.keys(ENVELOPE), "status", "data"];

const SOURCE = {
  source: { type: "string", enum: ["ACCOUNT", "RESELLER", "SYSTEM", "SCHEMA"] },
  account: { type: "string", description: "Of ACCOUNT and RESELLER." },
} as const;

const CONSTRAINT = {
  type: "object",
  properties: {
    ...SOURCE,
    pointer: { type: "string" },
    kind: { type: "string", enum: ["LOCK", "BOUNDS"] },
    schema: { type: "object", additionalProperties: true, description: "Of BOUNDS: what is accepted." },
    reason: { type: "string" },
  },
  required: ["source", "pointer", "kind", "reason"],
  additionalProperties: false,
} as const;

const MESSAGE = {
  cursor: { type: "string", description: "The event's `id` once more." },
  snapshot: {
    type: "boolean",
    description: "All of the config, the first time or after a gap: `changes` is empty.",
  },
  reset: { type: "boolean", description: "`Last-Event-ID` could not be honoured: forget what you had." },
  changes: {
    type: "array",
    description: "From the last message on. What is absent has neither value nor source.",
    items: {
      type: "object",
      properties: {
        pointer: { type: "string" },
        before: {},
        after: {},
        source_before: { type: "string" },
        source_after: { type: "string" },
      },
      required: ["pointer"],
      additionalProperties: false,
    },
  },
  moved_layers: { type: "array", items: { type: "string" }, description: "The layers that moved." },
} as const;

/** JSON Schemas of the responses, by name. */
export const ANSWER_SCHEMAS = {
  ConfigMessage: {
    type: "object",
    description: "The `data` of an event.",
    properties: {
      data: { type: "object", additionalProperties: true, description: "As the config itself is answered." },
      provenance: {
        type: "object",
        additionalProperties: true,
        description: "As the config itself is answered. Only when asked for.",
      },
      ...MESSAGE,
      ...ENVELOPE,
      status: { type: "string", const: "success" },
    },
    required: [...ENVELOPE_NAMES, ...Object.keys(MESSAGE)],
    additionalProperties: false,
  },
  Config: {
    type: "object",
    properties: {
      data: {
        type: "object",
        additionalProperties: true,
        description:
          "What is in force, and `id`: `configs_` and the config's id, unless its schema has a setting `id`.",
      },
      provenance: {
        type: "object",
        description: "Where each field comes from, by JSON Pointer. Only when asked for.",
        additionalProperties: {
          type: "object",
          properties: {
            ...SOURCE,
            shadowed: {
              type: "array",
              description: "What the layers below have there, highest precedence first.",
              items: {
                type: "object",
                properties: {
                  ...SOURCE,
                  pointer: {
                    type: "string",
                    description:
                      "Where the layer has another type above the field; absent: the field's own pointer.",
                  },
                  value: {},
                },
                required: ["source", "value"],
                additionalProperties: false,
              },
            },
          },
          required: ["source", "shadowed"],
          additionalProperties: false,
        },
      },
      constraints: {
        type: "array",
        description:
          "What the layers below insist on, for the account's own document. Beside `provenance`, where there is any.",
        items: CONSTRAINT,
      },
      dormant: {
        type: "array",
        description:
          "Overrides that are stored and that a constraint keeps out of force. Beside `provenance`, where there are any.",
        items: {
          type: "object",
          properties: { ...SOURCE, pointer: { type: "string" }, value: {}, constraint: CONSTRAINT },
          required: ["source", "pointer", "value", "constraint"],
          additionalProperties: false,
        },
      },
      impact: {
        type: ["object", "null"],
        description:
          "What the write would do to the accounts that inherit from this one: how many of them have which outcome. Null where none does. Only of a dry run.",
        properties: {
          total: { type: "integer" },
          counts: {
            type: "object",
            properties: Object.fromEntries(IMPACT_OUTCOMES.map((outcome) => [outcome, { type: "integer" }])),
            required: [...IMPACT_OUTCOMES],
            additionalProperties: false,
          },
          digest: { type: "string", description: "The same where the same happens to the same accounts." },
        },
        required: ["total", "counts", "digest"],
        additionalProperties: false,
      },
      ...ENVELOPE,
      status: { type: "string", const: "success" },
    },
    required: ENVELOPE_NAMES,
    additionalProperties: false,
  },
  Document: {
    type: "object",
    properties: {
      openapi: { type: "string", description: "The version of OpenAPI." },
      info: { type: "object", additionalProperties: true },
      paths: { type: "object", additionalProperties: true },
    },
    required: ["openapi", "info", "paths"],
    additionalProperties: true,
  },
  Error: {
    type: "object",
    properties: {
      data: {
        type: "object",
        additionalProperties: true,
        description:
          "Values that break the schema (`message` is then `validation error`): dotted path, then keyword, then `message`, `target` and `value`; only those that the write itself causes. Else where the trouble is: `cause`, `pointer`, `limit`, `etag`, `incident`.",
      },
      error: { type: "string", pattern: "^\\d{3}$", description: "The status once more." },
      message: { type: "string" },
      ...ENVELOPE,
      status: { type: "string", const: "error" },
    },
    required: [...ENVELOPE_NAMES, "error", "message"],
    additionalProperties: false,
  },
} as const satisfies Readonly<Record<string, JsonObject>>;
