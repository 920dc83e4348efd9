import { expect, test } from "vitest";
import { OPEN_PRINCIPAL } from "../../../src/auth/principal.js";
import { createRequestReader } from "../../../src/service/read/request-reader.js";
import { alteredStore } from "../../store/altered-store.js";
import { schemaFolder } from "../../temporary-folder.js";
import { OPEN_SCHEMAS, openServices } from "../services.js";

const PAGES = 6;
/** More than a piece of work may hold the event loop before others have their turn. */
const READ_MS = 10;

test("A request that asks for many pages of history at once leaves others a turn between them", async () => {
  const services = await openServices(schemaFolder(OPEN_SCHEMAS));
  await services.tree(["root"]);
  await services.set("root", "open", { a: 1 });
  let turn = 0;
  const turns: number[] = [];
  const slow = alteredStore(services.store, {
    history(of) {
      turns.push(turn);
      for (const end = performance.now() + READ_MS; performance.now() < end; );
      return services.store.history(of);
    },
  });
  let timer = setImmediate(function next() {
    turn++;
    timer = setImmediate(next);
  });
  const snapshot = await services.read("root", "open");
  const reader = createRequestReader(slow, OPEN_PRINCIPAL);
  const pages = await Promise.all(
    Array.from({ length: PAGES }, () => services.configs.history(snapshot, { first: 1 }, reader)),
  );
  clearImmediate(timer);
  expect(pages.map(({ edges }) => edges.length)).toEqual(Array(PAGES).fill(1));
  expect(turns).toHaveLength(PAGES);
  expect(new Set(turns).size).toBe(PAGES);
});
