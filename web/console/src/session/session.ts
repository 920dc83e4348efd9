import { createContext, useContext } from "react";
import type { Api } from "../api/api.js";
import type { ViewerQuery } from "../api/operations.generated.js";

export type Viewer = ViewerQuery["viewer"];

export interface Session {
  readonly api: Api;
  readonly viewer: Viewer;
  readonly token: string | null;
  signOut(): void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) throw new Error("There is no session here");
  return session;
}
