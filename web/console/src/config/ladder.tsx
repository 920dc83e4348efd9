import { messageOf } from "../api/api-error.js";
import { boundsOf } from "../edit/input-kind.js";
import { Link } from "../route/link.js";
import { configHref } from "../route/route.js";
import { useSession } from "../session/session.js";
import { Time } from "../ui/time.js";
import { Value } from "../ui/value.js";
import { useLoad } from "../use-load.js";
import { type ConfigLayer, type ConfigView, type FieldDetail, readField } from "./config-source.js";
import { layerTitle } from "./layer-name.js";
import { ownLayer, type Place, placeKey } from "./place.js";
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
          <Rung key={layer.kind} layer={layer} detail={data} place={place} pointer={pointer} asOf={asOf} />
        ))}
      </ol>
    </div>
  );
}

interface RungProps extends Omit<LadderProps, "view"> {
  readonly layer: ConfigLayer;
  readonly detail: FieldDetail | null;
}

function Rung({ layer, detail, place, pointer, asOf }: RungProps) {
  const contributions = detail?.contributions ?? [];
  const said = contributions.find((contribution) => contribution.layer.kind === layer.kind);
  const state = said === undefined ? "silent" : said === contributions[0] ? "winner" : "shadowed";
  return (
    <li className="rung" data-rung={layer.kind} data-state={state}>
      <span className="rung-layer">
        <SourceChip kind={layer.kind} />
        {layer.account !== null && <bdi className="rung-account">{layer.account.name}</bdi>}
      </span>
      <span className="rung-value">
        {said === undefined ? (
          <span className="none">says nothing</span>
        ) : (
          <Value value={said.value} isLong />
        )}
        {said !== undefined && said.pointer !== pointer && (
          <span className="hint"> at {said.pointer === "" ? "the root" : said.pointer}</span>
        )}
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

/** Leads to where a layer is edited, for those who may go there. */
function PlaceLink({ layer, place, pointer, asOf }: Omit<RungProps, "detail">) {
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
