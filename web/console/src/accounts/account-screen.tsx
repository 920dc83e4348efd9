import { useEffect, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { useStreamAccount } from "../config/use-changes.js";
import { useSession } from "../session/session.js";
import { useStore } from "../store.js";
import { type Loaded, useLoad } from "../use-load.js";
import { Breadcrumbs, useAccountPath } from "./breadcrumbs.js";
import { ConfigList } from "./config-list.js";
import { type ConfigSummary, readAccountSummaries, readSystemSummaries } from "./config-summaries.js";

export function AccountScreen({ accountId }: { accountId: string }) {
  const { api } = useSession();
  const { path, isUnknown, error } = useAccountPath(accountId);
  const configs = useLoad(accountId, async () => (await readAccountSummaries(api, accountId)) ?? []);
  useAccountChanges(accountId, configs);
  if (isUnknown)
    return (
      <article>
        <h1>No such account</h1>
        <p>
          There is no account <code>{accountId}</code>, or none that you may know of.
        </p>
      </article>
    );
  return (
    <article>
      <title>{`${path.at(-1)?.name ?? accountId} · Strata`}</title>
      <Breadcrumbs path={path} />
      <header className="screen-head">
        <div>
          <h1>
            <bdi>{path.at(-1)?.name ?? accountId}</bdi>
          </h1>
          <code>{accountId}</code>
        </div>
      </header>
      <Configs accountId={accountId} configs={configs} error={error ?? configs.error} />
    </article>
  );
}

export function SystemScreen() {
  const { viewer } = useSession();
  if (viewer.superadmin) return <SystemConfigs />;
  return (
    <article>
      <h1>System</h1>
      <p>The system level is for superadmins.</p>
    </article>
  );
}

function SystemConfigs() {
  const { api } = useSession();
  const configs = useLoad("system", () => readSystemSummaries(api));
  useAccountChanges(null, configs);
  return (
    <article>
      <title>System · Strata</title>
      <header className="screen-head">
        <div>
          <h1>System</h1>
          <p className="description">What holds for every account that does not say otherwise.</p>
        </div>
      </header>
      <Configs accountId={null} configs={configs} error={configs.error} />
    </article>
  );
}

interface ConfigsProps {
  readonly accountId: string | null;
  readonly configs: Loaded<readonly ConfigSummary[]>;
  readonly error: unknown;
}

function Configs({ accountId, configs, error }: ConfigsProps) {
  if (configs.data !== undefined) return <ConfigList accountId={accountId} configs={configs.data} />;
  if (error === undefined) return <p className="hint loading">Reading the configs…</p>;
  return (
    <div className="failed" role="alert">
      <p className="problem">{messageOf(error)}</p>
      <button type="button" onClick={configs.reload}>
        Try again
      </button>
    </div>
  );
}

/** Changes that come together are read once. */
const GATHER_MS = 150;
/** How often the list is read again where no changes are sent. */
const LOOK_MS = 10_000;

/** Reads a list again when it has changed. @param accountId null: the system level */
function useAccountChanges(accountId: string | null, { isLoading, reload }: Loaded<unknown>): void {
  const { api } = useSession();
  const state = useStore(api.live.state);
  const stream = useStreamAccount({ accountId });
  const [isStale, setStale] = useState(false);
  useEffect(() => {
    // A list that is being read is read to its end: else one that changes all the time would never be shown.
    if (!isStale || isLoading) return undefined;
    const timer = setTimeout(() => {
      setStale(false);
      reload();
    }, GATHER_MS);
    return () => clearTimeout(timer);
  }, [isStale, isLoading, reload]);
  useEffect(() => {
    if (stream === null) return undefined;
    const tell = () => setStale(true);
    return api.live.watch(stream, null, { onChange: tell, onEnd: tell }, accountId === null);
  }, [api, stream, accountId]);
  useEffect(() => {
    if (state === "live") return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && setStale(true), LOOK_MS);
    return () => clearInterval(timer);
  }, [state]);
}
