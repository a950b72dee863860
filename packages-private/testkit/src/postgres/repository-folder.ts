import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryFolder: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** Where programs are kept that the tests bring along. Git ignores it. */
export const cacheFolder: string = join(repositoryFolder, ".cache");
