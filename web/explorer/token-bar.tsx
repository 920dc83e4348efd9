import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { accessMode } from "../session/access-mode.js";
import { fetchViewer, type Viewer } from "./viewer.js";

interface TokenBarProps {
  readonly url: URL;
  readonly token: string | undefined;
  readonly onToken: (token: string | undefined) => void;
}

/** The explorer's own bar: where one is, as whom, and a field for a token. */
export function TokenBar(props: TokenBarProps): ReactNode {
  return (
    <header className="bar">
      <a className="bar-name" href="/">
        Strata
      </a>
      <h1>API explorer</h1>
      <nav>
        <a href="/console">Console</a>
      </nav>
      {accessMode() === "open" ? <p>No token is asked for: you may do everything.</p> : <Access {...props} />}
    </header>
  );
}

function Access({ url, token, onToken }: TokenBarProps): ReactNode {
  const [viewer, setViewer] = useState<Viewer>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    let isCurrent = true;
    setViewer(undefined);
    setProblem(undefined);
    if (token === undefined) return;
    fetchViewer(url, token).then(
      (found) => isCurrent && setViewer(found),
      (error: unknown) => isCurrent && setProblem((error as Error).message),
    );
    return () => {
      isCurrent = false;
    };
  }, [url, token]);
  if (token === undefined || problem !== undefined) return <TokenForm problem={problem} onToken={onToken} />;
  return (
    <>
      <p role="status">{viewer === undefined ? "A token is sent with each request." : described(viewer)}</p>
      <button type="button" onClick={() => onToken(undefined)}>
        Forget the token
      </button>
    </>
  );
}

function TokenForm({ problem, onToken }: Pick<TokenBarProps, "onToken"> & { problem: string | undefined }) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    if (typeof token === "string" && token.trim() !== "") onToken(token.trim());
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor="token">Token</label>
      <input id="token" name="token" type="password" autoComplete="off" spellCheck={false} required />
      <button type="submit">Use it</button>
      {problem !== undefined && <p role="alert">{problem}</p>}
    </form>
  );
}

function described({ subject, superadmin, canWrite, account }: Viewer): string {
  const reach = account === null ? "" : ` for ${account.name}`;
  return `${subject}${reach}${superadmin ? ", superadmin" : ""}${canWrite ? "" : ", read only"}`;
}
