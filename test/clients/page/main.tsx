import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ApolloPage } from "./apollo-page";
import type { Page } from "./page";
import { RelayPage } from "./relay-page";
import { UrqlPage } from "./urql-page";

const PAGES = { apollo: ApolloPage, urql: UrqlPage, relay: RelayPage };

const { client = "", ...page } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
const Client = PAGES[client as keyof typeof PAGES];
createRoot(document.querySelector("#root") as HTMLElement).render(
  <StrictMode>
    <Client {...(page as unknown as Page)} />
  </StrictMode>,
);
