// Writes the asset of the page, or what is named: node build.mjs [FOLDER]
import { build } from "esbuild";

const folder = process.argv[2] ?? "../admodes/explorer";

await build({
  entryPoints: { page: "src/main.tsx" },
  outdir: folder,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "ascii",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
});
