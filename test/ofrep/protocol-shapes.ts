import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

/**
 * The answers of the Remote Evaluation Protocol 0.3, written down from its OpenAPI file (service/openapi.yaml and event-streams.yaml
 * of open-feature/protocol) and its ADRs 6 and 8, in words of our own. They are stricter in one thing: no member is taken that the
 * protocol does not have. They are wider in one: the protocol's object values take lists as well, as OpenFeature's SDKs do.
 */
const text = { type: "string" };
const key = { type: "string", minLength: 1 };
const codes = (...names: string[]) => ({ enum: names });

const closed = (properties: object, required: readonly string[]) => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const metadata = {
  type: "object",
  additionalProperties: { anyOf: [{ type: "boolean" }, { type: "string" }, { type: "number" }] },
};
/** Without a value the caller's own default counts. */
const flag = closed(
  {
    key,
    value: { type: ["boolean", "string", "number", "object", "array"] },
    reason: { enum: ["STATIC", "TARGETING_MATCH", "SPLIT", "DEFAULT", "DISABLED", "UNKNOWN"] },
    variant: text,
    metadata,
  },
  ["key", "reason", "metadata"],
);
const errors = codes("PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL");
const eventStream = closed(
  {
    type: { const: "sse" },
    url: { type: "string", format: "uri" },
    inactivityDelaySec: { type: "integer", minimum: 1 },
  },
  ["type", "url"],
);

const SHAPES = {
  evaluationSuccess: flag,
  evaluationFailure: closed({ key, errorCode: errors, errorDetails: text }, ["key", "errorCode"]),
  flagNotFound: closed({ key, errorCode: codes("FLAG_NOT_FOUND"), errorDetails: text }, ["key", "errorCode"]),
  bulkEvaluationSuccess: closed(
    { flags: { type: "array", items: flag }, eventStreams: { type: "array", items: eventStream }, metadata },
    ["flags"],
  ),
  bulkEvaluationFailure: closed({ errorCode: errors, errorDetails: text }, ["errorCode"]),
  sseEventData: closed({ type: text, etag: text, lastModified: { type: "integer", minimum: 0 } }, ["type"]),
} as const;

export type Shape = keyof typeof SHAPES;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
formats.default(ajv);

/** What is wrong with an answer; empty: nothing. */
export function faultsOf(shape: Shape, answer: unknown): string[] {
  const validate = ajv.getSchema(shape) ?? ajv.addSchema(SHAPES[shape], shape).getSchema(shape);
  if (validate === undefined) throw new Error(`no schema ${shape}`);
  validate(answer);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
