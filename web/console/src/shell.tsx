import { useEffect, useMemo, useRef } from "react";
import { createAccountIndex } from "./accounts/account-index.js";
import { AccountPanel } from "./accounts/account-panel.js";
import { HeaderBar } from "./header-bar.js";
import { useWhereabouts } from "./route/navigation.js";
import type { Route } from "./route/route.js";
import { Screen } from "./screen.js";
import { useSession } from "./session/session.js";
import { Announcer } from "./ui/announcer.js";

export function Shell() {
  const { api } = useSession();
  const { route, search } = useWhereabouts();
  const index = useMemo(() => createAccountIndex(api), [api]);
  const main = useRef<HTMLElement>(null);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => void index.start(), [index]);

  const where = whereOf(route);
  const isFirst = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another screen is what moves the focus
  useEffect(() => {
    if (panel.current?.matches(":popover-open")) panel.current.hidePopover();
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [where]);

  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <HeaderBar route={route} />
      <nav ref={panel} id="accounts" className="side" aria-label="Accounts" popover="auto">
        <AccountPanel index={index} current={accountOf(route)} />
      </nav>
      <main id="main" ref={main} tabIndex={-1} key={where}>
        <Screen route={route} search={search} index={index} />
      </main>
      <Announcer />
    </>
  );
}

export function accountOf(route: Route): string | null {
  if (route.screen === "account") return route.accountId;
  return route.screen === "config" ? route.place.accountId : null;
}

/** The same text as long as one stays on a screen. */
function whereOf(route: Route): string {
  if (route.screen === "config") return `${route.place.accountId ?? ""}/${route.place.configId}/${route.tab}`;
  return `${route.screen} ${accountOf(route) ?? ""}`;
}
