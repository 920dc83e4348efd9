import type { PlanWriter } from "../service/plan/apply-plan.js";
import type { PlannedWrite } from "../service/plan/plan.js";

/** A gateway that writes, and the token that it is sent; undefined: none. */
export interface GatewayAddress {
  readonly origin: string;
  readonly token: string | undefined;
}

/** A write that expects an impact may take a minute there. */
const ANSWER_WITHIN_MS = 90_000;

const UNKNOWN = "it may have written or not. Run it again.";

/** Makes the writes of a plan over a gateway's GraphQL API. */
export function gatewayWriter(gateway: GatewayAddress): PlanWriter {
  return async (write, note) => {
    const { status, text } = await post(gateway, mutationOf(write, note)).catch((cause: unknown) => {
      throw new Error(`The gateway did not answer: ${UNKNOWN}`, { cause });
    });
    const { data, errors } = parsedAnswer(text);
    const typename = data?.outcome?.__typename;
    if (typename !== undefined) return typename === "ConfigWritten" ? "written" : "moved";
    const [error] = errors ?? [];
    // Whatever stands between may answer in the gateway's place, and not know what became of the request.
    if (error?.message === undefined)
      throw new Error(`What answered, with status ${status}, is no gateway: ${UNKNOWN}`);
    if (error.extensions?.code === "WRITE_OUTCOME_UNKNOWN")
      throw new Error(`The store did not answer the gateway in time: ${UNKNOWN}`);
    throw new Error(`The gateway did not write: ${error.message}`);
  };
}

async function post(
  { origin, token }: GatewayAddress,
  body: object,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    // Another address is to get neither the token nor the write.
    redirect: "error",
    headers: {
      "content-type": "application/json",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return { status: response.status, text: await response.text() };
}

interface Answer {
  readonly data?: { readonly outcome?: { readonly __typename: string } | null } | null;
  readonly errors?: readonly {
    readonly message?: string;
    readonly extensions?: { readonly code?: string };
  }[];
}

function parsedAnswer(text: string): Answer {
  try {
    const answer: Answer | null = JSON.parse(text);
    return answer ?? {};
  } catch {
    return {};
  }
}

const VERBS = { SET: "Set", PATCH: "Patch", RESET: "Reset" } as const;

function mutationOf({ target, intent, etag, impact }: PlannedWrite, note: string): object {
  const { kind, ...wanted } = intent;
  const name = `${VERBS[kind]}${target.accountId === undefined ? "System" : ""}Config`;
  const field = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  return {
    query: `mutation Apply($input: ${name}Input!) { outcome: ${field}(input: $input) { __typename } }`,
    variables: {
      input: {
        ...(target.accountId !== undefined && { accountId: target.accountId }),
        configId: target.configId,
        ...wanted,
        ifMatch: etag,
        ...(impact && { expectImpact: impact.digest }),
        note,
      },
    },
  };
}
