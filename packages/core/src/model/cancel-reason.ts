/** Reads why a chain was cancelled: stored where an error would be, as JSON text of a string. Other text is given as it is. */
export function decodeCancelReason(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "string") return parsed;
  } catch {
    // No JSON: the text itself is the reason.
  }
  return text;
}
