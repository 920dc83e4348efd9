import { AccountPathDocument, type AccountPathQuery } from "../api/operations.generated.js";
import { Link } from "../route/link.js";
import { accountHref } from "../route/route.js";
import { useSession } from "../session/session.js";
import { useLoad } from "../use-load.js";

interface Step {
  readonly id: string;
  readonly name: string;
  readonly isReseller: boolean;
}

/** The way from the topmost account down to this one; `unknown` when there is none, or none that one may see. */
export function useAccountPath(accountId: string | null): {
  path: readonly Step[];
  isUnknown: boolean;
  error: unknown;
} {
  const { api } = useSession();
  const { data, error } = useLoad(accountId, () => api.run(AccountPathDocument, { id: accountId ?? "" }));
  return {
    path: stepsOf(data?.account ?? null),
    isUnknown: data !== undefined && data.account === null,
    error,
  };
}

type Ancestor = { id: string; name: string; isReseller: boolean; parent?: Ancestor | { id: string } | null };

function stepsOf(account: AccountPathQuery["account"]): Step[] {
  const steps: Step[] = [];
  let step: Ancestor | { id: string } | null | undefined = account;
  while (step) {
    // The way of a very deep account is cut off above.
    if ("name" in step) steps.unshift(step);
    else steps.unshift({ id: step.id, name: "…", isReseller: false });
    step = "parent" in step ? step.parent : undefined;
  }
  return steps;
}

export function Breadcrumbs({ path, last }: { path: readonly Step[]; last?: string | undefined }) {
  const linked = last === undefined ? path.slice(0, -1) : path;
  const here = last ?? path.at(-1)?.name;
  return (
    <nav aria-label="Breadcrumbs" className="breadcrumbs">
      <ol>
        {linked.map(({ id, name }) => (
          <li key={id}>
            <Link href={accountHref(id)}>
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
        <li aria-current="page">
          <bdi>{here}</bdi>
        </li>
      </ol>
    </nav>
  );
}
