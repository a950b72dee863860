import type { PostgresStatement } from "./provider.ts";

/** A compiled query of Kysely: SQL text as it is, with its parameters. */
export interface KyselyQuery {
  readonly sql: string;
  readonly parameters: readonly (string | null)[];
  readonly query: {
    readonly kind: "RawNode";
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly never[];
  };
  readonly queryId: { readonly queryId: string };
}

let queryCount = 0;

/** Kysely sends statements without a name: they are prepared anew each time. */
export function createKyselyQuery(text: string, values: PostgresStatement["values"]): KyselyQuery {
  queryCount += 1;
  return {
    sql: text,
    parameters: values,
    query: { kind: "RawNode", sqlFragments: [text], parameters: [] },
    queryId: { queryId: `queuert-${queryCount}` },
  };
}
