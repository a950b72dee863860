import { openPostgresStore, stores } from "../throughput/stores.ts";
import { measureMemory, type MemorySize } from "./measure.ts";

/** What a process of its own measures. */
export interface MemoryTask {
  /** The name of a store on disk, or `postgres`. */
  readonly storeName: string;
  /** The server, for `postgres`. */
  readonly url: string;
  readonly size: MemorySize;
}

const { storeName, url, size } = JSON.parse(process.argv[2]!) as MemoryTask;
const store = await (stores[storeName]?.() ?? openPostgresStore(url));
const use = await measureMemory(store, size);
await store.dispose();
process.send!(use);
process.disconnect();
