import { QueuertError } from "./queuert-error.ts";

/** An option is out of its range or contradicts another; nothing was done. */
export class OptionInvalidError extends QueuertError {
  static override readonly code = "OPTION_INVALID" as const;
  readonly option: string;
  constructor(message: string, fields: { option: string }) {
    super(OptionInvalidError.code, message);
    this.name = "OptionInvalidError";
    this.option = fields.option;
  }
}

/** One thing that a schema found wrong with a value. */
export interface ValueIssue {
  readonly message: string;
  /** Dotted path inside the value; empty for the value itself. */
  readonly path: string;
}

/** The schema of a job type refused an input or output; nothing was stored. */
export class ValueInvalidError extends QueuertError {
  static override readonly code = "VALUE_INVALID" as const;
  readonly typeName: string;
  readonly where: "input" | "output";
  readonly issues: readonly ValueIssue[];
  constructor(fields: {
    typeName: string;
    where: "input" | "output";
    issues: readonly ValueIssue[];
  }) {
    const issues = fields.issues
      .map((issue) => (issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`))
      .join("; ");
    super(
      ValueInvalidError.code,
      `The ${fields.where} of "${fields.typeName}" does not fit its schema: ${issues}.`,
    );
    this.name = "ValueInvalidError";
    this.typeName = fields.typeName;
    this.where = fields.where;
    this.issues = fields.issues;
  }
}

/** A value cannot be stored as JSON without loss (NaN, a Date, a class instance, a cycle …); nothing was stored. */
export class ValueNotJsonError extends QueuertError {
  static override readonly code = "VALUE_NOT_JSON" as const;
  /** Dotted path inside the value; empty for the value itself. */
  readonly path: string;
  constructor(fields: { path: string; problem: string; what: string }) {
    super(
      ValueNotJsonError.code,
      `${fields.what}${fields.path === "" ? "" : ` at "${fields.path}"`} cannot be stored: ${fields.problem}.`,
    );
    this.name = "ValueNotJsonError";
    this.path = fields.path;
  }
}

/** A stored payload cannot be read as JSON; the row was written by something else. */
export class ValueUnreadableError extends QueuertError {
  static override readonly code = "VALUE_UNREADABLE" as const;
  constructor(what: string, options: { cause: unknown }) {
    super(
      ValueUnreadableError.code,
      `${what} is stored, but is not JSON. Something other than Queuert wrote the row; repair it, or cancel the chain.`,
      options,
    );
    this.name = "ValueUnreadableError";
  }
}

/** A page cursor was not made by this list. */
export class CursorInvalidError extends QueuertError {
  static override readonly code = "CURSOR_INVALID" as const;
  constructor(cursor: string) {
    super(
      CursorInvalidError.code,
      `The cursor "${cursor.slice(0, 80)}" was not made by this list. Pass a page's nextCursor unchanged, or none.`,
    );
    this.name = "CursorInvalidError";
  }
}
