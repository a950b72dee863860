/** Each who comes waits until all have come. */
export function createMeeting(count: number): () => Promise<void> {
  let arrivedCount = 0;
  let meet!: () => void;
  const met = new Promise<void>((resolve) => (meet = resolve));
  return async () => {
    arrivedCount += 1;
    if (arrivedCount === count) meet();
    await met;
  };
}
