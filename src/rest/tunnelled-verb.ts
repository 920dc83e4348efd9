import { StrataError } from "../domain/errors.js";
import type { RestRoute } from "./route.js";

export type Verb = RestRoute["method"];

/** In the order in which KAZOO lists them. */
export const VERBS: readonly Verb[] = ["GET", "PUT", "POST", "PATCH", "DELETE"];

/**
 * The method that a POST stands for. KAZOO's clients that can only POST name it as `verb`, in any case: in the query, or
 * in the envelope, whose member names KAZOO reads in any case too. The query counts before the envelope, as in KAZOO.
 * KAZOO also looks for `verb` in `data`; here that is a setting.
 * @returns undefined when the request names none
 * @throws StrataError BAD_USER_INPUT when one of them is no method of this face: nobody wants a POST in its place
 */
export function tunnelledVerb(query: unknown, envelope: unknown): Verb | undefined {
  const inQuery = membersOf(query).flatMap(([name, value]) => (name === "verb" ? [verbOf(value)] : []));
  const inEnvelope = membersOf(envelope).flatMap(([name, value]) =>
    /^verb$/i.test(name) ? [verbOf(value)] : [],
  );
  return [...inQuery, ...inEnvelope][0];
}

function membersOf(part: unknown): [name: string, value: unknown][] {
  return typeof part === "object" && part !== null && !Array.isArray(part) ? Object.entries(part) : [];
}

function verbOf(value: unknown): Verb {
  // No flag u: with it, letters outside ASCII would count as some of these.
  const verb =
    typeof value === "string" ? VERBS.find((one) => new RegExp(`^${one}$`, "i").test(value)) : undefined;
  if (verb !== undefined) return verb;
  throw new StrataError(
    "BAD_USER_INPUT",
    `The verb of a request is one of ${VERBS.join(", ")}, as text. Leave it out, or send the method itself.`,
    { pointer: "/verb" },
  );
}
