import type { ReactNode } from "react";
import type { AccountIndex } from "../accounts/account-index.js";
import { Breadcrumbs, useAccountPath } from "../accounts/breadcrumbs.js";
import { ApiError, messageOf } from "../api/api-error.js";
import { AsOfBar, AsOfPicker } from "../past/as-of.js";
import { CompareTab } from "../past/compare-tab.js";
import { HistoryTab } from "../past/history-tab.js";
import { Link } from "../route/link.js";
import { accountHref, type ConfigTab, configHref } from "../route/route.js";
import { useSession } from "../session/session.js";
import type { ConfigView } from "./config-source.js";
import { FieldsTab } from "./fields-tab.js";
import { type Place, placeKey } from "./place.js";
import { type FollowedConfig, useConfig } from "./use-config.js";

interface ConfigScreenProps {
  readonly index: AccountIndex;
  readonly place: Place;
  readonly tab: ConfigTab;
  readonly search: URLSearchParams;
}

const TABS: readonly (readonly [ConfigTab, string])[] = [
  ["fields", "Fields"],
  ["history", "History"],
  ["compare", "Compare"],
];

export function ConfigScreen({ index, place, tab, search }: ConfigScreenProps) {
  const asOf = tab === "fields" ? search.get("asOf") : null;
  const config = useConfig(place, asOf);
  const { path } = useAccountPath(place.accountId);
  const { viewer } = useSession();
  const isTop = path.length === 1 && viewer.superadmin;
  // The topmost account is the reseller of those that have no other.
  const bindsOthers = place.accountId === null || isTop || path.at(-1)?.isReseller === true;
  const title = config.view?.schema.title ?? place.configId;
  return (
    <article className="config" data-config={place.configId}>
      <title>{`${title} · ${path.at(-1)?.name ?? place.accountId ?? "System"} · Strata`}</title>
      {place.accountId === null ? (
        <nav aria-label="Breadcrumbs" className="breadcrumbs">
          <ol>
            <li>
              <Link href={accountHref(null)}>System</Link>
            </li>
            <li aria-current="page">{place.configId}</li>
          </ol>
        </nav>
      ) : (
        <Breadcrumbs path={path} last={place.configId} />
      )}
      <header className="screen-head">
        <div>
          <h1>{title}</h1>
          {config.view?.schema.description && <p className="description">{config.view.schema.description}</p>}
        </div>
        {tab === "fields" && <AsOfPicker asOf={asOf} />}
      </header>
      <nav aria-label="Views of this config" className="tabs">
        {TABS.map(([name, label]) => (
          <Link key={name} href={configHref(place, name)} aria-current={tab === name ? "page" : undefined}>
            {label}
          </Link>
        ))}
      </nav>
      {asOf !== null && <AsOfBar asOf={asOf} isSchemaChanged={config.view?.schemaChanged === true} />}
      <TabContent
        index={index}
        place={place}
        tab={tab}
        search={search}
        config={config}
        asOf={asOf}
        bindsOthers={bindsOthers}
      />
    </article>
  );
}

interface TabProps extends ConfigScreenProps {
  readonly config: FollowedConfig;
  readonly asOf: string | null;
  /** Accounts inherit from this place's document. */
  readonly bindsOthers: boolean;
}

function TabContent(props: TabProps): ReactNode {
  const { view, error, reload } = props.config;
  if (error !== undefined && (view === undefined || isGone(error)))
    return (
      <div className="failed" role="alert">
        <p className="problem">{messageOf(error)}</p>
        <button type="button" onClick={reload}>
          Try again
        </button>
      </div>
    );
  if (view === undefined) return <p className="hint loading">Reading every layer…</p>;
  return (
    <>
      {error !== undefined && (
        <p className="warning" role="alert">
          This may be out of date: {messageOf(error)}
        </p>
      )}
      <Tab {...props} view={view} />
    </>
  );
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.code.endsWith("_NOT_FOUND");
}

function Tab({
  index,
  place,
  tab,
  search,
  config,
  asOf,
  bindsOthers,
  view,
}: TabProps & { readonly view: ConfigView }): ReactNode {
  if (tab === "history")
    return <HistoryTab place={place} view={view} replace={config.replace} at={search.get("at")} />;
  if (tab === "compare") return <CompareTab index={index} place={place} view={view} search={search} />;
  return (
    <FieldsTab
      key={placeKey(place)}
      place={place}
      view={view}
      config={config}
      asOf={asOf}
      search={search}
      bindsOthers={bindsOthers}
    />
  );
}
