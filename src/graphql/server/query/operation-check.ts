import type { GraphQLSchema, OperationTypeNode } from "graphql";
import { StrataError } from "../../../domain/errors.js";
import { costOf, type OperationCost } from "../price/operation-cost.js";
import { TooDear } from "../price/too-dear.js";
import type { ServedContext } from "../served-context.js";
import type { PreparedOperation } from "./prepared-queries.js";
import { QUERY_LIMITS } from "./query-limits.js";
import { checkVariables } from "./variables.js";

/**
 * Checks an operation with its variables before anything of it is executed.
 * @returns its price, which is remembered where it is the same whatever the variables
 * @throws StrataError BAD_USER_INPUT for variables that do not fit; QUERY_TOO_COMPLEX (limit `cost`)
 */
export function checkOperation(
  schema: GraphQLSchema,
  prepared: PreparedOperation,
  variables: Readonly<Record<string, unknown>>,
): OperationCost {
  const { document, operation } = prepared;
  if (!schema.getRootType(operation.operation))
    throw new StrataError("BAD_USER_INPUT", `There is no ${operation.operation} here.`);
  checkVariables(schema, document, operation, variables);
  const price = prepared.cost ?? costOf(schema, document, operation, variables);
  if (price.cost > QUERY_LIMITS.cost) throw new TooDear(price);
  if (price.isConstant) prepared.cost = price;
  return price;
}

const TRANSPORTS =
  "A subscription has more than one result, and this request takes one. Send it with `Accept: text/event-stream` (server-sent events) or " +
  "`Accept: multipart/mixed;subscriptionSpec=1.0`, or over a WebSocket with the subprotocol graphql-transport-ws, to the same URL.";

/** Apollo Server refuses by itself what does not come over a stream. */
export class NotByGet extends StrataError {
  constructor() {
    super("BAD_USER_INPUT", "A mutation is sent by POST: a GET changes nothing.");
  }
}

/** @throws StrataError BAD_USER_INPUT for a kind of operation that the client's transport is not for */
export function checkTransport(
  kind: OperationTypeNode,
  { takesStreams, isGet }: Pick<ServedContext, "takesStreams" | "isGet">,
): void {
  if (kind === "subscription" && !takesStreams) throw new StrataError("BAD_USER_INPUT", TRANSPORTS);
  if (kind === "mutation" && isGet) throw new NotByGet();
}
