import { useEffect, useState } from "react";
import { Link } from "../route/link.js";
import { accountHref } from "../route/route.js";
import { useStore } from "../store.js";
import type { AccountIndex, AccountIndexState, AccountItem } from "./account-index.js";

interface TreeProps {
  readonly index: AccountIndex;
  readonly current: string | null;
}

/** So many children are shown at once. */
const SHOWN = 50;

export function AccountTree({ index, current }: TreeProps) {
  const state = useStore(index.state);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const tops = state.levels.get(null)?.ids ?? [];

  useEffect(() => {
    const above = current === null ? [] : ancestorsOf(current, state.accounts);
    setOpen((before) => new Set([...before, ...above, ...tops]));
  }, [current, state.accounts, tops]);

  const isHidden = current !== null && tops.length > 0 && !state.accounts.has(current);
  useEffect(() => {
    if (isHidden && current !== null) void index.reveal(current);
  }, [index, current, isHidden]);

  const toggle = (id: string) => {
    if (!open.has(id)) void index.more(id);
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  };
  useEffect(() => {
    // A large tree is read level by level, from the top on.
    for (const id of tops) void index.more(id);
  }, [index, tops]);
  return <Branch parentId={null} state={state} open={open} toggle={toggle} index={index} current={current} />;
}

interface BranchProps extends TreeProps {
  readonly parentId: string | null;
  readonly state: AccountIndexState;
  readonly open: ReadonlySet<string>;
  readonly toggle: (id: string) => void;
}

function Branch({ parentId, state, ...rest }: BranchProps) {
  const [shown, setShown] = useState(SHOWN);
  const level = state.levels.get(parentId);
  const ids = level?.ids.slice(0, shown) ?? [];
  const more = () => {
    if (parentId !== null && (level?.ids.length ?? 0) <= shown) void rest.index.more(parentId);
    setShown(shown + SHOWN);
  };
  const hasMore = level !== undefined && (level.ids.length > shown || !level.isComplete);
  return (
    <ul className="tree">
      {ids.map((id) => {
        const account = state.accounts.get(id);
        return account && <Twig key={id} account={account} state={state} {...rest} />;
      })}
      {level?.isComplete && level.ids.length === 0 && <li className="hint">No accounts below</li>}
      {hasMore && (
        <li>
          <button type="button" className="quiet" onClick={more}>
            More accounts
          </button>
        </li>
      )}
    </ul>
  );
}

function Twig({
  account,
  state,
  open,
  toggle,
  ...rest
}: Omit<BranchProps, "parentId"> & { account: AccountItem }) {
  const { id } = account;
  const level = state.levels.get(id);
  const isLeaf = level?.isComplete === true && level.ids.length === 0;
  const isOpen = open.has(id) && !isLeaf;
  return (
    <li>
      <div className="twig" data-account={id}>
        {isLeaf ? (
          <span className="no-twist" />
        ) : (
          <button
            type="button"
            className="twist"
            aria-expanded={isOpen}
            aria-label={`Accounts below ${account.name}`}
            onClick={() => toggle(id)}
          />
        )}
        <AccountLink account={account} isCurrent={rest.current === id} />
      </div>
      {isOpen && <Branch parentId={id} state={state} open={open} toggle={toggle} {...rest} />}
    </li>
  );
}

export function AccountLink({ account, isCurrent }: { account: AccountItem; isCurrent: boolean }) {
  return (
    <Link
      href={accountHref(account.id)}
      className="account-link"
      aria-current={isCurrent ? "page" : undefined}
      title={account.id}
    >
      <bdi>{account.name}</bdi>
      {account.isReseller && <span className="mark">Reseller</span>}
    </Link>
  );
}

/** From the account up, without itself. */
function ancestorsOf(id: string, accounts: ReadonlyMap<string, AccountItem>): string[] {
  const above: string[] = [];
  let account = accounts.get(id);
  while (account?.parent && !above.includes(account.parent.id)) {
    above.push(account.parent.id);
    account = accounts.get(account.parent.id);
  }
  return above;
}
