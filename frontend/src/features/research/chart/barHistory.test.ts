import { describe, expect, it } from 'vitest';
import type { BarAnswer, BarsAnswer, BarsQuery } from '@/api/research';
import { BarHistory, type Question } from './barHistory';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 20, 21);
const QUESTION: Question = { symbol: 'ES', timeframe: '1m', adjust: 'none', session: 'all' };
/** What the server answers at most. */
const MOST = 50;

const answerBar = (ms: number): BarAnswer => ({
  ts: new Date(ms).toISOString(),
  trade_date: new Date(ms).toISOString().slice(0, 10),
  open: 1,
  high: 1,
  low: 1,
  close: 1,
  volume: 1,
  vwap: 1,
  tick_count: 1,
  bid_close: null,
  ask_close: null,
  spread_mean: null,
  session: 'ETH',
  contract: null,
});

/** A server that has bars at these instants, and answers the newest of a span. */
function serverOf(instants: number[]) {
  const asked: BarsQuery[] = [];
  const server = {
    asked,
    fails: false,
    ask: async (query: BarsQuery): Promise<BarsAnswer> => {
      asked.push(query);
      if (server.fails) throw new Error('it is away');
      const [start, end] = [Date.parse(query.start ?? '1970-01-01'), Date.parse(query.end ?? '2100-01-01')];
      const found = instants.filter((ms) => ms >= start && ms < end);
      return {
        symbol: 'ES',
        timeframe: '1m',
        adjust: 'none',
        bars: found.slice(-MOST).map(answerBar),
        rolls: [],
        newest: instants.length > 0 ? new Date(instants.at(-1) as number).toISOString() : null,
        truncated: found.length > MOST,
      };
    },
  };
  return server;
}

const minutes = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i * MINUTE);
const historyOf = (server: ReturnType<typeof serverOf>) => new BarHistory(QUESTION, server.ask, () => NOW);
const starts = (history: BarHistory) => history.get().bars.map(({ startMs }) => startMs);

describe('BarHistory', () => {
  it('reads the newest, then what is before them, until there is nothing', async () => {
    const old = minutes(NOW - 60 * 24 * 60 * MINUTE, 30);
    const server = serverOf([...old, ...minutes(NOW - 80 * MINUTE, 80)]);
    const history = historyOf(server);
    await history.open();
    expect(history.get()).toMatchObject({ phase: 'ready', isNewest: true, isOldest: false });
    expect(starts(history)).toEqual(minutes(NOW - 50 * MINUTE, 50));
    await history.older();
    expect(starts(history)[0]).toBe(NOW - 80 * MINUTE);
    // Weeks without a bar lie between.
    await history.older();
    expect(starts(history)).toEqual([...old, ...minutes(NOW - 80 * MINUTE, 80)]);
    await history.older();
    expect(history.get().isOldest).toBe(true);
    const before = server.asked.length;
    await history.older();
    expect(server.asked.length).toBe(before);
  });

  it('reads on to newer ones without a hole, over more than an answer holds and over weeks without any', async () => {
    const first = NOW - 90 * 24 * 60 * MINUTE;
    const all = [...minutes(first, 120), ...minutes(NOW - 10 * MINUTE, 10)];
    const history = historyOf(serverOf(all));
    await history.open(undefined, first + 9 * MINUTE - 24 * 60 * MINUTE);
    expect(starts(history)).toEqual(minutes(first, 9));
    for (let i = 0; i < 12 && !history.get().isNewest; i += 1) await history.newer();
    expect(starts(history)).toEqual(all);
    expect(history.get().isNewest).toBe(true);
  });

  it('asks for the newest bar again, which grows, and takes those that follow', async () => {
    const all = minutes(NOW - 5 * MINUTE, 5);
    const server = serverOf(all);
    const history = historyOf(server);
    await history.open();
    all.push(NOW);
    await history.newer();
    expect(server.asked.at(-1)?.start).toBe(new Date(NOW - MINUTE).toISOString());
    expect(starts(history)).toEqual(minutes(NOW - 5 * MINUTE, 6));
  });

  it('goes back as far as the span that is to be seen', async () => {
    const history = historyOf(serverOf(minutes(NOW - 200 * MINUTE, 200)));
    await history.open(NOW - 130 * MINUTE);
    expect(starts(history)[0]).toBe(NOW - 150 * MINUTE);
  });

  it('keeps its bars when an answer fails, and says so; without bars it has failed', async () => {
    const server = serverOf(minutes(NOW - 80 * MINUTE, 80));
    const history = historyOf(server);
    await history.open();
    server.fails = true;
    await history.older();
    expect(history.get()).toMatchObject({ phase: 'ready', reading: null, error: { message: 'it is away' } });
    const other = historyOf(server);
    await other.open();
    expect(other.get().phase).toBe('failed');
    server.fails = false;
    await other.open();
    expect(other.get()).toMatchObject({ phase: 'ready', error: null });
  });

  it('says that nothing is stored', async () => {
    const history = historyOf(serverOf([]));
    await history.open();
    expect(history.get()).toMatchObject({ phase: 'ready', bars: [], newestMs: null, isOldest: true });
  });
});
