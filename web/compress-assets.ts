import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(?:js|css|svg|json)$/;
/** Smaller files are sent as they are. */
const FROM_BYTES = 1_024;
/** Of brotli. The best, 11, takes a build five times as long for a few percent. */
const QUALITY = 9;

const brotli = promisify<Buffer, object, Buffer>(brotliCompress);
const gzipped = promisify(gzip);

/** Puts a copy compressed with br and one with gzip beside each text: the gateway sends those, and compresses nothing itself. */
export function compressAssets(): Plugin {
  return {
    name: "strata:compress-assets",
    apply: "build",
    async writeBundle({ dir = "" }) {
      const folder = join(dir, "assets");
      const names = (await readdir(folder)).filter((name) => TEXT.test(name));
      await Promise.all(names.map((name) => compressFile(join(folder, name))));
    },
  };
}

async function compressFile(file: string): Promise<void> {
  const bytes = await readFile(file);
  if (bytes.length < FROM_BYTES) return;
  const params = { [constants.BROTLI_PARAM_QUALITY]: QUALITY };
  const [br, gz] = await Promise.all([brotli(bytes, { params }), gzipped(bytes, { level: 9 })]);
  await Promise.all([writeFile(`${file}.br`, br), writeFile(`${file}.gz`, gz)]);
}
