import { StoreSetupError } from "queuert/adapter";

/**
 * Refuses names of databases that live in one connection. The adapter opens several, and each of them would get an empty database of its own.
 */
export function assertFilename(filename: string): void {
  const isPrivate =
    filename === "" || filename.includes(":memory:") || /^file:.*[?&]mode=memory/.test(filename);
  if (!isPrivate) return;
  throw new StoreSetupError(
    `The database "${filename}" lives in a single connection, and the adapter opens several, as every other process would. Name a file; for tests, one in a temporary directory or queuert's memory adapter.`,
  );
}
