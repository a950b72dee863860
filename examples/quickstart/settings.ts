// The numbers of the quick start. Change them and run it again.

/** How long the jobs of a worker that is gone stay its own. Short, so that the story goes on soon; the default is 30 s. */
export const leaseMs = 2_000;

/** Above this, a person has to approve an order before its card is charged. */
export const approvalLimitCents = 50_000;

/** The time between two looks at where a parcel is, and at which look it has arrived. */
export const lookIntervalMs = 500;
export const lookCountUntilArrival = 3;

/** The time between two orders, so that they can be followed. */
export const orderIntervalMs = 300;

/** How long a person thinks about an approval. */
export const thinkingMs = 1_000;

/** Far more than a chain takes. Who waits without a limit may wait for ever. */
export const patienceMs = 45_000;
