import type { IncomingMessage } from "node:http";
import { escapeHtml, htmlPage } from "./html-page.js";

/** A first query for Apollo Sandbox: asks for an account of the examples, and shows all four layers. */
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
const FIRST_BODY = JSON.stringify({
  query:
    '{ config(accountId: "acme", configId: "conferences") { fields { pointer value source { kind } } } }',
});

/** Whether it is a browser that asks, for a page. */
export function wantsPage({ method, headers }: Pick<IncomingMessage, "method" | "headers">): boolean {
  return (method === "GET" || method === "HEAD") && headers.accept?.includes("text/html") === true;
}

/**
 * The page that a browser lands on. Holds no script and asks nobody for anything.
 * @param origin what the client calls this server: scheme and host
 */
export function landingPage(origin: string, configs: number): string {
  const endpoint = escapeHtml(`${origin}/graphql`);
  return htmlPage(
    "Strata",
    `<h1>Strata</h1>
<p>This is a GraphQL gateway over layered configuration. It serves ${configs} configs and answers one question:
<em>what is in force for this account, and who says so?</em></p>
<ul class="ways">
${way("/console", "Console", "See what is in force, who says so and what lies beneath. Edit it, and follow it live.")}
${way("/explorer", "API explorer", "GraphiQL, with queries to begin with. It works without the internet.")}
${way(sandboxUrl(origin), "Apollo Sandbox", "Apollo's explorer: a page on the internet that calls this server.", ' rel="noreferrer"')}
${way("/docs", "Docs", "The rules of the layers, the APIs, security, and how to run it.")}
</ul>
<h2>From a shell</h2>
<pre>curl -s ${endpoint} -H 'content-type: application/json' -d '${escapeHtml(FIRST_BODY)}'</pre>
<p class="quiet">GraphQL is at <code>${endpoint}</code> (POST). The REST API describes itself at
<a href="/v2/openapi.json">/v2/openapi.json</a>. Also here: <a href="/health/live">/health/live</a>,
<a href="/health/ready">/health/ready</a>, <a href="/metrics">/metrics</a>.</p>`,
  );
}

/** In place of a page that the build has not made. @param name what it would have shown */
export function unbuiltPage(name: string): string {
  return htmlPage(
    `Strata: no ${name}`,
    `<h1>The ${name} has not been built</h1>
<p>This gateway runs from its sources, and <code>dist/web</code> does not have the ${name}. Run <code>npm run build</code>
beside the gateway's <code>package.json</code>, then load this page again. The gateway need not be restarted.</p>
<p>The APIs work without it: see the <a href="/">front page</a>.</p>`,
  );
}

function way(url: string, name: string, about: string, attributes = ""): string {
  return `<li><a href="${escapeHtml(url)}"${attributes}><strong>${name}</strong><span>${about}</span></a></li>`;
}

function sandboxUrl(origin: string): string {
  const sandbox = new URL("https://studio.apollographql.com/sandbox/explorer");
  sandbox.search = new URLSearchParams({
    endpoint: `${origin}/graphql`,
    document: FIRST_QUERY,
    variables: FIRST_VARIABLES,
  }).toString();
  return sandbox.href;
}
