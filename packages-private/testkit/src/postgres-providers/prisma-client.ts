import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { PrismaPg } from "@prisma/adapter-pg";

import { cacheFolder } from "../postgres/repository-folder.ts";

/** What a Prisma client of any schema has. */
export interface PrismaTestTransaction {
  $queryRawUnsafe<TResult>(text: string, ...values: unknown[]): Promise<TResult>;
  $executeRawUnsafe(text: string, ...values: unknown[]): Promise<number>;
}

export interface PrismaTestClient extends PrismaTestTransaction {
  $transaction<TResult>(
    run: (tx: PrismaTestTransaction) => Promise<TResult>,
    options?: { isolationLevel?: "ReadCommitted" },
  ): Promise<TResult>;
  $disconnect(): Promise<void>;
}

interface GeneratedClient {
  readonly PrismaClient: new (options: {
    adapter: PrismaPg;
    transactionOptions: { maxWait: number; timeout: number };
  }) => PrismaTestClient;
}

const schema = `
datasource db {
  provider = "postgresql"
}
generator client {
  provider            = "prisma-client"
  output              = "./client"
  runtime             = "nodejs"
  moduleFormat        = "esm"
  importFileExtension = "ts"
}
model Unused {
  id String @id
}
`;

const { resolve } = createRequire(import.meta.url);

/** A client on a pool of its own, generated when it is needed for the first time. */
export async function createPrismaClient(
  url: string,
  { max, timeoutMs }: { readonly max: number; readonly timeoutMs: number },
): Promise<PrismaTestClient> {
  const client = join(await findGeneratedFolder(), "client", "client.ts");
  const { PrismaClient } = (await import(pathToFileURL(client).href)) as GeneratedClient;
  return new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max }),
    transactionOptions: { maxWait: timeoutMs, timeout: timeoutMs },
  });
}

/** Any number of processes may come at once: whoever is done first has made the folder for all. */
async function findGeneratedFolder(): Promise<string> {
  const { version } = createRequire(import.meta.url)("prisma/package.json") as { version: string };
  const folder = join(cacheFolder, `prisma-client-${version}`);
  if (await isThere(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const draft = await mkdtemp(`${folder}-`);
  await writeFile(join(draft, "schema.prisma"), schema);
  await generate(draft);
  await rename(draft, folder).catch(async (error: unknown) => {
    await rm(draft, { recursive: true });
    if (!(await isThere(folder))) throw error;
  });
  return folder;
}

async function generate(folder: string): Promise<void> {
  const program = join(dirname(resolve("prisma/package.json")), "build", "index.js");
  await promisify(execFile)(process.execPath, [program, "generate", "--schema", "schema.prisma"], {
    cwd: folder,
    env: {
      ...process.env,
      // Generating needs no engine for schemas, which would be downloaded else.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: "1",
    },
  });
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
