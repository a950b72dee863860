import type { PostgresLibrary } from "./postgres-fixture.ts";
import type { OpenProvider } from "./postgres-providers/open-provider.ts";

/** Some of the libraries are large, so each is loaded when it is opened. */
type Load = () => Promise<{ readonly open: (url: string) => Promise<OpenProvider> }>;

/** Client libraries by name. PGlite has its database in the process, and takes no notice of a server. */
const libraries = {
  "node-postgres": async () => import("./postgres-providers/node-postgres.ts"),
  "postgres.js": async () => import("./postgres-providers/postgres-js.ts"),
  "Drizzle on node-postgres": async () =>
    import("./postgres-providers/drizzle-on-node-postgres.ts"),
  "Drizzle on postgres.js": async () => import("./postgres-providers/drizzle-on-postgres-js.ts"),
  Kysely: async () => import("./postgres-providers/kysely.ts"),
  Knex: async () => import("./postgres-providers/knex.ts"),
  TypeORM: async () => import("./postgres-providers/typeorm.ts"),
  MikroORM: async () => import("./postgres-providers/mikro-orm.ts"),
  Prisma: async () => import("./postgres-providers/prisma.ts"),
  PGlite: async () => import("./postgres-providers/pglite.ts"),
} satisfies Readonly<Record<string, Load>>;

export type ProviderName = keyof typeof libraries;

export const providerNames = Object.keys(libraries) as readonly ProviderName[];

/** The libraries that are clients of a server. */
export const serverProviderNames: readonly ProviderName[] = providerNames.filter(
  (name) => name !== "PGlite",
);

export async function openProvider(name: ProviderName, url: string): Promise<OpenProvider> {
  const load: Load = libraries[name];
  return (await load()).open(url);
}

/** What conformance runs on, beside node-postgres. */
export const postgresLibraries: readonly PostgresLibrary[] = serverProviderNames
  .filter((name) => name !== "node-postgres")
  .map((name) => ({ name, open: async (url) => openProvider(name, url) }));
