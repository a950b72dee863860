/**
 * The binary of the repository's Node of that major version, installed when it is not there. Undefined where none is
 * published that runs on this platform; throws when the installation fails.
 */
export declare function ensureNode(major: string): Promise<string | undefined>;
