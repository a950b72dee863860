// The quick start: node main.ts [FILE], or on the PostgreSQL server of DATABASE_URL. Begin to read in story.ts; what the work is made of stands in job-types.ts.
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

// Up to Node 24, node:sqlite says that it is experimental when it is loaded, in the middle of the story.
process.removeAllListeners("warning").on("warning", (warning) => {
  if (warning.name !== "ExperimentalWarning") console.warn(warning.stack);
});
const { runQuickStart } = await import("./quick-start.ts");

const [given] = process.argv.slice(2);
const location =
  given === undefined
    ? (process.env["DATABASE_URL"] ?? fileURLToPath(new URL("quickstart.db", import.meta.url)))
    : resolve(given);
process.exitCode = (await runQuickStart(location)) ? 0 : 1;
