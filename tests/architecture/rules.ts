/**
 * The dependency rules of ARCHITECTURE.md as data. A room is a folder of core's source; the files beside the rooms
 * (`index.ts` and the other entry points) are the doors, which open every room and which no room goes through.
 */

export interface RoomRule {
  readonly mayImport: readonly string[];
  /** Rooms whose types may be mentioned without depending on them at run time. */
  readonly mayMention?: readonly string[];
}

export const coreRooms: Readonly<Record<string, RoomRule>> = {
  model: { mayImport: ["errors"] },
  errors: { mayImport: ["model"] },
  types: { mayImport: ["model", "errors"] },
  ports: { mayImport: ["model", "types", "errors"] },
  engine: { mayImport: ["model", "types", "ports", "errors"] },
  client: { mayImport: ["model", "types", "ports", "engine", "errors"] },
  worker: { mayImport: ["model", "types", "ports", "engine", "errors"], mayMention: ["client"] },
  memory: { mayImport: ["model", "ports", "errors"] },
  telemetry: { mayImport: ["model", "ports", "errors"] },
  testing: {
    mayImport: ["model", "types", "ports", "engine", "client", "worker", "memory", "errors"],
  },
};

export interface PackageRule {
  /** Which folders the rule is for. */
  readonly folders: RegExp;
  /** Specifiers of this repository's packages that the sources may import. */
  readonly mayImport: RegExp;
  /** Whether `node:` modules may be imported. */
  readonly isNodeAllowed: boolean;
  /** Other packages: none at all, or those that the manifest declares as dependencies or peers. */
  readonly externals: "none" | "declared";
}

export const packageRules: readonly PackageRule[] = [
  {
    folders: /^packages\/core$/,
    mayImport: /^$/,
    // Core also runs in a browser.
    isNodeAllowed: false,
    externals: "none",
  },
  {
    folders: /^packages\/conformance$/,
    mayImport: /^queuert(\/adapter|\/testing)?$/,
    isNodeAllowed: true,
    // No test runner, so that every runner will do.
    externals: "none",
  },
  {
    folders: /^packages\/(postgres|sqlite|mysql|mongodb|redis|nats)$/,
    mayImport: /^(queuert(\/adapter)?|@queuert\/sql)$/,
    isNodeAllowed: true,
    externals: "declared",
  },
  {
    // Surfaces know the public client only.
    folders: /^packages\/(dashboard|mcp|cli|otel)$/,
    mayImport: /^queuert$/,
    isNodeAllowed: true,
    externals: "declared",
  },
  {
    folders: /^examples\/[^/]+$/,
    mayImport: /^(queuert(\/testing)?|@queuert\/[^/]+(\/[^/]+)?)$/,
    isNodeAllowed: true,
    externals: "declared",
  },
  {
    folders: /^packages-private\/[^/]+$/,
    mayImport: /^(queuert|@queuert\/[^/]+)(\/[^/]+)?$/,
    isNodeAllowed: true,
    externals: "declared",
  },
];

/** Files that load what is generated when it is needed for the first time. */
export const loadersOfGeneratedCode: readonly string[] = [
  "packages-private/testkit/src/postgres-providers/prisma-client.ts",
];
