import { expect, it } from 'vitest';
import { marketDays } from './marketDays';
import { comparisonWords, pairsOf } from './words';

it('says which predicts better only where the sample tells them apart', () => {
  const pair = { a: 'ES', b: 'NQ', difference: 0.05, interval: [0.01, 0.09], chance: 0, low_sample: false };
  expect(comparisonWords(pair)).toBe('ES predicts better');
  expect(comparisonWords({ ...pair, difference: -0.05, interval: [-0.09, -0.01] })).toBe('NQ predicts better');
  expect(comparisonWords({ ...pair, interval: [-0.01, 0.11] })).toBe('not told apart');
  // Who agrees with the trade less often is right more often by chance.
  expect(comparisonWords({ ...pair, chance: 0.05 })).toBe('not told apart');
  expect(comparisonWords({ ...pair, chance: 0.1 })).toBe('NQ predicts better');
  expect(comparisonWords({ ...pair, low_sample: true })).toBe('too few to say');
  expect(comparisonWords({ ...pair, interval: null })).toBe('not told apart');
});

it('turns the pairs of an instrument so that it is in front', () => {
  const pair = {
    a: 'ES',
    b: 'NQ',
    n: 9,
    rate_a: 0.6,
    rate_b: 0.5,
    difference: 0.1,
    interval: [-0.02, 0.22],
    chance: 0.03,
    low_sample: true,
  };
  const other = { ...pair, a: 'ZB', b: 'GC' };
  expect(pairsOf([pair, other], 'ES')).toEqual([pair]);
  expect(pairsOf([pair, other], 'NQ')).toEqual([
    { ...pair, a: 'NQ', b: 'ES', rate_a: 0.5, rate_b: 0.6, difference: -0.1, interval: [-0.22, 0.02], chance: -0.03 },
  ]);
});

it('puts markets and days into a map, the week-end only where somebody opened on it', () => {
  const cell = (country: string, day: string) => ({ country, day }) as never;
  const market = (country: string) => ({ country, display_name: country }) as never;
  const map = marketDays({
    by_market: [market('Japan'), market('CME')],
    by_market_day: [cell('CME', 'Sunday'), cell('Japan', 'Monday')],
  });
  expect(map.days).toEqual(['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Sunday']);
  expect(map.rows.map(({ cells }) => cells.map((each) => each?.day ?? null))).toEqual([
    ['Monday', null, null, null, null, null],
    [null, null, null, null, null, 'Sunday'],
  ]);
});
