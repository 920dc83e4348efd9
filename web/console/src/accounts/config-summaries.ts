import type { Api } from "../api/api.js";
import {
  AccountConfigsDocument,
  type ConfigSummaryFragment,
  SchemasDocument,
  SystemConfigSummaryDocument,
} from "../api/operations.generated.js";

/** One config in the list of an account, or of the system level. */
export interface ConfigSummary {
  readonly configId: string;
  readonly title: string | null;
  readonly description: string | null;
  readonly overrides: number;
  readonly problems: number;
}

/** @returns undefined when there is no such account */
export async function readAccountSummaries(
  api: Api,
  accountId: string,
): Promise<readonly ConfigSummary[] | undefined> {
  const { account } = await api.run(AccountConfigsDocument, { id: accountId });
  if (!account?.configs) return undefined;
  return ordered(account.configs.map((config) => summaryOf(config, config.schema)));
}

/** So many are asked for at a time: there is no list of them all. */
const AT_ONCE = 6;

export async function readSystemSummaries(api: Api): Promise<readonly ConfigSummary[]> {
  const { configSchemas } = await api.run(SchemasDocument, {});
  const summaries: ConfigSummary[] = [];
  for (let start = 0; start < configSchemas.length; start += AT_ONCE) {
    const some = configSchemas.slice(start, start + AT_ONCE).map(async (schema) => {
      const { systemConfig } = await api.run(SystemConfigSummaryDocument, { configId: schema.configId });
      return systemConfig === null ? [] : [summaryOf(systemConfig, schema)];
    });
    summaries.push(...(await Promise.all(some)).flat());
  }
  return ordered(summaries);
}

/** Those with problems first, then those with overrides. */
function ordered(summaries: readonly ConfigSummary[]): readonly ConfigSummary[] {
  const rank = ({ problems, overrides }: ConfigSummary) => (problems > 0 ? 0 : overrides > 0 ? 1 : 2);
  return summaries.toSorted((a, b) => rank(a) - rank(b));
}

function summaryOf(
  config: ConfigSummaryFragment & { readonly own: readonly unknown[] },
  { title, description }: { readonly title: string | null; readonly description: string | null },
): ConfigSummary {
  const { configId, own, problems } = config;
  return { configId, title, description, overrides: own.length, problems: problems.length };
}
