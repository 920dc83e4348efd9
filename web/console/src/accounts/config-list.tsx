import { useState } from "react";
import { Link } from "../route/link.js";
import { configHref } from "../route/route.js";
import type { ConfigSummary } from "./config-summaries.js";

/** The configs of an account or of the system level; those with something of their own come first. */
export function ConfigList({
  accountId,
  configs,
}: {
  accountId: string | null;
  configs: readonly ConfigSummary[];
}) {
  const [words, setWords] = useState("");
  const wanted = words.toLowerCase().trim();
  const shown = configs.filter(({ configId, title }) =>
    `${configId} ${title ?? ""}`.toLowerCase().includes(wanted),
  );
  return (
    <>
      <label className="search">
        <span className="visually-hidden">Search configs</span>
        <input
          type="search"
          data-action="search"
          placeholder={`Search ${configs.length} configs  ( / )`}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <ul className="configs">
        {shown.map((config) => (
          <ConfigItem key={config.configId} accountId={accountId} config={config} />
        ))}
      </ul>
      {shown.length === 0 && <p className="hint empty">No config is called like that.</p>}
    </>
  );
}

function ConfigItem({ accountId, config }: { accountId: string | null; config: ConfigSummary }) {
  const { configId, title, description, overrides, problems } = config;
  return (
    <li className="config-item" data-config={configId}>
      <Link href={configHref({ accountId, configId })}>
        <span className="config-name">{title ?? configId}</span>
        <code>{configId}</code>
      </Link>
      {description && <p className="description">{description}</p>}
      <p className="config-counts">
        <span className="count" data-overrides={overrides}>
          {overrides === 0 ? "inherits all" : overrides === 1 ? "1 override" : `${overrides} overrides`}
        </span>
        {problems > 0 && (
          <span className="count bad" data-problems={problems}>
            {problems === 1 ? "1 problem" : `${problems} problems`}
          </span>
        )}
      </p>
    </li>
  );
}
