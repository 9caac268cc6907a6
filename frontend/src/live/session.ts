/** Puts the live parts together: one wire, the stores it writes, the clock it keeps. */

import type { QueryClient } from '@tanstack/react-query';
import { type LatencySummary, LatencyWindow, SkewEstimator } from './clock';
import { parseObject, readQuote } from './quote';
import { QuoteStore } from './quoteStore';
import { seriesKey, snapshotKey } from './snapshot';
import { installTrace } from './trace';
import { type Source, Wire } from './wire';

const STREAM_PATH = '/api/quotes/stream';
const CONFLATE_DEFAULT = '50ms';

/** Address of the quote stream. Conflation is on unless the page was opened with `?conflate=off`. */
export function streamUrl(since: string | null, pageSearch: string): string {
  const query = new URLSearchParams();
  if (new URLSearchParams(pageSearch).get('conflate') !== 'off') query.set('conflate', CONFLATE_DEFAULT);
  if (since) query.set('since', since);
  const text = query.toString();
  return text === '' ? STREAM_PATH : `${STREAM_PATH}?${text}`;
}

export interface SessionOptions {
  readonly queryClient: QueryClient;
  readonly open?: (url: string) => Source;
  readonly now?: () => number;
}

export class LiveSession {
  readonly store = new QuoteStore((flush) => requestAnimationFrame(flush));
  readonly wire: Wire;
  private readonly skew = new SkewEstimator();
  private readonly latencies = new LatencyWindow();
  private readonly trace = installTrace(() => this.wire.status());
  private readonly queryClient: QueryClient;
  private readonly localNow: () => number;
  private unreadableEvents = 0;

  constructor({ queryClient, open = (url) => new EventSource(url), now = Date.now }: SessionOptions) {
    this.queryClient = queryClient;
    this.localNow = now;
    this.wire = new Wire({
      url: (since) => streamUrl(since, window.location.search),
      open,
      handlers: { quote: (data, id, receivedMs) => this.onQuote(data, id, receivedMs) },
      onClock: (serverMs, receivedMs) => this.skew.observe(serverMs, receivedMs),
      onResync: () => this.resync(),
      now,
      random: Math.random,
    });
  }

  /** Connects; the returned function disconnects. */
  start(): () => void {
    const wake = () => this.wire.wake();
    const wakeWhenSeen = () => {
      if (!document.hidden) this.wire.wake();
    };
    window.addEventListener('online', wake);
    document.addEventListener('visibilitychange', wakeWhenSeen);
    this.wire.start();
    return () => {
      window.removeEventListener('online', wake);
      document.removeEventListener('visibilitychange', wakeWhenSeen);
      this.wire.stop();
    };
  }

  /** The server's time now, epoch milliseconds, as well as it is known. */
  serverNow(): number {
    return this.localNow() - this.skew.skewMs;
  }

  /** Milliseconds that this machine's clock is ahead of the server's. */
  skewMs(): number {
    return this.skew.skewMs;
  }

  /** How late quotes arrive; null until one arrived live. */
  latency(): LatencySummary | null {
    return this.latencies.summary(this.skew.skewMs);
  }

  /** Quote events that could not be read since the page was opened. */
  unreadable(): number {
    return this.unreadableEvents;
  }

  private onQuote(data: string, id: string, receivedMs: number): void {
    this.trace.record(id);
    const quote = readQuote(parseObject(data));
    if (!quote) {
      this.unreadableEvents += 1;
      return;
    }
    if (!this.wire.isBacklog(id)) this.latencies.add(receivedMs, quote.ts);
    this.store.offer({ id, quote });
  }

  /** After every (re)connection too: conflation may have skipped what a lost connection had not delivered. */
  private resync(): void {
    this.latencies.clear();
    for (const queryKey of [snapshotKey, seriesKey]) void this.queryClient.invalidateQueries({ queryKey });
    void this.queryClient.refetchQueries({ predicate: (query) => query.state.status === 'error' });
  }
}
