/** To the guard. It runs one program at a time. */
export type GuardCommand =
  | {
      readonly kind: "run";
      readonly program: string;
      readonly programArguments: readonly string[];
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly kind: "signal"; readonly signal: NodeJS.Signals };

/** From the guard. */
export type GuardEvent =
  | { readonly kind: "opened"; readonly folder: string }
  | { readonly kind: "running"; readonly pid: number }
  | { readonly kind: "exited"; readonly code: number | null; readonly error?: string };
