/** Core knows no platform: it asks for what Node and its like have, at run time. */
const platform = globalThis as unknown as {
  readonly process?: {
    readonly pid?: number;
    readonly getBuiltinModule?: (name: string) => { readonly hostname: () => string } | undefined;
  };
};

/** Where this process runs, as far as the platform tells. */
export function processIdentity(): { readonly host: string; readonly pid: number } {
  const host = platform.process?.getBuiltinModule?.("node:os")?.hostname() ?? "browser";
  return { host, pid: platform.process?.pid ?? 0 };
}

/** The name of a worker that was given none. */
export function defaultWorkerName(): string {
  const { host, pid } = processIdentity();
  return `${host}:${pid}`;
}
