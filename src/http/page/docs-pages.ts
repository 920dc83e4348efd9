import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { NOT_FOUND } from "../error-response.js";
import { PAGE_HEADERS } from "../security-headers.js";
import { escapeHtml, htmlPage } from "./html-page.js";

/** The same place from the sources, in the package and in the image. */
const FOLDER = fileURLToPath(new URL("../../../docs/", import.meta.url));
const FILE_NAME = /^[\w-]+\.md$/;

/** Serves the docs that come with the gateway: a list at `/docs`, and each page as the Markdown that it is. */
export function serveDocs(app: FastifyInstance): void {
  app.get("/docs", async (_request, reply) => reply.headers(PAGE_HEADERS).send(await listPage()));
  app.get<{ Params: { name: string } }>("/docs/:name", async ({ params: { name } }, reply) => {
    if (!(await docsFiles()).includes(name)) return reply.code(404).send(NOT_FOUND);
    return reply.type("text/plain; charset=utf-8").send(await readFile(join(FOLDER, name), "utf8"));
  });
}

async function listPage(): Promise<string> {
  const files = await docsFiles();
  const titles = await Promise.all(files.map(titleOf));
  const items = files.map(
    (file, index) => `<li><a href="/docs/${file}">${escapeHtml(titles[index] ?? file)}</a></li>`,
  );
  const list =
    items.length > 0
      ? `<ul>\n${items.join("\n")}\n</ul>`
      : "<p>This gateway was installed without them: see the folder <code>docs</code> of its repository.</p>";
  return htmlPage("Strata: docs", `<h1>Docs</h1>\n<p>As they came with this release.</p>\n${list}`);
}

/** None where the folder is missing. */
async function docsFiles(): Promise<string[]> {
  const names = await readdir(FOLDER).catch(() => []);
  return names.filter((name) => FILE_NAME.test(name)).sort();
}

async function titleOf(file: string): Promise<string> {
  const text = await readFile(join(FOLDER, file), "utf8");
  return /^# (.+)$/m.exec(text)?.[1] ?? file;
}
