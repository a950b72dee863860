const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Stand before and after all ids; they name nothing. */
export const uuidMin = "00000000-0000-0000-0000-000000000000";
export const uuidMax = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** An id as a column takes it. A text that is no id names nothing, and must not fail the statement. */
export function encodeUuid(id: string): string {
  return uuidPattern.test(id) ? id : uuidMin;
}
