import { registerHooks } from "node:module";
import { mutations } from "./mutations.ts";

// Preloaded (`node --import`): changes sources while they are loaded, and nothing on the disk. QUEUERT_MUTATION names the bug.

const name = process.env["QUEUERT_MUTATION"];
const mutation = mutations.find((candidate) => candidate.name === name);
if (mutation === undefined) throw new Error(`There is no mutation "${name}".`);

const decodeSource = (source: unknown): string =>
  typeof source === "string" ? source : new TextDecoder().decode(source as Uint8Array);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = mutation.edits.filter(({ file }) => url.endsWith(`/packages/core/src/${file}`));
    if (edits.length === 0) return loaded;
    const source = edits.reduce((text, { file, from, to }) => {
      const parts = text.split(from);
      // A bug that could not be planted would seem to be missed by nobody.
      if (parts.length !== 2)
        throw new Error(
          `"${name}" cannot be planted: ${file} has its text ${parts.length - 1} times instead of once.`,
        );
      return parts.join(to);
    }, decodeSource(loaded.source));
    return { ...loaded, source };
  },
});
