import { type ReactNode, useCallback, useEffect, useMemo, useState } from "react";
import { accessMode } from "../../../session/access-mode.js";
import { answerTokenRequests } from "../../../session/token-handover.js";
import { type Api, createApi } from "../api/api.js";
import { ApiError, messageOf } from "../api/api-error.js";
import { ViewerDocument } from "../api/operations.generated.js";
import { SessionContext, type Viewer } from "./session.js";
import { SignIn } from "./sign-in.js";

interface Credentials {
  readonly token: string | null;
}

type State =
  | { readonly kind: "starting" }
  | { readonly kind: "signedOut"; readonly reason: string | null }
  | { readonly kind: "unreachable"; readonly reason: string }
  | { readonly kind: "signedIn"; readonly api: Api; readonly viewer: Viewer; readonly token: string | null };

/** Shows the console to those whom the gateway knows; asks for a token where it wants one. */
export function SessionGate({ firstToken, children }: { firstToken: string | null; children: ReactNode }) {
  const [credentials, setCredentials] = useState<Credentials>({ token: firstToken });
  const [state, setState] = useState<State>({ kind: "starting" });
  /** The token ran out while somebody worked: the page stays as it is, below the question for a new one. */
  const [expired, setExpired] = useState<string | null>(null);

  useEffect(() => connect(credentials, setState, setExpired), [credentials]);
  // The explorer, opened from here, is given the token.
  useEffect(() => answerTokenRequests(() => credentials.token ?? undefined), [credentials]);
  const signIn = useCallback((token: string) => setCredentials({ token }), []);
  const signOut = useCallback(() => {
    setExpired(null);
    setState({ kind: "signedOut", reason: null });
    setCredentials({ token: null });
  }, []);
  const session = useMemo(() => (state.kind === "signedIn" ? { ...state, signOut } : null), [state, signOut]);

  if (state.kind === "starting") return <p className="starting">Connecting…</p>;
  if (state.kind === "unreachable")
    return (
      <main className="alone">
        <h1>Strata</h1>
        <p role="alert">{state.reason}</p>
        <button type="button" className="primary" onClick={() => setCredentials({ ...credentials })}>
          Try again
        </button>
      </main>
    );
  if (session === null)
    return <SignIn reason={state.kind === "signedOut" ? state.reason : null} onToken={signIn} />;
  return (
    <SessionContext value={session}>
      {children}
      {expired !== null && <SignIn reason={expired} onToken={signIn} isOverlay />}
    </SessionContext>
  );
}

/** @returns what ends the connection */
function connect(
  { token }: Credentials,
  setState: (state: State | ((before: State) => State)) => void,
  setExpired: (reason: string | null) => void,
): () => void {
  if (token === null && accessMode() === "token") {
    setState({ kind: "signedOut", reason: null });
    return () => {};
  }
  let isOver = false;
  const api = createApi(token, (reason) => !isOver && setExpired(reason));
  api.run(ViewerDocument, {}).then(
    ({ viewer }) => {
      if (isOver) return;
      api.live.start();
      setExpired(null);
      setState({ kind: "signedIn", api, viewer, token });
    },
    (error: unknown) => {
      if (isOver) return;
      const isRefused = error instanceof ApiError && error.code === "UNAUTHENTICATED";
      // Without a token nothing was refused yet: the gateway only wants one.
      const reason = token === null ? null : messageOf(error);
      setState((before) => {
        if (before.kind === "signedIn") return before;
        return isRefused ? { kind: "signedOut", reason } : { kind: "unreachable", reason: messageOf(error) };
      });
    },
  );
  return () => {
    isOver = true;
    api.close();
  };
}
