import type { Rows } from "./rows.ts";
import type { Table, Tables, TablesByName } from "./tables.ts";

type TableName = keyof Rows;

interface Step {
  readonly table: TableName;
  readonly key: string;
  /** The row before the step. */
  readonly previous: Rows[TableName] | undefined;
}

/**
 * What the open transaction has written: it can be undone to any mark, and carried over to the committed tables. Those are a second copy
 * of the tables, so that a reader outside never waits for the writer and never sees what it has not committed.
 */
export class Journal {
  readonly #live: Tables;
  readonly #committed: Tables;
  #steps: Step[] = [];

  constructor(tables: { readonly live: Tables; readonly committed: Tables }) {
    this.#live = tables.live;
    this.#committed = tables.committed;
  }

  /** Writes a row, or takes it away, in the live tables. */
  put<TName extends TableName>(name: TName, key: string, row: Rows[TName] | undefined): void {
    const tables: TablesByName = this.#live;
    const previous = tables[name].put(key, row);
    if (previous !== row) this.#steps.push({ table: name, key, previous });
  }

  /** A place to come back to. */
  mark(): number {
    return this.#steps.length;
  }

  /** Undoes what was written after the mark. */
  undoTo(mark: number): void {
    while (this.#steps.length > mark) {
      const step = this.#steps.pop()!;
      (this.#live[step.table] as Table<unknown>).put(step.key, step.previous);
    }
  }

  /** Makes all that was written visible to readers outside. */
  commit(): void {
    for (const step of this.#steps) {
      (this.#committed[step.table] as Table<unknown>).put(
        step.key,
        this.#live[step.table].get(step.key),
      );
    }
    this.#steps = [];
  }
}
