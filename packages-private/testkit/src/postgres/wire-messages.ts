/** A whole message of PostgreSQL's protocol. */
export interface WireMessage {
  /**
   * The letter of the protocol, as `Q` or `Z`. Messages without one are `startup`, and `encryption` for a client's
   * question whether it may encrypt, which is answered with a single byte.
   */
  readonly type: string;
  readonly body: Buffer;
  /** All of it, as it was sent. */
  readonly bytes: Buffer;
}

/** Cuts a stream of bytes into messages, wherever the chunks end. Returns those that the chunk completes. */
export type WireReader = (chunk: Buffer) => WireMessage[];

/** SSLRequest and GSSENCRequest. */
const encryptionCodes: ReadonlySet<number> = new Set([80_877_103, 80_877_104]);

export function createClientReader(): WireReader {
  let isStarted = false;
  return createReader((pending) => {
    if (isStarted) return readTyped(pending);
    const message = readUntyped(pending);
    isStarted = message?.type === "startup";
    return message;
  });
}

/** For a server that was not asked for encryption. */
export function createServerReader(): WireReader {
  return createReader(readTyped);
}

function createReader(readOne: (pending: Buffer) => WireMessage | undefined): WireReader {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const messages: WireMessage[] = [];
    for (let message = readOne(pending); message !== undefined; message = readOne(pending)) {
      messages.push(message);
      pending = pending.subarray(message.bytes.length);
    }
    return messages;
  };
}

function readTyped(pending: Buffer): WireMessage | undefined {
  if (pending.length < 5) return undefined;
  // The length counts itself, not the letter before it.
  const end = 1 + pending.readInt32BE(1);
  if (pending.length < end) return undefined;
  const bytes = pending.subarray(0, end);
  return { type: String.fromCharCode(bytes.readUInt8(0)), body: bytes.subarray(5), bytes };
}

function readUntyped(pending: Buffer): WireMessage | undefined {
  if (pending.length < 8) return undefined;
  const end = pending.readInt32BE(0);
  if (pending.length < end) return undefined;
  const bytes = pending.subarray(0, end);
  const type = encryptionCodes.has(bytes.readInt32BE(4)) ? "encryption" : "startup";
  return { type, body: bytes.subarray(4), bytes };
}
