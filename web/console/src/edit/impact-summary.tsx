import { useState } from "react";
import { messageOf } from "../api/api-error.js";
import type { ImpactOutcome } from "../api/operations.generated.js";
import type { Place } from "../config/place.js";
import { ProblemList } from "../config/problem-list.js";
import { ChangeTable } from "../past/change-table.js";
import { Link } from "../route/link.js";
import { configHref } from "../route/route.js";
import type { Review } from "./use-review.js";
import type { Impact } from "./write-config.js";

const OUTCOMES: Readonly<Record<ImpactOutcome, { readonly name: string; readonly meaning: string }>> = {
  BROKEN: { name: "New problems", meaning: "They get a problem that they did not have." },
  HEALED: { name: "Healed", meaning: "They lose a problem, and get no new one." },
  CHANGED: { name: "Changed", meaning: "Other values come into force." },
  MOVED: { name: "Other layer", meaning: "The same values, from another layer." },
  SHIELDED: { name: "Shielded", meaning: "What lies above keeps their config as it is." },
  UNAFFECTED: { name: "Unaffected", meaning: "They do not see what changes." },
};

interface ImpactProps {
  readonly place: Place;
  /** Its accounts are those that break. */
  readonly impact: Impact;
  readonly readImpact: Review["readImpact"];
}

/** Whom a write hits: how many accounts, and which. Those that get a new problem are shown unasked. */
export function ImpactSummary({ place, impact, readImpact }: ImpactProps) {
  const { total, counts } = impact;
  const found = counts.filter(({ count }) => count > 0);
  const { chosen, page, error, isLoading, choose, more } = useAccounts(impact, readImpact);
  return (
    <section className="impact" aria-label="Accounts below" data-digest={impact.digest}>
      <h3>
        What this does to the {total === 1 ? "account" : `${total.toLocaleString("en")} accounts`} below
      </h3>
      <div className="shows">
        {found.map(({ outcome, count }) => (
          <button
            key={outcome}
            type="button"
            data-impact={outcome}
            aria-expanded={chosen === outcome}
            title={OUTCOMES[outcome].meaning}
            onClick={() => choose(chosen === outcome ? null : outcome)}
          >
            {OUTCOMES[outcome].name} <span className="count">{count.toLocaleString("en")}</span>
          </button>
        ))}
      </div>
      {chosen !== null && <p className="hint">{OUTCOMES[chosen].meaning}</p>}
      {error !== null && (
        <p className="problem" role="alert">
          {error}
        </p>
      )}
      {chosen !== null && page !== null && <AccountList place={place} nodes={page.nodes} />}
      {chosen !== null && page?.pageInfo.hasNextPage && (
        <button type="button" data-action="more-accounts" disabled={isLoading} onClick={more}>
          {isLoading ? "Reading…" : "More accounts"}
        </button>
      )}
    </section>
  );
}

type Accounts = Impact["accounts"];

function useAccounts(impact: Impact, readImpact: Review["readImpact"]) {
  const hasBroken = impact.accounts.nodes.length > 0;
  const [chosen, setChosen] = useState<ImpactOutcome | null>(hasBroken ? "BROKEN" : null);
  const [page, setPage] = useState<Accounts | null>(impact.accounts);
  const [error, setError] = useState<string | null>(null);
  const [isLoading, setLoading] = useState(false);
  const read = async (outcome: ImpactOutcome, before: Accounts | null) => {
    setLoading(true);
    setError(null);
    try {
      const next = await readImpact({ outcomes: [outcome], after: before?.pageInfo.endCursor ?? null });
      if (next !== null)
        setPage({ ...next.accounts, nodes: [...(before?.nodes ?? []), ...next.accounts.nodes] });
    } catch (reason) {
      setError(messageOf(reason));
    }
    setLoading(false);
  };
  return {
    chosen,
    page,
    error,
    isLoading,
    choose(outcome: ImpactOutcome | null) {
      setChosen(outcome);
      setPage(null);
      if (outcome !== null) void read(outcome, null);
    },
    more() {
      if (chosen !== null) void read(chosen, page);
    },
  };
}

function AccountList({ place, nodes }: { readonly place: Place; readonly nodes: Accounts["nodes"] }) {
  return (
    <ul className="impact-accounts">
      {nodes.map(({ account, outcome, changes, problems }) => (
        <li key={account.id} data-account={account.id} data-outcome={outcome}>
          <Link href={configHref({ accountId: account.id, configId: place.configId }, "fields")}>
            <bdi>{account.name}</bdi>
          </Link>{" "}
          <code>{account.id}</code>
          <ProblemList problems={problems} withPointers />
          {changes.length > 0 && (
            <details>
              <summary>{changes.length === 1 ? "1 change" : `${changes.length} changes`}</summary>
              <ChangeTable changes={changes} caption={`What changes for ${account.name}`} />
            </details>
          )}
        </li>
      ))}
    </ul>
  );
}
