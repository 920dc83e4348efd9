import { useEffect } from "react";
import type { AccountIndex } from "./accounts/account-index.js";
import { AccountScreen, SystemScreen } from "./accounts/account-screen.js";
import { ConfigScreen } from "./config/config-screen.js";
import { Link } from "./route/link.js";
import { navigate } from "./route/navigation.js";
import { accountHref, type Route } from "./route/route.js";
import { useSession } from "./session/session.js";
import { useStore } from "./store.js";

interface ScreenProps {
  readonly route: Route;
  readonly search: URLSearchParams;
  readonly index: AccountIndex;
}

export function Screen({ route, search, index }: ScreenProps) {
  if (route.screen === "home") return <Home index={index} />;
  if (route.screen === "account") return <AccountScreen accountId={route.accountId} />;
  if (route.screen === "system") return <SystemScreen />;
  if (route.screen === "config")
    return <ConfigScreen index={index} place={route.place} tab={route.tab} search={search} />;
  return (
    <article>
      <h1>Nothing here</h1>
      <p>
        This address leads nowhere. <Link href="/console">Start from the top</Link>.
      </p>
    </article>
  );
}

/** The way in: one's own account, else the topmost one. */
function Home({ index }: { index: AccountIndex }) {
  const { viewer } = useSession();
  const { levels } = useStore(index.state);
  const tops = levels.get(null)?.ids;
  const home = viewer.account?.id ?? tops?.[0];
  useEffect(() => {
    if (home !== undefined) navigate(accountHref(home), { replace: true });
  }, [home]);
  if (tops === undefined || tops.length > 0) return <p className="hint loading">Reading the accounts…</p>;
  return (
    <article>
      <h1>No accounts yet</h1>
      <p>
        There is nothing to show before the first account is made, with <code>createAccount</code> of the API.
      </p>
    </article>
  );
}
