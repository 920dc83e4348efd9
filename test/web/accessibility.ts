import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What axe finds serious or critical on a page as it is now, a line for each element.
 * @param within a selector of the part that is looked at; absent: the whole page
 */
export async function accessibilityProblems(
  page: Page,
  within = "html",
  options: RunOptions = {},
): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    ([selector, given]) =>
      (
        globalThis as unknown as { axe: { run(selector: string, options: RunOptions): Promise<AxeResults> } }
      ).axe.run(selector, given),
    [within, { resultTypes: ["violations"], ...options } as RunOptions] as const,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, impact, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${impact} ${id}: ${help}\n  ${html}\n  ${failureSummary}`),
    );
}
