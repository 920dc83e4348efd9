import type { Api } from "../api/api.js";
import { ApiError } from "../api/api-error.js";
import {
  type ChangeFragment,
  ChangesSinceDocument,
  ConfigDocument,
  type ConfigViewFragment,
  EtagDocument,
  type FieldDetailFragment,
  FieldDocument,
  SystemChangesSinceDocument,
  SystemConfigDocument,
  SystemEtagDocument,
  SystemFieldDocument,
} from "../api/operations.generated.js";
import { ownLayer, type Place } from "./place.js";

export type ConfigView = ConfigViewFragment;
export type ConfigField = ConfigView["fields"][number];
export type ConfigLayer = ConfigView["layers"][number];
export type FieldDetail = FieldDetailFragment;
export type AttributedChange = ChangeFragment;

// The system level has queries of its own; nothing else is different there.

export async function readConfig(api: Api, place: Place, asOf: string | null): Promise<ConfigView> {
  const { accountId, configId } = place;
  const own = [ownLayer(place)];
  const config =
    accountId === null
      ? (await api.run(SystemConfigDocument, { configId, asOf, own })).systemConfig
      : (await api.run(ConfigDocument, { accountId, configId, asOf, own })).config;
  return present(config);
}

export async function readEtag(api: Api, { accountId, configId }: Place): Promise<string> {
  const config =
    accountId === null
      ? (await api.run(SystemEtagDocument, { configId })).systemConfig
      : (await api.run(EtagDocument, { accountId, configId })).config;
  return present(config).etag;
}

/** @returns undefined when there is no such field */
export async function readField(
  api: Api,
  { accountId, configId }: Place,
  at: string,
  asOf: string | null,
): Promise<FieldDetail | null> {
  const config =
    accountId === null
      ? (await api.run(SystemFieldDocument, { configId, at, asOf })).systemConfig
      : (await api.run(FieldDocument, { accountId, configId, at, asOf })).config;
  return present(config).field;
}

export async function readChangesSince(
  api: Api,
  { accountId, configId }: Place,
  time: string,
  asOf: string | null,
): Promise<readonly AttributedChange[]> {
  const config =
    accountId === null
      ? (await api.run(SystemChangesSinceDocument, { configId, time, asOf })).systemConfig
      : (await api.run(ChangesSinceDocument, { accountId, configId, time, asOf })).config;
  return present(config).changesSince ?? [];
}

function present<T>(config: T | null): T {
  if (config === null) throw new ApiError("The gateway told nothing about this config.", "UNKNOWN");
  return config;
}
