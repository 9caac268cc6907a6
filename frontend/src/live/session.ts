/** Puts the live parts together: the one wire, the stores it writes, the clocks it keeps. */

import type { QueryClient } from '@tanstack/react-query';
import { ProblemError } from '@/api/client';
import { readAlerts } from '@/api/queries';
import { lakeKey } from '@/api/research';
import { inNamespace, pageNamespace } from '@/shared/namespace';
import { AlertStore } from './alerts';
import { readBoardEvent } from './board';
import { BoardStore } from './boardStore';
import { type LatencySummary, LatencyWindow, SkewEstimator } from './clock';
import { RUN_EVENT, takeRunEvent } from './lake';
import { applyMarketEvent, type MarketBoard, marketsKey, readMarketEvent } from './markets';
import { OPEN_EVENTS, OpensRefresher, opensKey } from './opens';
import { type ClockReading, simulatedAt } from './presentClock';
import { parseObject, readQuote } from './quote';
import { QuoteStore } from './quoteStore';
import { boardKey, seriesKey, snapshotKey } from './snapshot';
import { tickNumber } from './ticker';
import { installTrace } from './trace';
import { type Source, Wire } from './wire';

const STREAM_PATH = '/api/quotes/stream';
const CONFLATE_DEFAULT = '50ms';
/** Pages ask for the same thing at different moments within this span. */
const SPREAD_MS = 10_000;

/**
 * Address of the stream: quotes, and beside them what else happens and what the desk makes of them. Conflation is on unless the page was opened with
 * `?conflate=off`. One connection for both: a browser opens six to a server at most, over all its windows.
 */
export function streamUrl(since: string | null, pageSearch: string): string {
  const query = new URLSearchParams();
  if (new URLSearchParams(pageSearch).get('conflate') !== 'off') query.set('conflate', CONFLATE_DEFAULT);
  query.set('events', '1');
  query.set('board', '1');
  if (since) query.set('since', since);
  return `${STREAM_PATH}?${query}`;
}

export interface SessionOptions {
  readonly queryClient: QueryClient;
  readonly namespace?: string;
  readonly open?: (url: string) => Source;
  readonly now?: () => number;
}

export class LiveSession {
  readonly store = new QuoteStore((flush) => requestAnimationFrame(flush));
  readonly board = new BoardStore((flush) => requestAnimationFrame(flush));
  readonly alerts = new AlertStore();
  private readonly opens: OpensRefresher;
  readonly wire: Wire;
  readonly spreadMs = Math.random() * SPREAD_MS;
  private readonly skew = new SkewEstimator();
  private readonly latencies = new LatencyWindow();
  private readonly trace = installTrace(() => this.wire.status());
  private readonly queryClient: QueryClient;
  private readonly namespace: string;
  private readonly localNow: () => number;
  private unreadableEvents = 0;
  private clock: ClockReading | undefined;
  private clockTick = 0;

  constructor({
    queryClient,
    namespace = pageNamespace(),
    open = (url) => new EventSource(url),
    now = Date.now,
  }: SessionOptions) {
    this.queryClient = queryClient;
    this.namespace = namespace;
    this.localNow = now;
    this.opens = new OpensRefresher(queryClient, now);
    this.wire = new Wire({
      open: (url) => open(inNamespace(url, namespace)),
      url: (since) => streamUrl(since, window.location.search),
      handlers: {
        quote: (data, id, receivedMs) => this.onQuote(data, id, receivedMs),
        board: (data, _id, receivedMs) => this.onBoard(data, receivedMs),
        'market.open': (data) => this.onMarket(data),
        'market.close': (data) => this.onMarket(data),
        alert: (data) => this.countUnless(this.alerts.take(data)),
        [RUN_EVENT]: (data) => this.countUnless(takeRunEvent(queryClient, data)),
        ...Object.fromEntries(
          OPEN_EVENTS.map((kind) => [kind, (data: string) => this.countUnless(this.opens.take(data))]),
        ),
      },
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

  /** The time of what is shown: the server's, in a replay the simulated one. Epoch milliseconds. */
  present(): number {
    return this.presentAt(this.serverNow());
  }

  /** The same at an instant of the server's clock. */
  presentAt(serverMs: number): number {
    const clock = this.clockOfTick();
    if (clock) return clock.simulated ? simulatedAt(clock, serverMs + this.skew.skewMs) : serverMs;
    // A replay whose clock is not known yet: its newest quote is not old, whatever the server's clock says.
    return this.namespace === '' ? serverMs : (this.store.newest() ?? serverMs);
  }

  /** One reading from tick to tick: a newer one corrects a fast clock, and it must do so on the whole page at once. */
  private clockOfTick(): ClockReading | undefined {
    if (!this.clock || this.clockTick !== tickNumber()) {
      this.clock = this.queryClient.getQueryData<MarketBoard>(marketsKey)?.clock;
      this.clockTick = tickNumber();
    }
    return this.clock;
  }

  /** Milliseconds that this machine's clock is ahead of the server's. */
  skewMs(): number {
    return this.skew.skewMs;
  }

  /** Whether quotes come, but nothing of what the desk makes of them. */
  isDeskSilent(): boolean {
    return this.board.isSilent(this.localNow());
  }

  /** How late quotes arrive; null until one arrived live. */
  latency(): LatencySummary | null {
    return this.latencies.summary(this.skew.skewMs);
  }

  /** Events that could not be read since the page was opened. */
  unreadable(): number {
    return this.unreadableEvents;
  }

  private onQuote(data: string, id: string, receivedMs: number): void {
    this.trace.record(id);
    const quote = readQuote(parseObject(data));
    this.countUnless(quote !== null);
    if (!quote) return;
    if (!this.wire.isBacklog(id)) this.latencies.add(receivedMs, quote.ts);
    this.board.heardQuote(receivedMs);
    this.store.offer({ id, quote });
  }

  private onBoard(data: string, receivedMs: number): void {
    const change = readBoardEvent(data);
    this.countUnless(change !== null);
    if (change) this.board.take(change, receivedMs);
  }

  private onMarket(data: string): void {
    const event = readMarketEvent(data);
    this.countUnless(event !== null);
    if (!event) return;
    this.queryClient.setQueryData<MarketBoard>(marketsKey, (board) => board && applyMarketEvent(board, event));
    this.opens.marketTurned();
  }

  private countUnless(readable: boolean): void {
    if (!readable) this.unreadableEvents += 1;
  }

  /** Those that hold now; where they cannot be read, the ones that are known stay. */
  private async loadAlerts(): Promise<void> {
    const mark = this.alerts.mark();
    try {
      this.alerts.replace(await readAlerts(), mark);
    } catch (cause) {
      if (!(cause instanceof ProblemError)) throw cause;
    }
  }

  /**
   * After every (re)connection too: conflation may have skipped what a lost connection had not delivered, and events
   * beside the quotes are not repeated.
   */
  private resync(): void {
    this.latencies.clear();
    void this.loadAlerts();
    for (const queryKey of [snapshotKey, boardKey, seriesKey, marketsKey, opensKey, lakeKey]) {
      void this.queryClient.invalidateQueries({ queryKey });
    }
    void this.queryClient.refetchQueries({ predicate: (query) => query.state.status === 'error' });
  }
}
