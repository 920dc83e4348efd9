import { Ajv2020, type AnySchema, type ValidateFunction } from "ajv/dist/2020.js";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { StrataError } from "../../domain/errors.js";
import type { RequestSchemas } from "./request-schemas.js";

/** @throws StrataError BAD_USER_INPUT saying what of a request cannot be used */
export type CheckRequest = (request: Pick<FastifyRequest, "params" | "body" | "query" | "headers">) => void;

// One of each for all routes: each that is made compiles the schema of schemas anew, 15 ms a time.
const exact = new Ajv2020();
/** A query is text: `true` and `false` stand for booleans there. */
const ofText = new Ajv2020({ coerceTypes: true });

const PARTS = ["params", "body", "querystring", "headers"] as const;

/** Fastify's own validator changes every part of a request: in a body too "5" becomes 5, and what is unknown goes. */
export function validateExactly(face: FastifyInstance): void {
  face.setValidatorCompiler(({ schema, httpPart }) => validatorOf(schema, httpPart));
  face.setSchemaErrorFormatter(([error], part) => unusable(error, part));
}

/** Repeats fastify's checks of a route for a request that another route hands over. */
export function createRequestCheck(schemas: RequestSchemas): CheckRequest {
  const checks = PARTS.flatMap((part) => {
    const schema = schemas[part];
    return schema === undefined ? [] : [{ part, validate: validatorOf(schema, part) }];
  });
  return ({ params, body, query, headers }) => {
    const parts = { params, body, querystring: query, headers };
    for (const { part, validate } of checks)
      if (!validate(parts[part])) throw unusable(validate.errors?.[0], part);
  };
}

function validatorOf(schema: AnySchema, part: string | undefined): ValidateFunction {
  return (part === "querystring" ? ofText : exact).compile(schema);
}

function unusable(error: { instancePath?: string; message?: string } | undefined, part: string): StrataError {
  const where = `${part}${error?.instancePath?.replaceAll("/", ".") ?? ""}`;
  return new StrataError("BAD_USER_INPUT", `The request cannot be used: ${where} ${error?.message ?? ""}.`);
}
