import { type FormEvent, useId } from "react";
import { Dialog } from "../ui/dialog.js";

interface SignInProps {
  readonly reason: string | null;
  readonly onToken: (token: string) => void;
  readonly isOverlay?: boolean;
}

/** Asks for a token. It is kept in the memory of this tab, and nowhere else. */
export function SignIn({ reason, onToken, isOverlay = false }: SignInProps) {
  if (isOverlay)
    return (
      <Dialog title="Sign in again" isRequired>
        <p>Your token is not taken any more. What you were editing is still here.</p>
        <TokenForm reason={reason} onToken={onToken} />
      </Dialog>
    );
  return (
    <main className="alone">
      <h1>Strata</h1>
      <p>This gateway wants to know who you are. Paste a token to go on.</p>
      <TokenForm reason={reason} onToken={onToken} />
      <p className="hint">
        An operator makes one with <code>npx strata token --account &lt;id&gt;</code>. It is kept in the
        memory of this tab only, and gone with it.
      </p>
    </main>
  );
}

function TokenForm({ reason, onToken }: Pick<SignInProps, "reason" | "onToken">) {
  const id = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    if (typeof token === "string" && token.trim() !== "") onToken(token.trim());
  };
  return (
    <form onSubmit={submit} className="stack">
      <label htmlFor={id}>Token</label>
      <input
        id={id}
        name="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        required
        // biome-ignore lint/a11y/noAutofocus: the only thing to do here
        autoFocus
        aria-describedby={reason === null ? undefined : `${id}-reason`}
      />
      {reason !== null && (
        <p id={`${id}-reason`} role="alert" className="problem">
          {reason}
        </p>
      )}
      <button type="submit" className="primary">
        Sign in
      </button>
    </form>
  );
}
