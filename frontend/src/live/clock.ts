/** The server's clock as seen from here, and how late quotes arrive by it. */

/**
 * Difference between this machine's clock and the server's.
 *
 * Each observation is (arrival here - time at the server) = skew + travel time, and travel time only adds: the
 * smallest of the recent observations is nearest the skew. Old observations leave, so that a drifting or corrected
 * clock is followed.
 */
export class SkewEstimator {
  private readonly observations: number[] = [];

  constructor(private readonly kept = 12) {}

  observe(serverMs: number, receivedMs: number): void {
    this.observations.push(receivedMs - serverMs);
    if (this.observations.length > this.kept) this.observations.shift();
  }

  /** Milliseconds that the local clock is ahead of the server's; 0 before anything was observed. */
  get skewMs(): number {
    return this.observations.length === 0 ? 0 : Math.min(...this.observations);
  }
}

export interface LatencySummary {
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly samples: number;
}

/**
 * How late the last `size` quotes were.
 *
 * Kept uncorrected, as arrival here minus the quote's own time, and corrected when somebody asks: the skew is known
 * better with every clock event, and what arrived before it then counts right too.
 */
export class LatencyWindow {
  private readonly ring: number[] = [];
  private next = 0;

  constructor(private readonly size = 512) {}

  add(receivedMs: number, quoteMs: number): void {
    this.ring[this.next] = receivedMs - quoteMs;
    this.next = (this.next + 1) % this.size;
  }

  clear(): void {
    this.ring.length = 0;
    this.next = 0;
  }

  /** Null until there is a sample. `skewMs`: how far the local clock is ahead of the quotes'. */
  summary(skewMs: number): LatencySummary | null {
    if (this.ring.length === 0) return null;
    const sorted = this.ring.toSorted((a, b) => a - b);
    const latency = (q: number) => Math.max(quantile(sorted, q) - skewMs, 0);
    return { medianMs: latency(0.5), p95Ms: latency(0.95), samples: sorted.length };
  }
}

/** Nearest-rank quantile of an ascending, non-empty list. */
function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(Math.ceil(q * sorted.length), 1);
  return sorted[rank - 1] as number;
}
