import { GraphiQL } from "graphiql";
import { buildSchema } from "graphql";
import { type ReactNode, useEffect, useRef, useState } from "react";
import sdl from "../../schema.graphql?raw";
import { answerTokenRequests } from "../session/token-handover.js";
import { createFetcher } from "./create-fetcher.js";
import { EXAMPLES } from "./examples.js";
import { storedWithoutHeaders } from "./stored-without-headers.js";
import { TokenBar } from "./token-bar.js";

/** The gateway's own schema, of the same release: completion needs no request, also where introspection is off. */
const SCHEMA = buildSchema(sdl, { assumeValid: true });
const ENDPOINT = new URL("/graphql", location.href);
const TABS = EXAMPLES.map(({ query, variables }) => ({
  query,
  variables: JSON.stringify(variables, null, 2),
}));
const STORAGE = storedWithoutHeaders(localStorage);

/** GraphiQL shows the variables of its default tabs when they are opened, but for the first. */
const isFirstVisit = STORAGE.getItem("graphiql:tabState") === null;
const FIRST_VARIABLES = isFirstVisit && TABS[0] ? { initialVariables: TABS[0].variables } : {};

/** @param given the token that the page was opened with */
export function Explorer({ given }: { readonly given: string | undefined }): ReactNode {
  const [token, setToken] = useState(given);
  const current = useRef(token);
  current.current = token;
  useEffect(() => answerTokenRequests(() => current.current), []);
  const [fetcher] = useState(() => createFetcher(ENDPOINT, () => current.current));
  return (
    <>
      <TokenBar url={ENDPOINT} token={token} onToken={setToken} />
      <GraphiQL
        fetcher={fetcher}
        schema={SCHEMA}
        defaultTabs={TABS}
        {...FIRST_VARIABLES}
        storage={STORAGE}
        shouldPersistHeaders={false}
        defaultEditorToolsVisibility="variables"
      >
        {/* The bar has the name of the page. */}
        <GraphiQL.Logo> </GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}
