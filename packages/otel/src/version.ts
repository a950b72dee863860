/** The version of this package, as spans, metrics and logs name it. A test compares it with the manifest. */
export const version = "0.1.0";
