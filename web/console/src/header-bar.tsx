import { Link } from "./route/link.js";
import type { Route } from "./route/route.js";
import { accountHref } from "./route/route.js";
import { useSession } from "./session/session.js";
import { useSheet } from "./shortcuts.js";
import { useStore } from "./store.js";

export function HeaderBar({ route }: { route: Route }) {
  const { viewer, token, signOut } = useSession();
  const isSystem = route.screen === "system" || (route.screen === "config" && route.place.accountId === null);
  return (
    <header className="bar">
      <button type="button" className="quiet icon only-narrow" popoverTarget="accounts" aria-label="Accounts">
        ☰
      </button>
      <Link href="/console" className="brand">
        <span className="brand-mark" aria-hidden="true" />
        Strata
      </Link>
      <LiveBadge />
      <nav aria-label="Areas" className="areas">
        {viewer.superadmin && (
          <Link href={accountHref(null)} aria-current={isSystem ? "page" : undefined}>
            System
          </Link>
        )}
        {/* biome-ignore lint/security/noBlankTarget: a page of this origin, which asks this one for the token */}
        <a href="/explorer" target="_blank" rel="opener">
          Explorer
        </a>
      </nav>
      <button
        type="button"
        className="quiet icon"
        aria-label="Keys"
        title="Keys (?)"
        onClick={useSheet().show}
      >
        ?
      </button>
      <span className="viewer">
        <bdi title={viewer.account === null ? undefined : `acts for ${viewer.account.name}`}>
          {viewer.subject}
        </bdi>
        {!viewer.canWrite && <span className="mark">Read only</span>}
        {token !== null && (
          <button type="button" className="quiet" onClick={signOut}>
            Sign out
          </button>
        )}
      </span>
    </header>
  );
}

const LIVE = {
  live: ["Live", "Changes show as they are made."],
  connecting: ["Connecting", "The connection for live changes is being made."],
  off: ["Not live", "The gateway sends no changes now. Views look for changes every few seconds."],
} as const;

function LiveBadge() {
  const state = useStore(useSession().api.live.state);
  const [text, explanation] = LIVE[state];
  return (
    <span className="live" data-live={state} role="status" title={explanation}>
      <span className="dot" aria-hidden="true" />
      {text}
    </span>
  );
}
