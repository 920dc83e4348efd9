/**
 * A token lives in the memory of one tab. A page that this tab opens (`rel="opener"`) asks for it here: pages of this origin
 * only, and nothing is stored.
 */
const REQUEST = "strata: which token?";

interface Answer {
  readonly strataToken: string | null;
}

/** How long an opener is waited for, in milliseconds: it may be another page, or gone. */
const PATIENCE = 1_000;

/** Answers pages that ask for the token. @returns ends that */
export function answerTokenRequests(token: () => string | undefined): () => void {
  const answer = ({ origin, source, data }: MessageEvent): void => {
    if (origin !== location.origin || data !== REQUEST) return;
    const message: Answer = { strataToken: token() ?? null };
    source?.postMessage(message, { targetOrigin: location.origin });
  };
  addEventListener("message", answer);
  return () => removeEventListener("message", answer);
}

/** The token of the tab that opened this one; undefined where there is none, or it does not say. */
export function askOpenerForToken(): Promise<string | undefined> {
  const { opener } = window as { readonly opener: Window | null };
  if (opener === null) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const end = (token: string | undefined): void => {
      removeEventListener("message", listen);
      clearTimeout(timer);
      resolve(token);
    };
    const listen = ({ origin, source, data }: MessageEvent): void => {
      if (origin === location.origin && source === opener && isAnswer(data))
        end(data.strataToken ?? undefined);
    };
    const timer = setTimeout(() => end(undefined), PATIENCE);
    addEventListener("message", listen);
    opener.postMessage(REQUEST, location.origin);
  });
}

function isAnswer(data: unknown): data is Answer {
  if (typeof data !== "object" || data === null || !("strataToken" in data)) return false;
  return data.strataToken === null || typeof data.strataToken === "string";
}
