/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Changes what an account's document says to the accounts whose reseller it is. */
export type ConstrainConfigInput = {
  /** Whose config. */
  accountId: string;
  /** Which config, e.g. `conferences`. */
  configId?: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Pointers whose constraints go, before others are put; where there is none nothing happens. */
  remove?: Array<string> | null | undefined;
  /** Constraints to put, one for each pointer; the one that was there is replaced. A document has at most 200 (BAD_USER_INPUT, limit `constraints`). */
  set?: Array<ConstraintInput> | null | undefined;
};

/** Changes what the system layer's document says to all accounts. */
export type ConstrainSystemConfigInput = {
  /** Which config, e.g. `conferences`. */
  configId: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Pointers whose constraints go, before others are put; where there is none nothing happens. */
  remove?: Array<string> | null | undefined;
  /** Constraints to put, one for each pointer; the one that was there is replaced. A document has at most 200 (BAD_USER_INPUT, limit `constraints`). */
  set?: Array<ConstraintInput> | null | undefined;
};

/** One thing that a document says to the layers above it. */
export type ConstraintInput = {
  /** LOCK or BOUNDS. */
  kind: ConstraintKind;
  /** Where; `""` is the whole config. */
  pointer: string;
  /** Why, for whoever meets it; at most 500 characters. Everybody who is bound can read it. */
  reason: string;
  /** Of BOUNDS, and of them alone: the JSON Schema that accepts what may be said there, as far as one layer says it. At most 4 KiB (BAD_USER_INPUT, limit `constraintSchema`), without `$ref`. */
  schema?: { [key: string]: unknown } | null | undefined;
};

/** What a layer insists on. */
export type ConstraintKind =
  /** The layers above may say at the pointer what `schema` accepts. Nothing is ever clamped to it. */
  | 'BOUNDS'
  /** The layers above have no say at the pointer, below it, or with a non-object above it. */
  | 'LOCK';

/** What a write does to one account: the first that fits. */
export type ImpactOutcome =
  /** It gets a problem that it did not have. */
  | 'BROKEN'
  /** It gets other values. */
  | 'CHANGED'
  /** It has a problem less, and none that is new. */
  | 'HEALED'
  /** It has the same values, from other layers. */
  | 'MOVED'
  /** Something below its own layer changes that it sees; what lies above keeps its effective config as it was. */
  | 'SHIELDED'
  /** It does not see what changes. */
  | 'UNAFFECTED';

/** Where a value comes from. Highest precedence first: a layer's values cover those of the layers after it. */
export type LayerKind =
  /** The account's own document. */
  | 'ACCOUNT'
  /** The document of the account's reseller: its nearest ancestor that is one, else the root. Exactly one hop; the root account has none. */
  | 'RESELLER'
  /** The defaults of the config's schema: constant until the schema folder changes. */
  | 'SCHEMA'
  /** The document that holds for the whole system. */
  | 'SYSTEM';

/** Changes some overrides of an account's config. */
export type PatchConfigInput = {
  /** Whose config. */
  accountId: string;
  /** The `cursor` of the config you decided on. The write is decided on what is there now; a field that it would overwrite and that others have changed since is a conflict: then nothing is written, and ConfigConflict lists all of them. Edits of different fields both succeed. REVISION_NOT_FOUND where that state cannot be told any more. */
  base?: string | null | undefined;
  /** Which config, e.g. `conferences`. */
  configId?: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** RFC 7396, over the document's own overrides: every value named is in force afterwards, null drops the override there and below, nothing else is touched. */
  patch: { [key: string]: unknown };
  /** Afterwards the document has, and keeps, the values in force at and under these pointers, equal to what is inherited or not. A pin goes when its override goes. BAD_USER_INPUT for a pointer where nothing is in force. */
  pin?: Array<string> | null | undefined;
};

/** Changes some overrides of the system layer's config. */
export type PatchSystemConfigInput = {
  /** The `cursor` of the config you decided on. The write is decided on what is there now; a field that it would overwrite and that others have changed since is a conflict: then nothing is written, and ConfigConflict lists all of them. Edits of different fields both succeed. REVISION_NOT_FOUND where that state cannot be told any more. */
  base?: string | null | undefined;
  /** Which config, e.g. `conferences`. */
  configId: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** RFC 7396, over the document's own overrides: every value named is in force afterwards, null drops the override there and below, nothing else is touched. */
  patch: { [key: string]: unknown };
  /** Afterwards the document has, and keeps, the values in force at and under these pointers, equal to what is inherited or not. A pin goes when its override goes. BAD_USER_INPUT for a pointer where nothing is in force. */
  pin?: Array<string> | null | undefined;
};

/** Drops overrides of an account's config: all, or some. */
export type ResetConfigInput = {
  /** Whose config. */
  accountId: string;
  /** The `cursor` of the config you decided on. The write is decided on what is there now; a field that it would overwrite and that others have changed since is a conflict: then nothing is written, and ConfigConflict lists all of them. Edits of different fields both succeed. REVISION_NOT_FOUND where that state cannot be told any more. */
  base?: string | null | undefined;
  /** Which config, e.g. `conferences`. */
  configId?: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Drop only the overrides at or under these; absent or null: all of them. An empty list drops nothing. */
  pointers?: Array<string> | null | undefined;
};

/** Drops overrides of the system layer's config: all, or some. */
export type ResetSystemConfigInput = {
  /** The `cursor` of the config you decided on. The write is decided on what is there now; a field that it would overwrite and that others have changed since is a conflict: then nothing is written, and ConfigConflict lists all of them. Edits of different fields both succeed. REVISION_NOT_FOUND where that state cannot be told any more. */
  base?: string | null | undefined;
  /** Which config, e.g. `conferences`. */
  configId: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Drop only the overrides at or under these; absent or null: all of them. An empty list drops nothing. */
  pointers?: Array<string> | null | undefined;
};

/** Puts an account's config back as it was at a revision. */
export type RestoreConfigInput = {
  /** Whose config. */
  accountId: string;
  /** Which config, e.g. `conferences`. */
  configId?: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Which one, as `history` has it. Its document is put back as it was, equal to what is inherited or not; where it was removed then, it is removed. */
  revision: number;
};

/** Puts the system layer's config back as it was at a revision. */
export type RestoreSystemConfigInput = {
  /** Which config, e.g. `conferences`. */
  configId: string;
  /** Answer what would happen, and write nothing. */
  dryRun?: boolean;
  /** The `digest` of the impact that you agreed to, of a dry run: the write is made only if the same happens to the same accounts still, which is checked in the same step. Else ConfigConflict says what would happen now. */
  expectImpact?: string | null | undefined;
  /** The etag of the config you decided on: when it is another by now, nothing is written and ConfigConflict says what it is. */
  ifMatch?: string | null | undefined;
  /** Why, for people: it goes into the history, and into `lastChange` of what is written. At most 500 characters, in one line. */
  note?: string | null | undefined;
  /** Your own name for this write, so that you can send it again when its answer was lost: 1 to 128 printable ASCII characters, e.g. a UUID. The same name with the same input writes nothing for a day, and answers with what was done; with another input it is BAD_USER_INPUT. Only commits are remembered: what is refused, changes nothing, or is a dry run may be sent again under the same name. */
  operationId?: string | null | undefined;
  /** Which one, as `history` has it. Its document is put back as it was, equal to what is inherited or not; where it was removed then, it is removed. */
  revision: number;
};

/** How a document was written. */
export type WriteKind =
  /** What it says to the layers above it was changed. */
  | 'CONSTRAIN'
  /** Some of its overrides were changed. */
  | 'PATCH'
  /** Overrides were dropped: all, or some. */
  | 'RESET'
  /** It was put back as it had been at an earlier revision. */
  | 'RESTORE'
  /** All of its overrides were replaced. */
  | 'SET';

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { viewer: { subject: string, superadmin: boolean, canWrite: boolean, account: { id: string, name: string } | null } };

export type AccountsQueryVariables = Exact<{
  parentId?: string | null | undefined;
  first: number;
  after?: string | null | undefined;
}>;


export type AccountsQuery = { accounts: { totalCount: number, nodes: Array<{ id: string, name: string, isReseller: boolean, parent: { id: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type AccountItemFragment = { id: string, name: string, isReseller: boolean, parent: { id: string } | null };

export type AccountPathQueryVariables = Exact<{
  id: string;
}>;


export type AccountPathQuery = { account: { id: string, name: string, isReseller: boolean, reseller: { id: string, name: string } | null, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string, name: string, isReseller: boolean, parent: { id: string } | null } | null } | null } | null } | null } | null } | null } | null } | null };

export type AccountConfigsQueryVariables = Exact<{
  id: string;
}>;


export type AccountConfigsQuery = { account: { id: string, configs: Array<{ id: string, configId: string, etag: string, own: Array<{ pointer: string }>, schema: { id: string, configId: string, title: string | null, description: string | null }, problems: Array<{ pointer: string, inherited: boolean }> }> | null } | null };

export type SchemasQueryVariables = Exact<{ [key: string]: never; }>;


export type SchemasQuery = { configSchemas: Array<{ id: string, configId: string, title: string | null, description: string | null }> };

export type ConfigSummaryQueryVariables = Exact<{
  accountId: string;
  configId: string;
  asOf?: string | null | undefined;
}>;


export type ConfigSummaryQuery = { config: { id: string, configId: string, etag: string, own: Array<{ pointer: string }>, problems: Array<{ pointer: string, inherited: boolean }> } | null };

export type SystemConfigSummaryQueryVariables = Exact<{
  configId: string;
  asOf?: string | null | undefined;
}>;


export type SystemConfigSummaryQuery = { systemConfig: { id: string, configId: string, etag: string, own: Array<{ pointer: string }>, problems: Array<{ pointer: string, inherited: boolean }> } | null };

export type SchemaSummaryFragment = { id: string, configId: string, title: string | null, description: string | null };

export type ConfigSummaryFragment = { id: string, configId: string, etag: string, problems: Array<{ pointer: string, inherited: boolean }> };

export type ConfigQueryVariables = Exact<{
  accountId: string;
  configId: string;
  asOf?: string | null | undefined;
  own: Array<LayerKind> | LayerKind;
}>;


export type ConfigQuery = { config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> } | null };

export type SystemConfigQueryVariables = Exact<{
  configId: string;
  asOf?: string | null | undefined;
  own: Array<LayerKind> | LayerKind;
}>;


export type SystemConfigQuery = { systemConfig: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> } | null };

export type ConfigViewFragment = { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> };

export type ConstraintFragment = { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } };

export type ProblemFragment = { pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean };

export type EtagQueryVariables = Exact<{
  accountId: string;
  configId: string;
}>;


export type EtagQuery = { config: { etag: string } | null };

export type SystemEtagQueryVariables = Exact<{
  configId: string;
}>;


export type SystemEtagQuery = { systemConfig: { etag: string } | null };

export type FieldQueryVariables = Exact<{
  accountId: string;
  configId: string;
  at: string;
  asOf?: string | null | undefined;
}>;


export type FieldQuery = { config: { etag: string, field: { pointer: string, description: string | null, schema: { [key: string]: unknown } | null, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> } | null } | null };

export type SystemFieldQueryVariables = Exact<{
  configId: string;
  at: string;
  asOf?: string | null | undefined;
}>;


export type SystemFieldQuery = { systemConfig: { etag: string, field: { pointer: string, description: string | null, schema: { [key: string]: unknown } | null, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> } | null } | null };

export type FieldDetailFragment = { pointer: string, description: string | null, schema: { [key: string]: unknown } | null, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> };

export type SettingSchemasQueryVariables = Exact<{
  configId: string;
}>;


export type SettingSchemasQuery = { configSchema: { accountSchema: { [key: string]: unknown } | null, systemSchema: { [key: string]: unknown } | null } | null };

export type ChangesSinceQueryVariables = Exact<{
  accountId: string;
  configId: string;
  time: string;
  asOf?: string | null | undefined;
}>;


export type ChangesSinceQuery = { config: { changesSince: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null, by: { actor: string, at: string, note: string | null } | null }> | null } | null };

export type SystemChangesSinceQueryVariables = Exact<{
  configId: string;
  time: string;
  asOf?: string | null | undefined;
}>;


export type SystemChangesSinceQuery = { systemConfig: { changesSince: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null, by: { actor: string, at: string, note: string | null } | null }> | null } | null };

export type ChangeFragment = { pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null, by: { actor: string, at: string, note: string | null } | null };

export type HistoryQueryVariables = Exact<{
  accountId: string;
  configId: string;
  first: number;
  after?: string | null | undefined;
}>;


export type HistoryQuery = { config: { etag: string, history: { nodes: Array<{ id: string, revision: number, kind: WriteKind, actor: string | null, at: string, note: string | null, restoredFrom: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type SystemHistoryQueryVariables = Exact<{
  configId: string;
  first: number;
  after?: string | null | undefined;
}>;


export type SystemHistoryQuery = { systemConfig: { etag: string, history: { nodes: Array<{ id: string, revision: number, kind: WriteKind, actor: string | null, at: string, note: string | null, restoredFrom: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type HistoryPageFragment = { nodes: Array<{ id: string, revision: number, kind: WriteKind, actor: string | null, at: string, note: string | null, restoredFrom: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } };

export type PatchConfigMutationVariables = Exact<{
  input: PatchConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type PatchConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type ResetConfigMutationVariables = Exact<{
  input: ResetConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type ResetConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type RestoreConfigMutationVariables = Exact<{
  input: RestoreConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type RestoreConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type PatchSystemConfigMutationVariables = Exact<{
  input: PatchSystemConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type PatchSystemConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type ResetSystemConfigMutationVariables = Exact<{
  input: ResetSystemConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type ResetSystemConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type RestoreSystemConfigMutationVariables = Exact<{
  input: RestoreSystemConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type RestoreSystemConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

type WriteOutcome_ConfigConflict_Fragment = { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> };

type WriteOutcome_ConfigInvalid_Fragment = { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> };

type WriteOutcome_ConfigWritten_Fragment = { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type WriteOutcomeFragment =
  | WriteOutcome_ConfigConflict_Fragment
  | WriteOutcome_ConfigInvalid_Fragment
  | WriteOutcome_ConfigWritten_Fragment
;

export type ImpactFragment = { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type ConstrainConfigMutationVariables = Exact<{
  input: ConstrainConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type ConstrainConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type ConstrainSystemConfigMutationVariables = Exact<{
  input: ConstrainSystemConfigInput;
  own: Array<LayerKind> | LayerKind;
  outcomes?: Array<ImpactOutcome> | ImpactOutcome | null | undefined;
  after?: string | null | undefined;
}>;


export type ConstrainSystemConfigMutation = { write:
    | { __typename: 'ConfigConflict', message: string, current: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, conflicts: Array<{ pointer: string, base: unknown, mine: unknown, theirs: unknown, theirsSource: LayerKind | null, by: { actor: string, at: string } | null }> }
    | { __typename: 'ConfigInvalid', message: string, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }
    | { __typename: 'ConfigWritten', dryRun: boolean, revision: number | null, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, config: { id: string, configId: string, etag: string, cursor: string, asOf: string | null, schemaChanged: boolean, redundant: Array<string>, schema: { id: string, configId: string, title: string | null, description: string | null }, layers: Array<{ kind: LayerKind, revision: number | null, updatedAt: string | null, updatedBy: string | null, account: { id: string, name: string } | null, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }> }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }>, constraints: Array<{ pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } }>, dormant: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } }>, fields: Array<{ pointer: string, value: unknown, title: string | null, pinned: boolean, source: { kind: LayerKind }, constraint: { pointer: string, kind: ConstraintKind, schema: { [key: string]: unknown } | null, reason: string, layer: { kind: LayerKind } } | null, lastChange: { actor: string, at: string, note: string | null, revision: number } | null }>, own: Array<{ pointer: string, contributions: Array<{ pointer: string, value: unknown, layer: { kind: LayerKind } }> }> }, impact: { total: number, digest: string, counts: Array<{ outcome: ImpactOutcome, count: number }>, accounts: { nodes: Array<{ outcome: ImpactOutcome, account: { id: string, name: string }, changes: Array<{ pointer: string, before: unknown, after: unknown, sourceBefore: LayerKind | null, sourceAfter: LayerKind | null }>, problems: Array<{ pointer: string, keyword: string, message: string, expected: unknown, source: LayerKind | null, inherited: boolean, existing: boolean }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null }
   | null };

export type ConfigChangedSubscriptionVariables = Exact<{
  accountId: string;
  configIds?: Array<string> | string | null | undefined;
  bookmarks?: boolean;
}>;


export type ConfigChangedSubscription = { configChanged: { snapshot: boolean, config: { id: string, configId: string, etag: string } | null } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const AccountItemFragmentDoc = new TypedDocumentString(`
    fragment AccountItem on Account {
  id
  name
  isReseller
  parent {
    id
  }
}
    `, {"fragmentName":"AccountItem"}) as unknown as TypedDocumentString<AccountItemFragment, unknown>;
export const ConfigSummaryFragmentDoc = new TypedDocumentString(`
    fragment ConfigSummary on EffectiveConfig {
  id
  configId
  etag
  problems {
    pointer
    inherited
  }
}
    `, {"fragmentName":"ConfigSummary"}) as unknown as TypedDocumentString<ConfigSummaryFragment, unknown>;
export const FieldDetailFragmentDoc = new TypedDocumentString(`
    fragment FieldDetail on ConfigField {
  pointer
  description
  schema
  contributions {
    pointer
    value
    layer {
      kind
    }
  }
}
    `, {"fragmentName":"FieldDetail"}) as unknown as TypedDocumentString<FieldDetailFragment, unknown>;
export const ChangeFragmentDoc = new TypedDocumentString(`
    fragment Change on AttributedChange {
  pointer
  before
  after
  sourceBefore
  sourceAfter
  by {
    actor
    at
    note
  }
}
    `, {"fragmentName":"Change"}) as unknown as TypedDocumentString<ChangeFragment, unknown>;
export const HistoryPageFragmentDoc = new TypedDocumentString(`
    fragment HistoryPage on ConfigRevisionConnection {
  nodes {
    id
    revision
    kind
    actor
    at
    note
    restoredFrom
    changes {
      pointer
      before
      after
    }
  }
  pageInfo {
    hasNextPage
    endCursor
  }
}
    `, {"fragmentName":"HistoryPage"}) as unknown as TypedDocumentString<HistoryPageFragment, unknown>;
export const SchemaSummaryFragmentDoc = new TypedDocumentString(`
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
    `, {"fragmentName":"SchemaSummary"}) as unknown as TypedDocumentString<SchemaSummaryFragment, unknown>;
export const ConstraintFragmentDoc = new TypedDocumentString(`
    fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
    `, {"fragmentName":"Constraint"}) as unknown as TypedDocumentString<ConstraintFragment, unknown>;
export const ProblemFragmentDoc = new TypedDocumentString(`
    fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
    `, {"fragmentName":"Problem"}) as unknown as TypedDocumentString<ProblemFragment, unknown>;
export const ConfigViewFragmentDoc = new TypedDocumentString(`
    fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}`, {"fragmentName":"ConfigView"}) as unknown as TypedDocumentString<ConfigViewFragment, unknown>;
export const ImpactFragmentDoc = new TypedDocumentString(`
    fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}`, {"fragmentName":"Impact"}) as unknown as TypedDocumentString<ImpactFragment, unknown>;
export const WriteOutcomeFragmentDoc = new TypedDocumentString(`
    fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`, {"fragmentName":"WriteOutcome"}) as unknown as TypedDocumentString<WriteOutcomeFragment, unknown>;
export const ViewerDocument = new TypedDocumentString(`
    query Viewer {
  viewer {
    subject
    superadmin
    canWrite
    account {
      id
      name
    }
  }
}
    `) as unknown as TypedDocumentString<ViewerQuery, ViewerQueryVariables>;
export const AccountsDocument = new TypedDocumentString(`
    query Accounts($parentId: ID, $first: Int!, $after: String) {
  accounts(parentId: $parentId, first: $first, after: $after) {
    totalCount
    nodes {
      ...AccountItem
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment AccountItem on Account {
  id
  name
  isReseller
  parent {
    id
  }
}`) as unknown as TypedDocumentString<AccountsQuery, AccountsQueryVariables>;
export const AccountPathDocument = new TypedDocumentString(`
    query AccountPath($id: ID!) {
  account(id: $id) {
    ...AccountItem
    reseller {
      id
      name
    }
    parent {
      ...AccountItem
      parent {
        ...AccountItem
        parent {
          ...AccountItem
          parent {
            ...AccountItem
            parent {
              ...AccountItem
              parent {
                ...AccountItem
                parent {
                  ...AccountItem
                }
              }
            }
          }
        }
      }
    }
  }
}
    fragment AccountItem on Account {
  id
  name
  isReseller
  parent {
    id
  }
}`) as unknown as TypedDocumentString<AccountPathQuery, AccountPathQueryVariables>;
export const AccountConfigsDocument = new TypedDocumentString(`
    query AccountConfigs($id: ID!) {
  account(id: $id) {
    id
    configs {
      ...ConfigSummary
      own: fields(sources: [ACCOUNT]) {
        pointer
      }
      schema {
        ...SchemaSummary
      }
    }
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigSummary on EffectiveConfig {
  id
  configId
  etag
  problems {
    pointer
    inherited
  }
}`) as unknown as TypedDocumentString<AccountConfigsQuery, AccountConfigsQueryVariables>;
export const SchemasDocument = new TypedDocumentString(`
    query Schemas {
  configSchemas {
    ...SchemaSummary
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}`) as unknown as TypedDocumentString<SchemasQuery, SchemasQueryVariables>;
export const ConfigSummaryDocument = new TypedDocumentString(`
    query ConfigSummary($accountId: ID!, $configId: ID!, $asOf: DateTime) {
  config(accountId: $accountId, configId: $configId, asOf: $asOf) {
    ...ConfigSummary
    own: fields(sources: [ACCOUNT]) {
      pointer
    }
  }
}
    fragment ConfigSummary on EffectiveConfig {
  id
  configId
  etag
  problems {
    pointer
    inherited
  }
}`) as unknown as TypedDocumentString<ConfigSummaryQuery, ConfigSummaryQueryVariables>;
export const SystemConfigSummaryDocument = new TypedDocumentString(`
    query SystemConfigSummary($configId: ID!, $asOf: DateTime) {
  systemConfig(configId: $configId, asOf: $asOf) {
    ...ConfigSummary
    own: fields(sources: [SYSTEM]) {
      pointer
    }
  }
}
    fragment ConfigSummary on EffectiveConfig {
  id
  configId
  etag
  problems {
    pointer
    inherited
  }
}`) as unknown as TypedDocumentString<SystemConfigSummaryQuery, SystemConfigSummaryQueryVariables>;
export const ConfigDocument = new TypedDocumentString(`
    query Config($accountId: ID!, $configId: ID!, $asOf: DateTime, $own: [LayerKind!]!) {
  config(accountId: $accountId, configId: $configId, asOf: $asOf) {
    ...ConfigView
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}`) as unknown as TypedDocumentString<ConfigQuery, ConfigQueryVariables>;
export const SystemConfigDocument = new TypedDocumentString(`
    query SystemConfig($configId: ID!, $asOf: DateTime, $own: [LayerKind!]!) {
  systemConfig(configId: $configId, asOf: $asOf) {
    ...ConfigView
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}`) as unknown as TypedDocumentString<SystemConfigQuery, SystemConfigQueryVariables>;
export const EtagDocument = new TypedDocumentString(`
    query Etag($accountId: ID!, $configId: ID!) {
  config(accountId: $accountId, configId: $configId) {
    etag
  }
}
    `) as unknown as TypedDocumentString<EtagQuery, EtagQueryVariables>;
export const SystemEtagDocument = new TypedDocumentString(`
    query SystemEtag($configId: ID!) {
  systemConfig(configId: $configId) {
    etag
  }
}
    `) as unknown as TypedDocumentString<SystemEtagQuery, SystemEtagQueryVariables>;
export const FieldDocument = new TypedDocumentString(`
    query Field($accountId: ID!, $configId: ID!, $at: JSONPointer!, $asOf: DateTime) {
  config(accountId: $accountId, configId: $configId, asOf: $asOf) {
    etag
    field(at: $at) {
      ...FieldDetail
    }
  }
}
    fragment FieldDetail on ConfigField {
  pointer
  description
  schema
  contributions {
    pointer
    value
    layer {
      kind
    }
  }
}`) as unknown as TypedDocumentString<FieldQuery, FieldQueryVariables>;
export const SystemFieldDocument = new TypedDocumentString(`
    query SystemField($configId: ID!, $at: JSONPointer!, $asOf: DateTime) {
  systemConfig(configId: $configId, asOf: $asOf) {
    etag
    field(at: $at) {
      ...FieldDetail
    }
  }
}
    fragment FieldDetail on ConfigField {
  pointer
  description
  schema
  contributions {
    pointer
    value
    layer {
      kind
    }
  }
}`) as unknown as TypedDocumentString<SystemFieldQuery, SystemFieldQueryVariables>;
export const SettingSchemasDocument = new TypedDocumentString(`
    query SettingSchemas($configId: ID!) {
  configSchema(configId: $configId) {
    accountSchema
    systemSchema
  }
}
    `) as unknown as TypedDocumentString<SettingSchemasQuery, SettingSchemasQueryVariables>;
export const ChangesSinceDocument = new TypedDocumentString(`
    query ChangesSince($accountId: ID!, $configId: ID!, $time: DateTime!, $asOf: DateTime) {
  config(accountId: $accountId, configId: $configId, asOf: $asOf) {
    changesSince(time: $time) {
      ...Change
    }
  }
}
    fragment Change on AttributedChange {
  pointer
  before
  after
  sourceBefore
  sourceAfter
  by {
    actor
    at
    note
  }
}`) as unknown as TypedDocumentString<ChangesSinceQuery, ChangesSinceQueryVariables>;
export const SystemChangesSinceDocument = new TypedDocumentString(`
    query SystemChangesSince($configId: ID!, $time: DateTime!, $asOf: DateTime) {
  systemConfig(configId: $configId, asOf: $asOf) {
    changesSince(time: $time) {
      ...Change
    }
  }
}
    fragment Change on AttributedChange {
  pointer
  before
  after
  sourceBefore
  sourceAfter
  by {
    actor
    at
    note
  }
}`) as unknown as TypedDocumentString<SystemChangesSinceQuery, SystemChangesSinceQueryVariables>;
export const HistoryDocument = new TypedDocumentString(`
    query History($accountId: ID!, $configId: ID!, $first: Int!, $after: String) {
  config(accountId: $accountId, configId: $configId) {
    etag
    history(first: $first, after: $after) {
      ...HistoryPage
    }
  }
}
    fragment HistoryPage on ConfigRevisionConnection {
  nodes {
    id
    revision
    kind
    actor
    at
    note
    restoredFrom
    changes {
      pointer
      before
      after
    }
  }
  pageInfo {
    hasNextPage
    endCursor
  }
}`) as unknown as TypedDocumentString<HistoryQuery, HistoryQueryVariables>;
export const SystemHistoryDocument = new TypedDocumentString(`
    query SystemHistory($configId: ID!, $first: Int!, $after: String) {
  systemConfig(configId: $configId) {
    etag
    history(first: $first, after: $after) {
      ...HistoryPage
    }
  }
}
    fragment HistoryPage on ConfigRevisionConnection {
  nodes {
    id
    revision
    kind
    actor
    at
    note
    restoredFrom
    changes {
      pointer
      before
      after
    }
  }
  pageInfo {
    hasNextPage
    endCursor
  }
}`) as unknown as TypedDocumentString<SystemHistoryQuery, SystemHistoryQueryVariables>;
export const PatchConfigDocument = new TypedDocumentString(`
    mutation PatchConfig($input: PatchConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: patchConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<PatchConfigMutation, PatchConfigMutationVariables>;
export const ResetConfigDocument = new TypedDocumentString(`
    mutation ResetConfig($input: ResetConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: resetConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<ResetConfigMutation, ResetConfigMutationVariables>;
export const RestoreConfigDocument = new TypedDocumentString(`
    mutation RestoreConfig($input: RestoreConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: restoreConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<RestoreConfigMutation, RestoreConfigMutationVariables>;
export const PatchSystemConfigDocument = new TypedDocumentString(`
    mutation PatchSystemConfig($input: PatchSystemConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: patchSystemConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<PatchSystemConfigMutation, PatchSystemConfigMutationVariables>;
export const ResetSystemConfigDocument = new TypedDocumentString(`
    mutation ResetSystemConfig($input: ResetSystemConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: resetSystemConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<ResetSystemConfigMutation, ResetSystemConfigMutationVariables>;
export const RestoreSystemConfigDocument = new TypedDocumentString(`
    mutation RestoreSystemConfig($input: RestoreSystemConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: restoreSystemConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<RestoreSystemConfigMutation, RestoreSystemConfigMutationVariables>;
export const ConstrainConfigDocument = new TypedDocumentString(`
    mutation ConstrainConfig($input: ConstrainConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: constrainConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<ConstrainConfigMutation, ConstrainConfigMutationVariables>;
export const ConstrainSystemConfigDocument = new TypedDocumentString(`
    mutation ConstrainSystemConfig($input: ConstrainSystemConfigInput!, $own: [LayerKind!]!, $outcomes: [ImpactOutcome!], $after: String) {
  write: constrainSystemConfig(input: $input) {
    ...WriteOutcome
  }
}
    fragment SchemaSummary on ConfigSchema {
  id
  configId
  title
  description
}
fragment ConfigView on EffectiveConfig {
  id
  configId
  etag
  cursor
  asOf
  schemaChanged
  schema {
    ...SchemaSummary
  }
  layers {
    kind
    account {
      id
      name
    }
    revision
    updatedAt
    updatedBy
    constraints {
      ...Constraint
    }
  }
  problems {
    ...Problem
  }
  constraints {
    ...Constraint
  }
  dormant {
    pointer
    value
    layer {
      kind
    }
    constraint {
      ...Constraint
    }
  }
  redundant
  fields {
    pointer
    value
    title
    pinned
    source {
      kind
    }
    constraint {
      ...Constraint
    }
    lastChange {
      actor
      at
      note
      revision
    }
  }
  own: fields(sources: $own) {
    pointer
    contributions {
      pointer
      value
      layer {
        kind
      }
    }
  }
}
fragment Constraint on ConfigConstraint {
  pointer
  kind
  schema
  reason
  layer {
    kind
  }
}
fragment Problem on ConfigProblem {
  pointer
  keyword
  message
  expected
  source
  inherited
  existing
}
fragment WriteOutcome on WriteConfigResult {
  __typename
  ... on ConfigWritten {
    dryRun
    revision
    changes {
      pointer
      before
      after
      sourceBefore
      sourceAfter
    }
    config {
      ...ConfigView
    }
    impact {
      ...Impact
    }
  }
  ... on ConfigInvalid {
    message
    problems {
      ...Problem
    }
  }
  ... on ConfigConflict {
    message
    current {
      ...ConfigView
    }
    conflicts {
      pointer
      base
      mine
      theirs
      theirsSource
      by {
        actor
        at
      }
    }
  }
}
fragment Impact on ConfigImpact {
  total
  counts {
    outcome
    count
  }
  digest
  accounts(first: 20, after: $after, outcomes: $outcomes) {
    nodes {
      account {
        id
        name
      }
      outcome
      changes {
        pointer
        before
        after
        sourceBefore
        sourceAfter
      }
      problems {
        ...Problem
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}`) as unknown as TypedDocumentString<ConstrainSystemConfigMutation, ConstrainSystemConfigMutationVariables>;
export const ConfigChangedDocument = new TypedDocumentString(`
    subscription ConfigChanged($accountId: ID!, $configIds: [ID!], $bookmarks: Boolean! = false) {
  configChanged(
    accountId: $accountId
    configIds: $configIds
    bookmarks: $bookmarks
  ) {
    snapshot
    config {
      id
      configId
      etag
    }
  }
}
    `) as unknown as TypedDocumentString<ConfigChangedSubscription, ConfigChangedSubscriptionVariables>;