import type { IncomingMessage } from "node:http";

/** A first query for the explorer: asks for an account of the examples, and shows all four layers. */
const FIRST_QUERY = `query WhatIsInForce($account: ID!, $config: ID!) {
  config(accountId: $account, configId: $config) {
    fields {
      pointer
      value
      source { kind account { name } }
      contributions { layer { kind } value }
    }
  }
}`;
const FIRST_VARIABLES = JSON.stringify({ account: "acme", config: "conferences" }, null, 2);

/** Whether it is a browser that asks, for a page. */
export function wantsPage({ method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean {
  return method === "GET" && headers.accept?.includes("text/html") === true;
}

/**
 * The page that a browser lands on. Holds no script and asks nobody for anything.
 * @param origin what the client calls this server: scheme and host
 */
export function landingPage(origin: string, configs: number): string {
  const endpoint = `${origin}/graphql`;
  const sandbox = new URL("https://studio.apollographql.com/sandbox/explorer");
  sandbox.search = new URLSearchParams({
    endpoint,
    document: FIRST_QUERY,
    variables: FIRST_VARIABLES,
  }).toString();
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Strata</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
  pre, code { font: 14px/1.45 ui-monospace, monospace; }
  pre { padding: 1rem; overflow-x: auto; border: 1px solid #8886; border-radius: 8px; }
  a.button { display: inline-block; padding: .6rem 1rem; border-radius: 8px; background: #2b5fd9; color: #fff; text-decoration: none; }
</style>
</head>
<body>
<h1>Strata</h1>
<p>This is a GraphQL gateway over layered configuration. It serves ${configs} configs and answers one question:
<em>what is in force for this account, and who says so?</em></p>
<p><a class="button" href="${escapeHtml(sandbox.href)}" rel="noreferrer">Open in Apollo Sandbox</a></p>
<p>Or from a shell:</p>
<pre>curl -s ${escapeHtml(endpoint)} -H 'content-type: application/json' -d '${escapeHtml(
    JSON.stringify({
      query:
        '{ config(accountId: "acme", configId: "conferences") { fields { pointer value source { kind } } } }',
    }),
  )}'</pre>
<p>The endpoint is <code>${escapeHtml(endpoint)}</code> (POST). Also here:
<a href="/health/live">/health/live</a>, <a href="/health/ready">/health/ready</a>, <a href="/metrics">/metrics</a>.</p>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
