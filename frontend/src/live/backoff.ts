/** How long to wait before the next attempt to connect. */

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Full jitter: anywhere between 0 and min(cap, 500 ms x 2^attempt).
 *
 * A server that comes back meets its clients spread over the interval, not all at once.
 * `attempt` counts from 0; `random` is in [0, 1).
 */
export function backoffDelayMs(attempt: number, random: number): number {
  return Math.floor(random * Math.min(CAP_MS, BASE_MS * 2 ** attempt));
}
