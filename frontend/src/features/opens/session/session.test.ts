import { expect, it } from 'vitest';
import type { PathAnswer } from '@/api/marketOpen';
import { sessionRow, WORKED } from '../testing';
import {
  type Frame,
  msOf,
  near,
  type Point,
  pointAt,
  pointsIn,
  pointsOf,
  priceRange,
  priceTicks,
  silences,
  spreadArea,
  stepLine,
  timeTicks,
} from './pathView';
import { exactTime, whyWords } from './why';

const point = (ms: number, price: number | null, ask: number | null = null): Point => ({
  ms,
  bid: price,
  ask,
  last: price,
  price,
});

const FRAME: Frame = { width: 100, height: 50, times: { from: 0, until: 100 }, prices: { from: 0, until: 50 } };

it('keeps the microseconds of an instant', () => {
  expect(msOf('2026-11-20T14:33:12.345678Z') - msOf('2026-11-20T14:33:12.345Z')).toBeCloseTo(0.678, 3);
  expect(msOf('2026-11-20T14:33:12Z')).toBe(Date.UTC(2026, 10, 20, 14, 33, 12));
});

it('draws the graded price, and without an entry the last', () => {
  const points = [{ ts: '2026-11-20T14:30:01Z', bid: 1, ask: 3, last: 2, graded: 1 }];
  expect(pointsOf({ points, entry_side: 'BUY' })[0]?.price).toBe(1);
  expect(pointsOf({ points, entry_side: null } as PathAnswer)[0]?.price).toBe(2);
});

it('goes in steps, and stops where the price is not known', () => {
  const of = (each: Point) => each.price;
  expect(stepLine(FRAME, [point(0, 10), point(50, 20)], of)).toBe('M0 40H50V30');
  expect(stepLine(FRAME, [point(0, 10), point(20, null), point(60, 20), point(80, 20)], of)).toBe(
    'M0 40H20M60 30H80V30',
  );
});

it('fills the space between bid and ask', () => {
  expect(spreadArea(FRAME, [point(0, 10, 12), point(50, 20, 22)])).toBe('M0 38H50V28L50 30V40H0Z');
  expect(spreadArea(FRAME, [point(0, 10, 12), point(50, 20)])).toBe('');
});

it('draws a part of the path from the price that holds at its beginning', () => {
  const points = [point(0, 1), point(40_000, 2), point(80_000, 3), point(120_000, 4)];
  expect(pointsIn(points, near(90_000)).map(({ ms }) => ms)).toEqual([40_000, 80_000, 120_000]);
  expect(pointsIn(points, { from: 500_000, until: 600_000 }).map(({ ms }) => ms)).toEqual([120_000]);
  expect([pointAt(points, 79_999)?.ms, pointAt(points, 80_000)?.ms, pointAt(points, -1)]).toEqual([
    40_000,
    80_000,
    null,
  ]);
});

it('knows silences; of a thinned path only those that its thinning does not explain', () => {
  const points = [point(0, 1), point(5_000, 1), point(10_001, 1), point(30_000, 1)];
  expect(silences(points, 4)).toEqual([
    { from: 5_000, until: 10_001 },
    { from: 10_001, until: 30_000 },
  ]);
  expect(silences(points, 4_000)).toEqual([]);
  expect(silences([], 0)).toEqual([]);
});

it('has round marks', () => {
  expect(timeTicks({ from: 1_500, until: 9_000 }, 4)).toEqual([2_000, 4_000, 6_000, 8_000]);
  expect(priceTicks({ from: 47_361, until: 47_412 }, 6)).toEqual([47_370, 47_380, 47_390, 47_400, 47_410]);
});

it('has room for its levels', () => {
  const { from, until } = priceRange([point(0, 10, 11)], [12, 8, null]);
  expect(from).toBeLessThan(8);
  expect(until).toBeGreaterThan(12);
  expect(priceRange([], [])).toEqual({ from: 0, until: 1 });
});

const NEW_YORK = 'America/New_York';
const why = (fields: object) => whyWords(sessionRow(fields), 0, NEW_YORK).join(' ');

it('writes a time with all of its digits', () => {
  expect(exactTime(NEW_YORK, '2026-11-20T14:33:12.345678Z')).toBe('09:33:12.345678');
  expect(exactTime('UTC', '2026-11-20T14:33:12.250000Z')).toBe('14:33:12.25');
  expect(exactTime('UTC', '2026-11-20T14:33:12.000000Z')).toBe('14:33:12');
});

it('says which price touched which level, when, and what that made', () => {
  expect(why(WORKED)).toBe(
    'The bid of YM touched the target 47,408 first, at 09:33:12.345678, 3 min 12 s after the capture; it was seen at ' +
      '47,409, past the level. One contract bought at 47,388 and sold at the target makes +$100.00. How sure: exact. No ' +
      'silence of more than 5 s lay directly before the touch. It was graded on 1,055 quotes. The window was 30 min from ' +
      'the open, up to 10:00:00; quotes after the capture count.',
  );
  const stopped = why({
    ...WORKED,
    wndw: 'DIDNT_WORK',
    entry_side: 'SELL',
    target_hit_type: 'STOP',
    resolution_price: 47408,
    pnl_usd: -100,
    resolution_quality: 'gap',
    resolution_reason: 'both levels in one observation: the stop counts',
  });
  expect(stopped).toContain('The ask of YM touched the stop 47,408 first');
  expect(stopped).toContain(
    'exactly there. One contract sold at 47,388 and bought back at the stop makes -$100.00. One observation',
  );
  expect(stopped).toContain('How sure: gap. More than 5 s without a quote lay directly before the touch');
});

it('says why nothing was entered, why it ran out, and why nobody knows', () => {
  const none = { entry_side: null, wndw: 'NEUTRAL' } as const;
  expect(why({ ...none, bhs: 'HOLD', reason: 'HOLD' })).toBe('No trade: the composite was Hold, which enters nothing.');
  expect(why({ ...none, symbol: 'DX', bhs: null, reason: 'closed' })).toBe(
    'No signal, and so no trade. The instrument’s own session is closed.',
  );
  expect(why({ ...none, reason: 'YM has no ask' })).toBe('No trade: YM has no ask.');
  const expired = why({
    wndw: 'EXPIRED',
    resolution_price: 47390,
    mark_to_market_usd: 10,
    resolution_quality: 'exact',
  });
  expect(expired).toContain(
    'touched neither level: it counts $0.00. Closed at its last price 47,390 it would have made +$10.00',
  );
  expect(why({ wndw: 'ERROR', resolution_reason: 'no quote at all' })).toContain('No quote at all. Without a price');
  expect(why({})).toContain('Still running');
});
