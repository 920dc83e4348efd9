import { type FormEvent, useId, useState } from "react";
import type { AccountIndex } from "../accounts/account-index.js";
import { useAccountSearch } from "../accounts/account-search.js";
import { messageOf } from "../api/api-error.js";
import { type ConfigView, readConfig } from "../config/config-source.js";
import { type Place, placeKey } from "../config/place.js";
import { setParameters } from "../route/navigation.js";
import { useSession } from "../session/session.js";
import { exactTime } from "../ui/time.js";
import { useLoad } from "../use-load.js";
import { localText } from "./as-of.js";
import { CompareTable } from "./compare-table.js";

interface CompareTabProps {
  readonly index: AccountIndex;
  readonly place: Place;
  readonly view: ConfigView;
  readonly search: URLSearchParams;
}

/** This config beside that of another account, or beside itself at another moment. */
export function CompareTab({ index, place, view, search }: CompareTabProps) {
  const { api } = useSession();
  const other = search.get("with");
  const [from, to] = [search.get("from"), search.get("to")];
  const isAsked = other !== null || from !== null || to !== null;
  const left = useLoad(isAsked ? `left ${placeKey(place)} ${from ?? view.etag}` : null, async () =>
    from === null ? view : await readConfig(api, place, from),
  );
  const there = { ...place, accountId: other ?? place.accountId };
  const right = useLoad(isAsked ? `right ${placeKey(there)} ${to ?? ""} ${view.etag}` : null, () =>
    readConfig(api, there, to),
  );
  const error = left.error ?? right.error;
  return (
    <section className="compare">
      <CompareForm index={index} place={place} other={other} from={from} to={to} />
      {error !== undefined && (
        <p className="problem" role="alert">
          {messageOf(error)}
        </p>
      )}
      {!isAsked && <p className="hint empty">Name another account, or a moment, to compare with.</p>}
      {left.data && right.data && (
        <CompareTable
          left={left.data}
          right={right.data}
          leftName={sideName(place.accountId, from)}
          rightName={sideName(there.accountId, to)}
        />
      )}
    </section>
  );
}

function sideName(accountId: string | null, moment: string | null): string {
  return `${accountId ?? "System"}, ${moment === null ? "now" : exactTime(moment)}`;
}

interface CompareFormProps {
  readonly index: AccountIndex;
  readonly place: Place;
  readonly other: string | null;
  readonly from: string | null;
  readonly to: string | null;
}

function CompareForm({ index, place, other, from, to }: CompareFormProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const account = String(data.get("with") ?? "").trim();
    const moments = { from: momentOf(data.get("from")), to: momentOf(data.get("to")) };
    const isNothing = account === "" && moments.from === null && moments.to === null;
    setProblem(isNothing ? "Name another account, or a moment." : null);
    if (!isNothing) setParameters({ with: account, ...moments }, { replace: false });
  };
  return (
    <form className="compare-form" onSubmit={submit}>
      <fieldset>
        <legend>Left: {place.accountId ?? "System"}</legend>
        <Moment name="from" value={from} />
      </fieldset>
      <fieldset>
        <legend>Right</legend>
        {place.accountId !== null && <AccountInput index={index} other={other} />}
        <Moment name="to" value={to} />
      </fieldset>
      <button type="submit" className="primary" data-action="compare">
        Compare
      </button>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </form>
  );
}

/** Suggests accounts by id and name, as one types. */
function AccountInput({ index, other }: { index: AccountIndex; other: string | null }) {
  const id = useId();
  const [words, setWords] = useState<string | null>(null);
  const { found } = useAccountSearch(index, words);
  return (
    <label>
      account id (empty: the same)
      <input
        name="with"
        data-input="with"
        list={id}
        defaultValue={other ?? ""}
        autoComplete="off"
        spellCheck={false}
        onFocus={(event) => setWords(event.target.value.trim())}
        onChange={(event) => setWords(event.target.value.trim())}
      />
      <datalist id={id}>
        {found.map((account) => (
          <option key={account.id} value={account.id}>
            {account.name}
          </option>
        ))}
      </datalist>
    </label>
  );
}

function Moment({ name, value }: { name: string; value: string | null }) {
  return (
    <label>
      at (empty: now)
      <input
        key={value}
        name={name}
        data-input={name}
        type="datetime-local"
        step={1}
        defaultValue={value === null ? "" : localText(new Date(value))}
      />
    </label>
  );
}

function momentOf(text: FormDataEntryValue | null): string | null {
  const moment = new Date(String(text ?? ""));
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}
