import { expect, it } from 'vitest';
import { marketDays } from './marketDays';
import { comparisonWords } from './words';

it('says which predicts better only where the sample tells them apart', () => {
  const pair = { a: 'ES', b: 'NQ', difference: 0.05, interval: [0.01, 0.09], low_sample: false };
  expect(comparisonWords(pair)).toBe('ES is right more often');
  expect(comparisonWords({ ...pair, difference: -0.05, interval: [-0.09, -0.01] })).toBe('NQ is right more often');
  expect(comparisonWords({ ...pair, interval: [-0.01, 0.11] })).toBe('not told apart');
  expect(comparisonWords({ ...pair, low_sample: true })).toBe('too few to say');
  expect(comparisonWords({ ...pair, interval: null })).toBe('a single day says nothing');
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
