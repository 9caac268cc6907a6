/** What time it is in what the page shows: the server's, or the simulated one of a replay. */

/** A clock as an answer of the API read it. */
export interface ClockReading {
  /** Its time in that answer, epoch milliseconds. */
  readonly nowMs: number;
  /** When the answer arrived, by this machine's clock. */
  readonly takenMs: number;
  readonly simulated: boolean;
  /** Simulated seconds to a second; null: as fast as it goes, so that only the next answer tells. 0: it stands. */
  readonly speed: number | null;
}

/** The simulated time at a local instant. Never before what was read: a clock that is too fast is corrected by the next. */
export function simulatedAt(reading: ClockReading, localMs: number): number {
  return reading.nowMs + Math.max(localMs - reading.takenMs, 0) * (reading.speed ?? 0);
}
