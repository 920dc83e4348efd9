import type { Api } from "../api/api.js";
import { ApiError } from "../api/api-error.js";
import {
  ConstrainConfigDocument,
  ConstrainSystemConfigDocument,
  type ImpactFragment,
  type ImpactOutcome,
  type LayerKind,
  PatchConfigDocument,
  PatchSystemConfigDocument,
  ResetConfigDocument,
  ResetSystemConfigDocument,
  RestoreConfigDocument,
  RestoreSystemConfigDocument,
  type WriteOutcomeFragment,
} from "../api/operations.generated.js";
import { ownLayer, type Place } from "../config/place.js";
import type { Write } from "./drafts.js";

export type Outcome = WriteOutcomeFragment;
export type Written = Extract<Outcome, { __typename: "ConfigWritten" }>;
export type Conflicted = Extract<Outcome, { __typename: "ConfigConflict" }>;
export type Conflict = Conflicted["conflicts"][number];
export type Invalid = Extract<Outcome, { __typename: "ConfigInvalid" }>;
export type Impact = ImpactFragment;

/** Which accounts of the impact are told. */
export interface ImpactPage {
  readonly outcomes: ImpactOutcome[];
  readonly after?: string | null;
}

/** Those that break come first. */
const FIRST_PAGE: ImpactPage = { outcomes: ["BROKEN"] };

/**
 * What a write was decided on. With a cursor, what others wrote since stays, and only what collides is refused; with an etag, any
 * change is.
 */
export type DecidedOn = { readonly base: string } | { readonly ifMatch: string };

interface WriteOptions {
  readonly dryRun: boolean;
  readonly note?: string | undefined;
  /** The same for every attempt at one write: when an answer is lost, trying again cannot write twice. */
  readonly operationId?: string | undefined;
  /** The digest of the impact that was agreed to. */
  readonly expectImpact?: string | undefined;
}

export async function writeConfig(
  api: Api,
  place: Place,
  write: Write,
  decidedOn: DecidedOn,
  options: WriteOptions,
  page: ImpactPage = FIRST_PAGE,
): Promise<Outcome> {
  const { note, ...rest } = options;
  const common = { ...decidedOn, ...rest, note: note === "" ? undefined : note, configId: place.configId };
  const shown = { own: [ownLayer(place)], ...page };
  const { write: outcome } =
    place.accountId === null
      ? await writeSystem(api, common, write, shown)
      : await writeAccount(api, { ...common, accountId: place.accountId }, write, shown);
  if (outcome === null) throw new ApiError("The gateway told nothing about this write.", "UNKNOWN");
  return outcome;
}

type Shown = ImpactPage & { readonly own: LayerKind[] };
type Common = DecidedOn & WriteOptions & { readonly configId: string };

async function writeAccount(api: Api, common: Common & { accountId: string }, write: Write, shown: Shown) {
  switch (write.kind) {
    case "patch": {
      const { patch, pin } = write;
      return await api.run(PatchConfigDocument, { input: { ...common, patch, pin: [...pin] }, ...shown });
    }
    case "reset":
      return await api.run(ResetConfigDocument, {
        input: { ...common, pointers: [...write.pointers] },
        ...shown,
      });
    case "restore":
      return await api.run(RestoreConfigDocument, {
        input: { ...common, revision: write.revision },
        ...shown,
      });
    case "constrain": {
      const { set, remove } = write;
      return await api.run(ConstrainConfigDocument, {
        input: { ...common, set: [...set], remove: [...remove] },
        ...shown,
      });
    }
  }
}

async function writeSystem(api: Api, common: Common, write: Write, shown: Shown) {
  switch (write.kind) {
    case "patch": {
      const { patch, pin } = write;
      return await api.run(PatchSystemConfigDocument, {
        input: { ...common, patch, pin: [...pin] },
        ...shown,
      });
    }
    case "reset":
      return await api.run(ResetSystemConfigDocument, {
        input: { ...common, pointers: [...write.pointers] },
        ...shown,
      });
    case "restore":
      return await api.run(RestoreSystemConfigDocument, {
        input: { ...common, revision: write.revision },
        ...shown,
      });
    case "constrain": {
      const { set, remove } = write;
      return await api.run(ConstrainSystemConfigDocument, {
        input: { ...common, set: [...set], remove: [...remove] },
        ...shown,
      });
    }
  }
}

/** A name for a write that nobody else uses. */
export function newOperationId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
