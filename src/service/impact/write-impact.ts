import type { Principal } from "../../auth/principal.js";
import type { ConfigSchema } from "../../schema/config-schema.js";
import type { Lineage, Position, Store, StoredDocument } from "../../store/store.js";
import { type ImpactReport, impactReport } from "./impact-report.js";
import {
  type Arrangement,
  arrangementScope,
  type Change,
  documentScope,
  type ImpactScope,
  systemScope,
} from "./impact-scope.js";
import type { ImpactWatch } from "./impact-watch.js";

export interface WriteImpactOf {
  readonly principal: Principal;
  readonly schema: ConfigSchema;
  /** Of the account whose document is written; undefined: the system's is. */
  readonly lineage: Lineage | undefined;
  /** The system's document as it is. */
  readonly system: StoredDocument | undefined;
  readonly change: () => Change;
}

/** @param watch of who asks first: all get the same report */
export type ImpactAt = (position: Position, watch?: ImpactWatch) => Promise<ImpactReport | undefined>;

/**
 * What a write of a document does to the accounts that inherit it: looked at when it is first asked for, and once. Undefined:
 * nobody inherits it.
 */
export function writeImpact(store: Store, of: WriteImpactOf): ImpactAt {
  const { principal, schema, lineage, system, change } = of;
  let report: Promise<ImpactReport | undefined> | undefined;
  const look: ImpactAt = async (position, watch) => {
    const changed = change();
    const scope = async () =>
      lineage === undefined
        ? systemScope(store, schema.id, changed)
        : documentScope(lineage, schema.id, { ...changed, system });
    return reportOf(store, { principal, schema, scope, position, watch });
  };
  return (position, watch) => {
    report ??= look(position, watch);
    return report;
  };
}

/** What a move or a reseller flag does to the configs of the accounts that get another reseller by it. */
export function arrangementImpact(
  store: Store,
  of: Omit<ReportOf, "scope">,
  arrangement: Arrangement,
): Promise<ImpactReport | undefined> {
  return reportOf(store, { ...of, scope: () => arrangementScope(store, of.schema.id, arrangement) });
}

interface ReportOf extends Pick<WriteImpactOf, "principal" | "schema"> {
  readonly scope: () => Promise<ImpactScope | undefined>;
  readonly position: Position;
  readonly watch?: ImpactWatch | undefined;
}

async function reportOf(store: Store, { schema, ...of }: ReportOf): Promise<ImpactReport | undefined> {
  const { forAccount } = schema;
  // Without an account schema no account sees anything of it.
  if (forAccount === undefined) return undefined;
  return impactReport(store, { ...of, config: { schema, perspective: forAccount } });
}
