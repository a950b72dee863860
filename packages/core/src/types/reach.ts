import type { NextName, ReadOutput } from "./look-ups.ts";

/** Every job type that a chain begun by `K` can come to, `K` included. */
export type ReachableFrom<T, K extends keyof T> = Reach<T, K, never> & keyof T;

/** What a chain begun by `K` can end with: the outputs of every job type that it can come to. */
export type ChainOutput<T, K extends keyof T> = ReadOutput<T[ReachableFrom<T, K>]>;

// Tail-recursive over the breadth of the graph, so loops end. Four hops a step: with one, the compiler's limit on
// recursion is reached by a chain of 1,000 job types.
type Reach<T, TFrontier, TSeen> = [TFrontier] extends [never]
  ? TSeen
  : Hop<T, TFrontier> extends infer TOne
    ? Hop<T, TOne> extends infer TTwo
      ? Hop<T, TTwo> extends infer TThree
        ? Reach<
            T,
            Exclude<Hop<T, TThree>, TSeen | TFrontier | TOne | TTwo | TThree>,
            TSeen | TFrontier | TOne | TTwo | TThree
          >
        : never
      : never
    : never;
type Hop<T, TFrontier> = NextName<T[TFrontier & keyof T]>;
