// Makes the pages: one script and one style, each with a fingerprint of its content in its name, and the page that names
// them.
import { readFile, rm, writeFile } from "node:fs/promises";

import { build } from "esbuild";

await rm("dist", { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: ["src/main.jsx"],
  outdir: "dist/assets",
  entryNames: "shop-[hash]",
  bundle: true,
  minify: true,
  format: "esm",
  jsx: "automatic",
  metafile: true,
  logLevel: "warning",
  define: {
    "process.env.NODE_ENV": '"production"',
    // The address of the backend is put into the script, as Create React App does it.
    "process.env.REACT_APP_API_URL": JSON.stringify(process.env.REACT_APP_API_URL ?? ""),
  },
});
const made = Object.keys(metafile.outputs).map((file) => file.slice("dist".length));
const named = (ending) => made.find((file) => file.endsWith(ending));
const page = await readFile("index.html", "utf8");
await writeFile("dist/index.html", page.replace("%SCRIPT%", named(".js")).replace("%STYLE%", named(".css")));
console.log(["/index.html", ...made].join("\n"));
