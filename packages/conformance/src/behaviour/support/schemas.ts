import type { StandardSchemaV1 } from "queuert";

/** A schema of no library: reads an ISO text and gives a Date. Says what is wrong with anything else. */
export const isoDate: StandardSchemaV1<string, Date> = {
  "~standard": {
    version: 1,
    vendor: "conformance",
    validate(value) {
      const date = typeof value === "string" ? new Date(value) : undefined;
      if (date === undefined || Number.isNaN(date.getTime()))
        return { issues: [{ message: "no ISO date", path: ["at"] }] };
      return { value: date };
    },
  },
};

/** Answers later, as schemas may. */
export const positiveLater: StandardSchemaV1<number, number> = {
  "~standard": {
    version: 1,
    vendor: "conformance",
    async validate(value) {
      await Promise.resolve();
      return typeof value === "number" && value > 0
        ? { value }
        : { issues: [{ message: "not positive" }] };
    },
  },
};
