import { z } from "zod";
import { StrataError } from "../domain/errors.js";
import { equals, type JsonObject, LIMITS } from "../domain/json/json.js";
import {
  CONSTRAINT_KINDS,
  CONSTRAINTS_LIMIT,
  type Constraint,
  inOrder,
  sameConstraints,
} from "../domain/merge/constraint.js";
import { keptPins } from "../domain/write/pins.js";
import { checkConstraint, checkPatterns } from "../schema/bounds.js";

const constraint = z.strictObject({
  pointer: z.string(),
  kind: z.enum(CONSTRAINT_KINDS),
  schema: z.record(z.string(), z.unknown()).optional(),
  reason: z.string(),
});
const RULES = z.strictObject({
  constraints: z.array(constraint).min(1).max(CONSTRAINTS_LIMIT).optional(),
  pins: z.array(z.string()).min(1).optional(),
});

/** A document's constraints and pins, as a file has them. */
export interface ExportedRules {
  readonly constraints?: readonly Constraint[] | undefined;
  readonly pins?: readonly string[] | undefined;
}

/**
 * Lets in what the API would store, as it would store it.
 * @throws StrataError BAD_USER_INPUT saying what is wrong; no value is told
 */
export function checkRules(text: string, override: JsonObject): ExportedRules {
  const rules = parsed(text);
  const constraints = rules.constraints?.map((given, index) => checked(given as Constraint, index)) ?? [];
  if (!sameConstraints(constraints, inOrder(constraints)))
    throw refusal("the constraints do not come in the order of their pointers");
  if (new Set(constraints.map(({ pointer }) => pointer)).size < constraints.length)
    throw refusal("a pointer has two constraints");
  refuseSlow(constraints);
  const { pins = [] } = rules;
  if (!equals(pins, keptPins(pins, override)))
    throw refusal("the pins are not those of leaves of the override, in its order");
  if (Buffer.byteLength(text) + Buffer.byteLength(JSON.stringify(override)) > LIMITS.documentBytes)
    throw refusal(`with them the document is larger than ${LIMITS.documentBytes} bytes`);
  return { ...(constraints.length > 0 && { constraints }), ...(pins.length > 0 && { pins }) };
}

function parsed(text: string): z.infer<typeof RULES> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal("they are not JSON");
  }
  const found = RULES.safeParse(value);
  if (!found.success || text.includes("\n")) throw refusal("they are not as Strata writes them");
  return found.data;
}

function checked(given: Constraint, index: number): Constraint {
  try {
    return checkConstraint(given, `/constraints/${index}`);
  } catch (error) {
    if (!(error instanceof StrataError)) throw error;
    throw refusal(`${error.pointer ?? ""}: ${error.message}`);
  }
}

function refuseSlow(constraints: readonly Constraint[]): void {
  try {
    checkPatterns(constraints);
  } catch (error) {
    throw refusal((error as Error).message);
  }
}

function refusal(reason: string): StrataError {
  return new StrataError("BAD_USER_INPUT", `write.rules: ${reason}`);
}
