import { useEffect, useState } from "react";
import { messageOf } from "../api/api-error.js";
import { useStore } from "../store.js";
import type { AccountIndex, AccountItem } from "./account-index.js";
import { AccountLink } from "./account-tree.js";

interface Search {
  readonly found: readonly AccountItem[];
  readonly looked: number;
  readonly isDone: boolean;
  readonly error: string | null;
}

const NOTHING: Search = { found: [], looked: 0, isDone: false, error: null };
/** A search ends here: more hits help nobody. */
const MOST = 100;
const PATIENCE_MS = 200;

interface AccountSearchProps {
  readonly index: AccountIndex;
  readonly words: string;
  readonly current: string | null;
}

export function AccountSearch({ index, words, current }: AccountSearchProps) {
  const { found, looked, isDone, error } = useAccountSearch(index, words);
  const { total } = useStore(index.state);
  return (
    <div className="account-hits">
      <p className="hint" role="status">
        {error ?? summary(found.length, looked, isDone, total)}
      </p>
      <ul className="tree">
        {found.map((account) => (
          <li key={account.id}>
            <div className="twig" data-account={account.id}>
              <AccountLink account={account} isCurrent={current === account.id} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}

function summary(found: number, looked: number, isDone: boolean, total: number | null): string {
  if (!isDone)
    return `Searching… ${looked.toLocaleString("en")} of ${(total ?? looked).toLocaleString("en")}`;
  if (found >= MOST) return `The first ${MOST} accounts. Say more to find fewer.`;
  return found === 1 ? "1 account" : `${found} accounts`;
}

/** @param words parts of ids and names; null: nothing is searched for */
export function useAccountSearch(index: AccountIndex, words: string | null): Search {
  const [search, setSearch] = useState(NOTHING);
  useEffect(() => {
    if (words === null) return undefined;
    let isOver = false;
    const wanted = words.toLowerCase().split(/\s+/);
    const matches = ({ id, name }: AccountItem) => {
      const text = `${id} ${name}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    };
    const start = async () => {
      let found: AccountItem[] = [];
      await index.search(matches, (more, looked) => {
        found = [...found, ...more].slice(0, MOST);
        if (!isOver) setSearch({ found, looked, isDone: false, error: null });
        return !isOver && found.length < MOST;
      });
      if (!isOver) setSearch((before) => ({ ...before, isDone: true }));
    };
    setSearch(NOTHING);
    const timer = setTimeout(() => {
      start().catch((error: unknown) => !isOver && setSearch({ ...NOTHING, error: messageOf(error) }));
    }, PATIENCE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [index, words]);
  return search;
}
