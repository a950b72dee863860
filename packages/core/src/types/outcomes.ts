/**
 * The key that tells what a handler returned from an output: no JSON value has it. It is a registered symbol, so that
 * two copies of the package in one process understand each other.
 */
export const outcomeKey: unique symbol = Symbol.for("queuert.outcome");

/** The next job of a chain, named by `continueWith`. It takes effect when the handler, or its `commit`, returns it. */
export interface Continuation<out TName extends string> {
  readonly [outcomeKey]: "continued";
  readonly type: TName;
}

/** What `commit` gives: the job is settled and the transaction has committed. The handler has to return it. */
export interface Settled {
  readonly [outcomeKey]: "settled";
}

/** What `reschedule` gives: the same job is to run again later. It takes effect when the handler, or its `commit`, returns it. */
export interface Rescheduled {
  readonly [outcomeKey]: "rescheduled";
}

/** The outputs that a handler of this definition may end its chain with. `never` where it has to continue. */
export type ReturnedOutput<TDefinition> = TDefinition extends { readonly output: infer TOutput }
  ? undefined extends TOutput
    ? TOutput | void
    : TOutput
  : TDefinition extends { readonly continueWith: string }
    ? never
    : "output" extends keyof TDefinition
      ? TDefinition["output"] | void
      : void;

/** The continuations that a handler of this definition may end its job with. */
export type ReturnedContinuation<TDefinition> = TDefinition extends {
  readonly continueWith: infer TNames extends string;
}
  ? Continuation<TNames>
  : never;
