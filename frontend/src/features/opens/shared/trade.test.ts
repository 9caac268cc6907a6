import { expect, it } from 'vitest';
import type { SessionRow } from '@/api/marketOpen';
import type { Quote } from '@/live/quote';
import { gradedPrice, placeOf, tradeOf, windowLeft, worth } from './trade';

// The example of the specification: YM 47380/47388.
const BUY = {
  traded_symbol: 'YM',
  entry_side: 'BUY',
  entry_price: 47388,
  target: 47408,
  stop: 47368,
  target_usd: 100,
} as SessionRow;
const SELL = { ...BUY, entry_side: 'SELL', entry_price: 47380, target: 47360, stop: 47400 } as SessionRow;

const of = (row: SessionRow) => {
  const trade = tradeOf(row);
  if (!trade) throw new Error('no trade');
  return trade;
};

it('has no trade without an entry', () => {
  expect(tradeOf({ ...BUY, entry_side: null } as SessionRow)).toBeNull();
  expect(tradeOf({ ...BUY, target: null } as SessionRow)).toBeNull();
});

it('is closed at the bid of what was bought and the ask of what was sold, unless it is graded otherwise', () => {
  const quote = { bid: 1, ask: 2, last: 3 } as Quote;
  expect([gradedPrice(quote, 'BUY', 'exit_side'), gradedPrice(quote, 'SELL', 'exit_side')]).toEqual([1, 2]);
  expect([gradedPrice(quote, 'SELL', 'bid'), gradedPrice(quote, 'BUY', 'last')]).toEqual([1, 3]);
  expect(gradedPrice({ ...quote, bid: null }, 'BUY', 'exit_side')).toBeNull();
});

it('is worth what the price has moved', () => {
  expect([47388, 47408, 47368, 47380].map((price) => worth(of(BUY), price))).toEqual([0, 100, -100, -40]);
  expect([47380, 47360, 47400, 47388].map((price) => worth(of(SELL), price))).toEqual([-0, 100, -100, -40]);
  const zb = { ...BUY, entry_price: 118.5, target: 118.59375, stop: 118.40625, target_usd: 93.75 } as SessionRow;
  expect(worth(of(zb), 118.53125)).toBe(31.25);
});

it('lies between stop and target, whichever is above', () => {
  expect([47368, 47388, 47403, 47500].map((price) => placeOf(of(BUY), price))).toEqual([0, 0.5, 0.875, 1]);
  expect([47400, 47380, 47365, 47300].map((price) => placeOf(of(SELL), price))).toEqual([0, 0.5, 0.875, 1]);
});

it('knows how much of its window is left', () => {
  const row = { window_ends_at: '2025-10-09T14:00:00Z', evaluation_window_sec: 1800 } as SessionRow;
  const at = (clock: string) => windowLeft(row, Date.parse(`2025-10-09T${clock}Z`));
  expect([at('13:30:00'), at('13:45:00'), at('14:00:01'), at('13:29:00')]).toEqual([1, 0.5, 0, 1]);
});
