import type { PlanWriter } from "../service/plan/apply-plan.js";
import type { PlannedWrite } from "../service/plan/plan.js";

/** A gateway that writes, and the token that it is sent; undefined: none. */
export interface GatewayAddress {
  readonly origin: string;
  readonly token: string | undefined;
}

/** A write that expects an impact may take half a minute there. */
const ANSWER_WITHIN_MS = 60_000;

/** Makes the writes of a plan over a gateway's GraphQL API. */
export function gatewayWriter({ origin, token }: GatewayAddress): PlanWriter {
  return async (write, note) => {
    const response = await fetch(`${origin}/graphql`, {
      method: "POST",
      redirect: "error",
      headers: {
        "content-type": "application/json",
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(mutationOf(write, note)),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    }).catch((error: unknown) => {
      throw new Error("The gateway did not answer: it may have written or not. Run it again.", {
        cause: error,
      });
    });
    const { data, errors } = parsedAnswer(await response.text());
    const typename = data?.outcome?.__typename;
    if (typename !== undefined) return typename === "ConfigWritten" ? "written" : "moved";
    const [error] = errors ?? [];
    const reason = error?.message ?? `it answered with status ${response.status}`;
    throw new Error(`The gateway did not write: ${reason}`);
  };
}

interface Answer {
  readonly data?: { readonly outcome?: { readonly __typename: string } | null } | null;
  readonly errors?: readonly { readonly message?: string }[];
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
