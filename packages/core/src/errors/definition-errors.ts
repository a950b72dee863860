import { QueuertError } from "./queuert-error.ts";

/** A definition given to `defineJobTypes` or `createClient` is wrong: an unknown key, an unknown name, a blocker that cannot start a chain. */
export class JobTypeDefinitionError extends QueuertError {
  static override readonly code = "JOB_TYPE_DEFINITION_INVALID" as const;
  readonly typeName: string;
  constructor(message: string, fields: { typeName: string }) {
    super(JobTypeDefinitionError.code, message);
    this.name = "JobTypeDefinitionError";
    this.typeName = fields.typeName;
  }
}

/** Two slices define the same job type. */
export class JobTypeDuplicateError extends QueuertError {
  static override readonly code = "JOB_TYPE_DUPLICATE" as const;
  readonly typeName: string;
  constructor(fields: { typeName: string }) {
    super(
      JobTypeDuplicateError.code,
      `Two slices define the job type "${fields.typeName}". Rename one of them, or give the slice once.`,
    );
    this.name = "JobTypeDuplicateError";
    this.typeName = fields.typeName;
  }
}

/** Two handler sets of one worker handle the same job type. */
export class HandlerDuplicateError extends QueuertError {
  static override readonly code = "HANDLER_DUPLICATE" as const;
  readonly typeName: string;
  constructor(fields: { typeName: string }) {
    super(
      HandlerDuplicateError.code,
      `Two handler sets handle the job type "${fields.typeName}". Keep one of them.`,
    );
    this.name = "HandlerDuplicateError";
    this.typeName = fields.typeName;
  }
}

/** A name that no definition of this client has, or one that may not stand in this place. */
export class JobTypeUnknownError extends QueuertError {
  static override readonly code = "JOB_TYPE_UNKNOWN" as const;
  readonly typeName: string;
  constructor(message: string, fields: { typeName: string }) {
    super(JobTypeUnknownError.code, message);
    this.name = "JobTypeUnknownError";
    this.typeName = fields.typeName;
  }
}
