import type { Api } from "../api/api.js";
import { ApiError } from "../api/api-error.js";
import {
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
export type Invalid = Extract<Outcome, { __typename: "ConfigInvalid" }>;

export interface WriteOptions {
  /** The etag of the config that the write was decided on. */
  readonly ifMatch: string;
  readonly dryRun: boolean;
  readonly note?: string | undefined;
  /** The same for every attempt at one write: when an answer is lost, trying again cannot write twice. */
  readonly operationId?: string | undefined;
}

export async function writeConfig(
  api: Api,
  place: Place,
  write: Write,
  options: WriteOptions,
): Promise<Outcome> {
  const { ifMatch, dryRun, note, operationId } = options;
  const common = { ifMatch, dryRun, note: note === "" ? undefined : note, operationId };
  const own = [ownLayer(place)];
  const { write: outcome } =
    place.accountId === null
      ? await writeSystem(api, { ...common, configId: place.configId }, write, own)
      : await writeAccount(
          api,
          { ...common, accountId: place.accountId, configId: place.configId },
          write,
          own,
        );
  if (outcome === null) throw new ApiError("The gateway told nothing about this write.", "UNKNOWN");
  return outcome;
}

type Own = ReturnType<typeof ownLayer>[];
interface Common {
  readonly configId: string;
  readonly ifMatch: string;
  readonly dryRun: boolean;
  readonly note: string | undefined;
  readonly operationId: string | undefined;
}

async function writeAccount(api: Api, common: Common & { accountId: string }, write: Write, own: Own) {
  if (write.kind === "patch")
    return await api.run(PatchConfigDocument, { input: { ...common, patch: write.patch }, own });
  if (write.kind === "reset")
    return await api.run(ResetConfigDocument, { input: { ...common, pointers: [...write.pointers] }, own });
  return await api.run(RestoreConfigDocument, { input: { ...common, revision: write.revision }, own });
}

async function writeSystem(api: Api, common: Common, write: Write, own: Own) {
  if (write.kind === "patch")
    return await api.run(PatchSystemConfigDocument, { input: { ...common, patch: write.patch }, own });
  if (write.kind === "reset")
    return await api.run(ResetSystemConfigDocument, {
      input: { ...common, pointers: [...write.pointers] },
      own,
    });
  return await api.run(RestoreSystemConfigDocument, { input: { ...common, revision: write.revision }, own });
}

/** A name for a write that nobody else uses. */
export function newOperationId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `console-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
