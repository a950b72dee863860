import pg from "pg";

/** A connection whose loss is told to whoever uses it next, and to nobody else. */
export async function connectClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Runs one statement on a connection of its own. */
export async function query<TRow extends object>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<TRow[]> {
  const client = await connectClient(url);
  try {
    const { rows } = await client.query<TRow>(sql, [...values]);
    return rows;
  } finally {
    await client.end();
  }
}
