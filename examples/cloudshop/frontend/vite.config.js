import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic" },
  // Names that begin with it are put into the files where a build has them.
  envPrefix: "REACT_APP_",
});
