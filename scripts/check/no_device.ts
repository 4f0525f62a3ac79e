/**
 * A device that is nobody's.
 *
 * @module
 */

/** No token of any provider has such a character. */
export const NO_DEVICE = "fanfare-check!no-device";
