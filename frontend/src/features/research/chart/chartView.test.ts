import { expect, it } from 'vitest';
import type { CoverageAnswer } from '@/api/research';
import type { HistoryBar } from './barHistory';
import { readChartSearch, writeInstant } from './chartSearch';
import { barsFileUrl } from './download';
import { outsideHours, rollMarks, sessionVwap, vwapLine } from './figures';
import { keptOf, keptWords } from './kept';
import { firstView, indexAt, keptView, seenIn, spanOf, stepDateView } from './place';

const START = Date.UTC(2026, 10, 19, 15);

function bar(i: number, fields: Partial<HistoryBar> = {}): HistoryBar {
  const startMs = START + i * 60_000;
  return {
    time: startMs / 1000,
    startMs,
    tradeDate: '2026-11-19',
    open: 10,
    high: 11,
    low: 9,
    close: 10,
    volume: 2,
    vwap: 10,
    ticks: 3,
    bid: null,
    ask: null,
    spread: null,
    session: 'RTH',
    contract: 'ESZ26',
    ...fields,
  };
}
const bars = (count: number, fields: Partial<HistoryBar> = {}, first = 0) =>
  Array.from({ length: count }, (_, i) => bar(first + i, fields));
const NEXT = { tradeDate: '2026-11-20', contract: 'ESH27' };

it('weighs VWAP by volume, anew each trade date, and has none of a date whose beginning is not read', () => {
  const all = [
    bar(0),
    bar(1, { vwap: 13, volume: 1 }),
    bar(2, { ...NEXT, vwap: null, volume: 0 }),
    bar(3, { ...NEXT, vwap: 20 }),
  ];
  expect([...sessionVwap(all, true).values()]).toEqual([10, 11, 20]);
  expect([...sessionVwap(all, false).values()]).toEqual([20]);
  expect(sessionVwap([bar(0, { volume: null })], true).size).toBe(0);
});

it('ends VWAP’s line with the trade date, unless a bar is one', () => {
  const all = [bar(0), bar(1), bar(2, NEXT)];
  const vwap = sessionVwap(all, true);
  expect(vwapLine(all, vwap, false).map(({ isLast }) => isLast)).toEqual([undefined, true, undefined]);
  expect(vwapLine(all, vwap, true).some(({ isLast }) => isLast)).toBe(false);
});

it('shades what is outside of regular hours, and marks rolls that are within the bars', () => {
  const eth = { session: 'ETH' } as const;
  const all = [bar(0, eth), bar(1, eth), bar(2), bar(3, { ...eth, ...NEXT })];
  expect(outsideHours(all)).toEqual([
    { from: 0, to: 1 },
    { from: 3, to: 3 },
  ]);
  const roll = { trade_date: '2026-11-20', from_contract: 'ESZ26', to_contract: 'ESH27', difference: 48.75 };
  expect(rollMarks(all, [roll], 2)).toEqual([{ bar: 3, words: 'ESZ26 → ESH27 +48.75' }]);
  expect(rollMarks(all, [{ ...roll, trade_date: '2026-11-19' }], 2)).toEqual([]);
  expect(rollMarks(all, [{ ...roll, difference: null }], 2)[0]?.words).toMatch(/not measured$/);
});

it('places a span, a date, or the newest', () => {
  const all = [...bars(100), ...bars(50, NEXT, 100)];
  expect(indexAt(all, START + 30_000)).toBe(1);
  expect(firstView(all, {}, 60)).toEqual({ from: 92, to: 152 });
  expect(firstView(all, { fromMs: START + 600_000, toMs: START + 3_600_000 }, 60)).toEqual({ from: 10, to: 60 });
  expect(firstView(all, { date: '2026-11-20' }, 60)).toEqual({ from: 94.5, to: 154.5 });
  // A Saturday: the trade date before it.
  expect(firstView(all, { date: '2026-11-21' }, 20)).toEqual({ from: 100, to: 149 });
});

it('keeps what is seen when older bars come before it, and follows the newest', () => {
  const all = bars(40);
  expect(keptView({ from: 5, to: 20 }, all.slice(10), all)).toEqual({ from: 15, to: 30 });
  expect(keptView({ from: 5, to: 20 }, all.slice(0, 30), all)).toEqual({ from: 5, to: 20 });
  expect(keptView({ from: 5, to: 32 }, all.slice(0, 30), all)).toEqual({ from: 15, to: 42 });
});

it('writes what is seen into the address, and nothing when it is as at first', () => {
  const all = bars(100);
  const [old, newest] = [
    { from: 9.6, to: 60.4 },
    { from: 42, to: 102 },
  ];
  const seen = seenIn(all, old, true);
  expect(seen && spanOf(seen, old, 60)).toEqual({ from: '2026-11-19T15:10Z', to: '2026-11-19T16:00Z' });
  const last = seenIn(all, newest, true);
  expect(last && [last.count, last.follows, spanOf(last, newest, 60)]).toEqual([
    58,
    true,
    { from: undefined, to: undefined },
  ]);
  expect(last && spanOf(last, newest, 90).from).toBe('2026-11-19T15:42Z');
  expect(seenIn([], old, true)).toBeNull();
});

it('steps from trade date to trade date', () => {
  const all = [...bars(100), ...bars(50, NEXT, 100)];
  expect(stepDateView(all, { from: 120, to: 152 }, -1)).toEqual({ from: 67, to: 99 });
  expect(stepDateView(all, { from: 20, to: 60 }, 1)).toEqual({ from: 109, to: 149 });
  expect(stepDateView(all, { from: 120, to: 152 }, 1)).toBeNull();
});

it('reads the address and leaves out what it does not know', () => {
  const whole = { symbol: 'ES', tf: '5m', adjust: 'difference', session: 'rth', from: '2026-11-19T15:10Z' };
  expect(readChartSearch(whole)).toEqual(whole);
  expect(
    readChartSearch({ symbol: '../x', tf: '2m', adjust: 'no', session: 1, from: 'today', to: '2026-13-40T00:00Z' }),
  ).toEqual({});
  expect(writeInstant(START + 1000)).toBe('2026-11-19T15:00:01Z');
});

it('names a file’s question in its address, without what is not asked', () => {
  const query = { symbol: 'ES', timeframe: '1m', adjust: 'none', session: 'all' } as const;
  expect(barsFileUrl({ ...query, start: '2026-11-19T15:00:00Z' }, 'csv', 'week')).toBe(
    '/api/history/bars?symbol=ES&timeframe=1m&adjust=none&session=all&start=2026-11-19T15%3A00%3A00Z&format=csv&namespace=week',
  );
});

it('says where bars come from', () => {
  const cell = (symbol: string, state: string) => ({ symbol, state });
  const coverage = {
    days: [
      { trade_date: '2026-11-18', cells: [cell('ES', 'archived')] },
      { trade_date: '2026-11-19', cells: [cell('ES', 'exported'), cell('NQ', 'missing')] },
      { trade_date: '2026-11-20', cells: [cell('ES', 'stored')] },
    ],
  } as unknown as CoverageAnswer;
  const kept = keptOf(coverage, 'ES');
  expect(kept.get('2026-11-19')).toBe('exported');
  expect(keptWords(kept, '2026-11-18', '2026-11-20')).toBe('2 dates from the lake, 1 date not exported yet');
  expect(keptWords(kept, '2026-11-20', '2026-11-20')).toBe('1 date not exported yet');
});
