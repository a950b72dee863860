// A stand-in for the world outside: a bank that keeps no transaction of ours. Its answers follow from the card, so that
// every run of the quick start tells the same story.
import { UnrecoverableError } from "queuert";

export type Card = "good" | "busy" | "declined";

/** Worth another attempt. */
export class BankBusyError extends Error {
  override readonly name = "BankBusyError";
}

/** Not worth another one: whatever attempts are left, the job fails. */
export class CardDeclinedError extends UnrecoverableError {
  override name = "CardDeclinedError";
}

export interface Charge {
  readonly card: Card;
  readonly cents: number;
  /** The same key, the same receipt: the bank takes the money once, however often it is asked. */
  readonly idempotencyKey: string;
  readonly attempt: number;
}

/** @returns The receipt. */
export async function chargeCard({ card, idempotencyKey, attempt }: Charge): Promise<string> {
  if (card === "declined") throw new CardDeclinedError("The card was declined");
  if (card === "busy" && attempt === 1) throw new BankBusyError("The bank does not answer");
  return `receipt-${idempotencyKey}`;
}
