/** The table of a queue that can do nothing but claim in order and complete. States: 0 ready, 1 running, 2 completed. */
export const floorTable = "floor_job";

export const createFloorTable = `
  CREATE TABLE ${floorTable} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state smallint NOT NULL DEFAULT 0,
    step smallint NOT NULL DEFAULT 0,
    input jsonb NOT NULL
  );
  CREATE INDEX ON ${floorTable} (id) WHERE state = 0`;

/** Also what the server alone is measured with: no queue of this design can be faster than these. */
export const floorStatements = {
  insertOne: `INSERT INTO ${floorTable} (input) VALUES ($1::jsonb)`,
  insertMany: `INSERT INTO ${floorTable} (input) SELECT unnest($1::jsonb[])`,
  claim: `
    UPDATE ${floorTable} SET state = 1
    WHERE id IN (SELECT id FROM ${floorTable} WHERE state = 0 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
    RETURNING id, step, input`,
  complete: `UPDATE ${floorTable} SET state = 2 WHERE id = ANY ($1::bigint[])`,
  completeStep: `
    WITH done AS (UPDATE ${floorTable} SET state = 2 WHERE id = ANY ($1::bigint[]) RETURNING step, input)
    INSERT INTO ${floorTable} (step, input) SELECT step + 1, input FROM done WHERE step < $2`,
} as const;
