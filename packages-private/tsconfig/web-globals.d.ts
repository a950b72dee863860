/**
 * The globals that core may use besides the language itself: only what Node, Bun, Deno, browsers and workers all have.
 * Core is compiled against this file instead of Node's or the DOM's types, so a global of one platform does not compile.
 * Each declaration is narrower than, and assignable from, what the platforms declare.
 */

interface Event {
  readonly type: string;
}

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: any;
  throwIfAborted(): void;
  addEventListener(
    type: "abort",
    listener: (event: Event) => void,
    options?: { once?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener(type: "abort", listener: (event: Event) => void): void;
}

declare var AbortSignal: {
  abort(reason?: unknown): AbortSignal;
  any(signals: AbortSignal[]): AbortSignal;
  timeout(milliseconds: number): AbortSignal;
};

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

declare var AbortController: {
  new (): AbortController;
};

/** What a timer is differs by platform: a number in browsers, an object elsewhere. Core only hands it back. */
interface TimerHandle {
  readonly __timer: unique symbol;
}

declare function setTimeout(callback: () => void, delayMs?: number): TimerHandle;
declare function clearTimeout(timer: TimerHandle | undefined): void;
declare function setInterval(callback: () => void, delayMs?: number): TimerHandle;
declare function clearInterval(timer: TimerHandle | undefined): void;
declare function queueMicrotask(callback: () => void): void;
declare function structuredClone<TValue>(value: TValue): TValue;

declare var performance: {
  now(): number;
};

declare var crypto: {
  getRandomValues<TArray extends Uint8Array | Uint16Array | Uint32Array>(array: TArray): TArray;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
};

declare var console: {
  debug(...data: unknown[]): void;
  info(...data: unknown[]): void;
  log(...data: unknown[]): void;
  warn(...data: unknown[]): void;
  error(...data: unknown[]): void;
};

interface TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
}

declare var TextEncoder: {
  new (): TextEncoder;
};

interface TextDecoder {
  decode(input?: Uint8Array): string;
}

declare var TextDecoder: {
  new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }): TextDecoder;
};
