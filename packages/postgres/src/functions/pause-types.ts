import { defineFunction } from "./define-function.ts";

/** In the order of the names, so that two calls do not wait for each other crosswise. */
export const pauseTypes: string = defineFunction({
  signature: "{pause_types}(p_types text[], p_is_paused boolean)",
  returns: "json",
  body: `
BEGIN
  INSERT INTO {job_type} (type, is_paused)
  SELECT DISTINCT named.type, p_is_paused FROM unnest(p_types) AS named (type) ORDER BY named.type
  ON CONFLICT (type) DO UPDATE SET is_paused = excluded.is_paused;
  RETURN NULL;
END`,
});
