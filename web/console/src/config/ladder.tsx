import { messageOf } from "../api/api-error.js";
import { boundsOf } from "../edit/input-kind.js";
import { isUnder } from "../pointer.js";
import { Link } from "../route/link.js";
import { configHref } from "../route/route.js";
import { useSession } from "../session/session.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";
import { useLoad } from "../use-load.js";
import { type ConfigLayer, type ConfigView, type FieldDetail, readField } from "./config-source.js";
import { constraintText } from "./constraint.js";
import { layerTitle } from "./layer-name.js";
import { ownLayer, type Place, placeKey } from "./place.js";
import type { Dormant } from "./row.js";
import { SourceChip } from "./source-chip.js";

interface LadderProps {
  readonly place: Place;
  readonly view: ConfigView;
  readonly pointer: string;
  readonly asOf: string | null;
}

/** What every layer says at a field, highest first: the topmost that says something is in force. */
export function Ladder({ place, view, pointer, asOf }: LadderProps) {
  const { api } = useSession();
  const { data, error } = useLoad(`${placeKey(place)} ${pointer} ${view.etag}`, () =>
    readField(api, place, pointer, asOf),
  );
  if (error !== undefined) return <p className="ladder problem">{messageOf(error)}</p>;
  if (data === undefined) return <p className="ladder hint">Asking every layer…</p>;
  const bounds = boundsOf(data?.schema ?? null);
  return (
    <div className="ladder">
      {data?.description && <p className="description">{data.description}</p>}
      {bounds.length > 0 && <p className="hint">{bounds.join(" · ")}</p>}
      <ol>
        {view.layers.map((layer) => (
          <Rung
            key={layer.kind}
            layer={layer}
            dormant={view.dormant.filter(
              (one) => one.layer.kind === layer.kind && isAround(one.pointer, pointer),
            )}
            detail={data}
            place={place}
            pointer={pointer}
            asOf={asOf}
          />
        ))}
      </ol>
    </div>
  );
}

function isAround(there: string, pointer: string): boolean {
  return isUnder(there, pointer) || isUnder(pointer, there);
}

interface RungProps extends Omit<LadderProps, "view"> {
  readonly layer: ConfigLayer;
  /** What it says here, above or below, and a constraint keeps out of force. */
  readonly dormant: readonly Dormant[];
  readonly detail: FieldDetail | null;
}

function Rung({ layer, dormant, detail, place, pointer, asOf }: RungProps) {
  const contributions = detail?.contributions ?? [];
  const said = contributions.find((contribution) => contribution.layer.kind === layer.kind);
  const state =
    said === undefined
      ? dormant.length > 0
        ? "dormant"
        : "silent"
      : said === contributions[0]
        ? "winner"
        : "shadowed";
  return (
    <li className="rung" data-rung={layer.kind} data-state={state}>
      <span className="rung-layer">
        <SourceChip kind={layer.kind} />
        {layer.account !== null && <bdi className="rung-account">{layer.account.name}</bdi>}
      </span>
      <span className="rung-value">
        {state === "silent" && <span className="none">says nothing</span>}
        {said !== undefined && <Value value={said.value} isLong />}
        {said !== undefined && said.pointer !== pointer && (
          <span className="hint"> at {said.pointer === "" ? "the root" : said.pointer}</span>
        )}
        {dormant.map((one) => (
          <DormantValue key={one.pointer} dormant={one} pointer={pointer} />
        ))}
        {state === "shadowed" && <span className="visually-hidden"> (covered by a layer above)</span>}
      </span>
      <span className="rung-change">
        {layer.updatedAt !== null && (
          <>
            <bdi>{layer.updatedBy}</bdi>, <Time at={layer.updatedAt} />
          </>
        )}
      </span>
      <PlaceLink layer={layer} place={place} pointer={pointer} asOf={asOf} />
    </li>
  );
}

/** A value that a constraint keeps out of force, and why. */
function DormantValue({ dormant, pointer }: { readonly dormant: Dormant; readonly pointer: string }) {
  const { constraint } = dormant;
  return (
    <span className="dormant" data-dormant={constraint.kind}>
      <del>
        <Value value={dormant.value} isLong />
      </del>
      {dormant.pointer !== pointer && <span className="hint"> at {dormant.pointer || "the root"}</span>}
      <span className="hint">
        {" "}
        not in force: {constraintText(constraint)}. <bdi>{constraint.reason}</bdi>
      </span>
    </span>
  );
}

/** Leads to where a layer is edited, for those who may go there. */
function PlaceLink({ layer, place, pointer, asOf }: Omit<RungProps, "detail" | "dormant">) {
  const { viewer } = useSession();
  const isSystem = layer.kind === "SYSTEM" && viewer.superadmin;
  if (layer.kind === ownLayer(place)) return <span className="rung-link hint">here</span>;
  if (layer.account === null && !isSystem) return <span className="rung-link" />;
  const there = { accountId: isSystem ? null : (layer.account?.id ?? null), configId: place.configId };
  return (
    <Link
      className="rung-link"
      href={configHref(there, "fields", { at: pointer, asOf: asOf ?? undefined })}
      aria-label={`Go there: ${layerTitle(layer)}`}
    >
      Go there
    </Link>
  );
}
