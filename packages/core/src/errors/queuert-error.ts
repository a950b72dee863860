const errorBrand: unique symbol = Symbol.for("queuert.error") as never;

/**
 * The base of every error that Queuert throws. `code` is stable and has a page in `docs/errors/`; the message says what happened,
 * to which thing, and what to do. `instanceof` compares codes, so it survives two copies of the package and bundlers.
 */
export class QueuertError extends Error {
  /** The stable code of the class; absent on the base. */
  static readonly code: string | undefined = undefined;
  /** The stable code, as in `docs/errors/<code>.md`. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.name = "QueuertError";
    Object.defineProperty(this, errorBrand, { value: true });
  }

  static override [Symbol.hasInstance](
    this: { readonly code?: string | undefined },
    value: unknown,
  ): boolean {
    if (Function.prototype[Symbol.hasInstance].call(this as never, value)) return true;
    // A user's own subclass has no code of its own: only the prototypes tell.
    if (!Object.hasOwn(this, "code")) return false;
    if (typeof value !== "object" || value === null || !(errorBrand in value)) return false;
    return this.code === undefined || this.code === (value as { readonly code?: unknown }).code;
  }
}
