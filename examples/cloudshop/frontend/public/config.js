// On a laptop. Where shipgate puts the pages, it writes this file for the environment.
globalThis.__CONFIG__ = Object.freeze({ API_URL: "http://localhost:8000" });
