import { StrataError } from "../../domain/errors.js";
import { parsePointer } from "../../domain/json/pointer.js";
import { CONSTRAINTS_LIMIT, type Constraint } from "../../domain/merge/constraint.js";
import type { Pieces } from "../../domain/pieces.js";
import { checkConstraint } from "../../schema/bounds.js";

/** Constraints that a document is to have, and pointers of those that it is not to have any more. */
export interface ConstrainIntent {
  readonly kind: "CONSTRAIN";
  readonly set: readonly Constraint[];
  readonly remove: readonly string[];
}

/**
 * Lets the constraints of a write pass, in pieces: each schema takes a while to be looked at.
 * @throws StrataError BAD_USER_INPUT for a constraint that cannot be one, for two at one pointer, and for more than a
 * document may have (limit `constraints`)
 */
export function* checkedConstraints({ kind, set, remove }: ConstrainIntent): Pieces<ConstrainIntent> {
  if (set.length > CONSTRAINTS_LIMIT) {
    throw new StrataError(
      "BAD_USER_INPUT",
      `The constraints are over a limit: a document may have ${CONSTRAINTS_LIMIT}.`,
      { pointer: "/set", limit: "constraints" },
    );
  }
  for (const pointer of remove) parsePointer(pointer);
  const seen = new Set<string>();
  const checked: Constraint[] = [];
  for (const [index, constraint] of set.entries()) {
    const made = checkConstraint(constraint, `/set/${index}`);
    if (seen.has(made.pointer)) throw twice(`/set/${index}/pointer`);
    seen.add(made.pointer);
    checked.push(made);
    yield;
  }
  return { kind, set: checked, remove };
}

function twice(pointer: string): StrataError {
  return new StrataError("BAD_USER_INPUT", "One pointer has one constraint: this one comes twice.", {
    pointer,
  });
}
