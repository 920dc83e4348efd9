import { StrataError } from "../domain/errors.js";
import { appendToken } from "../domain/json/pointer.js";
import type { RestRoute } from "./route.js";

/** What KAZOO's clients send with any request whatever, and what reads take: nothing of it changes what a write does. */
const PASSED_OVER =
  /^(_|accept_charges|auth_token|filter_\w+|page_size|paginate|pretty|provenance|start_key|verb)$/;

/**
 * A write with a misspelt `dryRun` would be a real one: nobody may find that out afterwards. Reads stay as tolerant as KAZOO's.
 * @throws StrataError BAD_USER_INPUT naming the first parameter that a write does not know
 */
export function refuseUnknownParameters({ method, request }: RestRoute, query: unknown): void {
  if (method === "GET") return;
  const known = Object.keys(request.querystring?.properties ?? {});
  for (const name of Object.keys(query as object))
    if (!known.includes(name) && !PASSED_OVER.test(name)) throw unknown(name, known);
}

/**
 * The same of an envelope, where KAZOO's clients put parameters as well. Its other members are theirs to choose.
 * @throws StrataError BAD_USER_INPUT
 */
export function refuseDryRunInBody({ method }: RestRoute, body: unknown): void {
  if (method === "GET" || typeof body !== "object" || body === null) return;
  const name = Object.keys(body).find((member) => plain(member) === plain("dryRun"));
  if (name === undefined) return;
  const message = "A dry run is asked for in the query, as ?dryRun=true: nothing was written.";
  throw new StrataError("BAD_USER_INPUT", message, { pointer: appendToken("", name) });
}

function unknown(name: string, known: readonly string[]): StrataError {
  const taken = known.filter((one) => !PASSED_OVER.test(one)).map((one) => `"${one}"`);
  // A long or odd one may be anything, a token too.
  const isPlain = /^[\w.[\]-]{1,32}$/.test(name);
  return new StrataError(
    "BAD_USER_INPUT",
    `A write has no query parameter ${isPlain ? `"${name}"` : "of that name"}: it takes ${taken.join(", ")}. Nothing was written.`,
    isPlain ? { pointer: appendToken("", name) } : {},
  );
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z]/g, "");
}
