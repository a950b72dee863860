/** Where this process runs, as far as the platform tells: core knows no platform. */
export function processIdentity(): { readonly host: string; readonly pid: number } {
  const platform = globalThis as unknown as {
    readonly process?: { readonly pid?: number; readonly env?: { readonly HOSTNAME?: string } };
  };
  return { host: platform.process?.env?.HOSTNAME ?? "", pid: platform.process?.pid ?? 0 };
}
