/** The bars of a chart: read part by part, older and newer ones as they are wanted, without a hole between them. */

import type { BarAnswer, BarsAnswer, BarsQuery, Roll, Timeframe } from '@/api/research';
import type { Bar } from '@/shared/chart/bar';
import { dateMs } from '@/shared/dates';

/** A bar with all that is known of it. Its `time` places it: of a day that is the trade date, not when it opened. */
export interface HistoryBar extends Bar {
  /** Start of the interval, epoch milliseconds. */
  readonly startMs: number;
  readonly tradeDate: string;
  readonly vwap: number | null;
  readonly ticks: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly spread: number | null;
  readonly session: BarAnswer['session'];
  readonly contract: string | null;
}

export const SECONDS: Readonly<Record<Timeframe, number>> = {
  '1s': 1,
  '5s': 5,
  '1m': 60,
  '5m': 300,
  '15m': 900,
  '1h': 3600,
  '1d': 86_400,
};

const DAY_MS = 86_400_000;
/** What a part spans: some thousand bars of a market that trades. */
const PART_MS: Readonly<Record<Timeframe, number>> = {
  '1s': DAY_MS / 12,
  '5s': DAY_MS / 2,
  '1m': 4 * DAY_MS,
  '5m': 14 * DAY_MS,
  '15m': 42 * DAY_MS,
  '1h': 180 * DAY_MS,
  '1d': 20 * 365 * DAY_MS,
};
/** From the PostgreSQL of the server so many days are read at once; behind them a gap may follow. */
const STEP_MS = 31 * DAY_MS;
/** After so many empty answers there is nothing more to be found. */
const MOST_TRIES = 14;
/** A part grows so when nothing was in it. */
const GROWTH = 8;

export type Question = Pick<BarsQuery, 'symbol' | 'adjust' | 'session'> & { readonly timeframe: Timeframe };
export type Ask = (query: BarsQuery) => Promise<BarsAnswer>;

export interface BarsState {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly bars: readonly HistoryBar[];
  readonly rolls: readonly Roll[];
  /** Nothing is before the first bar; nothing is after the last. */
  readonly isOldest: boolean;
  readonly isNewest: boolean;
  /** The newest stored tick of the instrument, epoch milliseconds; null where nothing is stored. */
  readonly newestMs: number | null;
  readonly reading: 'older' | 'newer' | null;
  readonly error: Error | null;
}

const NOTHING: BarsState = {
  phase: 'loading',
  bars: [],
  rolls: [],
  isOldest: false,
  isNewest: false,
  newestMs: null,
  reading: null,
  error: null,
};

const iso = (ms: number) => new Date(ms).toISOString();
const msOf = (ts: string | null) => (ts === null ? null : Date.parse(ts));

/** One question's bars. Asks one thing at a time; listeners hear of every change. */
export class BarHistory {
  private state: BarsState = NOTHING;
  private readonly listeners = new Set<() => void>();
  private isClosed = false;
  private isReading = false;

  constructor(
    private readonly question: Question,
    private readonly ask: Ask,
    private readonly now: () => number = Date.now,
  ) {}

  readonly get = (): BarsState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Its answers are heard no more, until it is opened again. */
  close(): void {
    this.isClosed = true;
  }

  /** Reads the bars up to an instant, and at least from another on; without them the newest. Epoch milliseconds. */
  async open(fromMs?: number, untilMs?: number): Promise<void> {
    this.isClosed = false;
    await this.attempt(null, async () => {
      const until = untilMs === undefined ? undefined : untilMs + PART_MS[this.question.timeframe] / 4;
      this.put(await this.before(until));
      if (until === undefined || (this.state.newestMs ?? 0) < until) this.change({ isNewest: true });
      while (fromMs !== undefined && !this.state.isOldest && (this.first()?.startMs ?? 0) > fromMs) {
        this.put(await this.before(this.first()?.startMs));
      }
    });
  }

  /** Reads bars before the first. */
  async older(): Promise<void> {
    const first = this.first();
    if (!first || this.state.isOldest || this.isReading) return;
    await this.attempt('older', async () => this.put(await this.before(first.startMs)));
  }

  /** Reads bars after the last, and the last again: it may have grown. */
  async newer(): Promise<void> {
    const last = this.last();
    if (!last || this.isReading) return;
    await this.attempt(this.state.isNewest ? null : 'newer', async () => {
      const answer = this.state.isNewest ? await this.read({ start: iso(last.startMs) }) : await this.after(last);
      if (answer.truncated && this.state.isNewest) return this.change({ isNewest: false });
      this.put(answer, false);
      const newest = this.state.newestMs ?? 0;
      const shown = (this.last()?.startMs ?? 0) + SECONDS[this.question.timeframe] * 1000;
      this.change({ isNewest: shown > newest || answer.bars.length <= 1 });
    });
  }

  private readonly first = () => this.state.bars[0];
  private readonly last = () => this.state.bars.at(-1);

  /** The bars before an instant, the newest of them; undefined: up to now. */
  private async before(untilMs?: number): Promise<BarsAnswer> {
    const end = untilMs === undefined ? {} : { end: iso(untilMs) };
    const start = (untilMs ?? this.now()) - PART_MS[this.question.timeframe];
    const part = await this.read({ ...end, start: iso(start) });
    if (part.bars.length > 0) return { ...part, truncated: true };
    let found = await this.read(end);
    for (let tries = 0; found.bars.length === 0 && found.truncated && tries < MOST_TRIES; tries += 1) {
      found = await this.read({ end: iso((untilMs ?? this.now()) - (tries + 1) * STEP_MS) });
    }
    return found;
  }

  /** The bars after one, without a hole: an answer has the newest of its span, so its span must not be too long. */
  private async after(last: HistoryBar): Promise<BarsAnswer> {
    let span = PART_MS[this.question.timeframe];
    let start = last.startMs;
    let found = await this.read({ start: iso(start), end: iso(start + span) });
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const end = start + span;
      if (found.truncated) span /= GROWTH;
      else if (found.bars.some((bar) => Date.parse(bar.ts) > last.startMs) || end >= this.now()) break;
      else {
        start = end;
        span *= GROWTH;
      }
      found = await this.read({ start: iso(start), end: iso(start + span) });
    }
    return found;
  }

  private read(span: { start?: string; end?: string }): Promise<BarsAnswer> {
    return this.ask({ ...this.question, ...span });
  }

  private async attempt(reading: BarsState['reading'], act: () => Promise<void>): Promise<void> {
    this.isReading = true;
    this.change({ reading, error: null });
    let end: Partial<BarsState> = { phase: 'ready' };
    try {
      await act();
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      end = { phase: this.state.bars.length > 0 ? 'ready' : 'failed', error };
    }
    this.isReading = false;
    this.change({ ...end, reading: null });
  }

  private put({ bars, rolls, newest, truncated }: BarsAnswer, isOlder = true): void {
    this.change({
      bars: joined(this.state.bars, readHistoryBars(bars, this.question.timeframe)),
      rolls: joinedRolls(this.state.rolls, rolls),
      newestMs: msOf(newest),
      ...(isOlder && !truncated && { isOldest: true }),
    });
  }

  private change(part: Partial<BarsState>): void {
    if (this.isClosed) return;
    this.state = { ...this.state, ...part };
    for (const listener of this.listeners) listener();
  }
}

export function readHistoryBars(bars: readonly BarAnswer[], timeframe: Timeframe): readonly HistoryBar[] {
  return bars.map((bar) => {
    const startMs = Date.parse(bar.ts);
    return {
      time: (timeframe === '1d' ? dateMs(bar.trade_date) : startMs) / 1000,
      startMs,
      tradeDate: bar.trade_date,
      open: bar.open,
      high: bar.high,
      low: bar.low,
      close: bar.close,
      volume: bar.volume,
      vwap: bar.vwap,
      ticks: bar.tick_count,
      bid: bar.bid_close,
      ask: bar.ask_close,
      spread: bar.spread_mean,
      session: bar.session,
      contract: bar.contract,
    };
  });
}

/** Both in order of time; of the same bar the newer answer's. */
export function joined(before: readonly HistoryBar[], more: readonly HistoryBar[]): readonly HistoryBar[] {
  const [first, last] = [more[0], more.at(-1)];
  if (!first || !last) return before;
  return [...before.filter((bar) => bar.time < first.time), ...more, ...before.filter((bar) => bar.time > last.time)];
}

function joinedRolls(before: readonly Roll[], more: readonly Roll[]): readonly Roll[] {
  const byDate = new Map([...before, ...more].map((roll) => [roll.trade_date, roll]));
  return [...byDate.values()].toSorted((a, b) => a.trade_date.localeCompare(b.trade_date));
}
