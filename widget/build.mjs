// Builds widget/dist: the panel first, because the launcher carries the panel's hash in the address it imports.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));

// esbuild's own text loader leaves a stylesheet as it was written.
const css = {
  name: "css-as-minified-text",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  plugins: [css],
  logLevel: "warning",
  // Each byte is on every page of a site, and nothing here depends on it.
  tsconfigRaw: { compilerOptions: { alwaysStrict: false, useDefineForClassFields: false } },
};

await build({ ...shared, entryPoints: ["src/panel.ts"], outfile: "dist/panel.js", format: "esm" });
const panel = await readFile(`${here}dist/panel.js`);
const hash = createHash("sha256").update(panel).digest("hex").slice(0, 10);
await build({
  ...shared,
  entryPoints: ["src/launcher.ts"],
  outfile: "dist/widget.js",
  format: "iife",
  define: { PANEL_HASH: JSON.stringify(hash) },
});

// English is in the panel; the others are loaded where they are wanted.
for (const file of await readdir(`${here}locales`)) {
  if (file === "en.json") continue;
  const texts = JSON.parse(await readFile(`${here}locales/${file}`, "utf8"));
  await writeFile(`${here}dist/locale-${file}`, JSON.stringify(texts));
}
