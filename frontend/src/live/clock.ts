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

/** The last `size` latencies; sorted only when somebody asks. */
export class LatencyWindow {
  private readonly ring: number[] = [];
  private next = 0;

  constructor(private readonly size = 512) {}

  add(ms: number): void {
    this.ring[this.next] = Math.max(ms, 0);
    this.next = (this.next + 1) % this.size;
  }

  clear(): void {
    this.ring.length = 0;
    this.next = 0;
  }

  /** Null until there is a sample. */
  summary(): LatencySummary | null {
    if (this.ring.length === 0) return null;
    const sorted = this.ring.toSorted((a, b) => a - b);
    return { medianMs: quantile(sorted, 0.5), p95Ms: quantile(sorted, 0.95), samples: sorted.length };
  }
}

/** Nearest-rank quantile of an ascending, non-empty list. */
function quantile(sorted: readonly number[], q: number): number {
  const rank = Math.max(Math.ceil(q * sorted.length), 1);
  return sorted[rank - 1] as number;
}
