import { useState } from "react";
import { useStore } from "../store.js";
import type { AccountIndex } from "./account-index.js";
import { AccountSearch } from "./account-search.js";
import { AccountTree } from "./account-tree.js";

interface AccountPanelProps {
  readonly index: AccountIndex;
  readonly current: string | null;
}

/** The accounts on the left: as a tree, or those that a search finds. */
export function AccountPanel({ index, current }: AccountPanelProps) {
  const [words, setWords] = useState("");
  const { total, error } = useStore(index.state);
  return (
    <div className="account-panel">
      <label className="search">
        <span className="visually-hidden">Search accounts</span>
        <input
          type="search"
          placeholder={total === null ? "Search accounts" : `Search ${total.toLocaleString("en")} accounts`}
          value={words}
          onChange={(event) => setWords(event.target.value)}
          data-action="search-accounts"
        />
      </label>
      {error !== null && (
        <p className="problem" role="alert">
          The accounts cannot be read.{" "}
          <button type="button" className="quiet" onClick={() => void index.start()}>
            Try again
          </button>
        </p>
      )}
      {words.trim() === "" ? (
        <AccountTree index={index} current={current} />
      ) : (
        <AccountSearch index={index} words={words.trim()} current={current} />
      )}
    </div>
  );
}
