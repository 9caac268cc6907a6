import { expect, it } from 'vitest';
import { readBoardRow } from '@/live/board';
import { reasonTitle, SIGNAL_WORDS, suspectTitle } from '@/shared/signals';
import { deskView } from './deskView';
import { placeIn, placeText } from './range';
import { isTurned, missingText, scaleMarks, scalePlace, signed } from './totalScale';

it('places a value between two ends', () => {
  expect(placeIn(10, 20, 12.5)).toBe(0.25);
  expect(placeIn(10, 20, 9)).toBe(0);
  expect(placeIn(10, 20, 21)).toBe(1);
  expect(placeIn(-20, -10, -20)).toBe(0);
  expect(placeIn(10, 10, 10)).toBe(0.5);
  expect(placeIn(20, 10, 15)).toBeNull();
  expect([placeIn(null, 1, 0), placeIn(0, null, 0), placeIn(0, 1, null)]).toEqual([null, null, null]);
  expect(placeText(0.426)).toBe('43%');
});

it('has a word and an icon of its own for every signal', () => {
  const words = Object.values(SIGNAL_WORDS);
  expect(new Set(words.map(({ word }) => word)).size).toBe(5);
  expect(new Set(words.map(({ icon }) => icon)).size).toBe(5);
  expect(words.map(({ strength }) => strength)).toEqual([2, 1, 0, -1, -2]);
});

it('says why there is no signal, and what is wrong with a quote', () => {
  expect(reasonTitle('no baseline')).toMatch(/neither a settlement nor a previous close/);
  expect(reasonTitle('moon')).toBe('moon');
  expect(reasonTitle(null)).toMatch(/nothing/);
  expect(suspectTitle(['crossed', 'odd'])).toMatch(/\(the bid is above the ask, odd\)/);
});

const at = '2026-11-20T15:00:00Z';
const view = (fields: object) => deskView(readBoardRow({ symbol: 'ES', at, ...fields }) ?? undefined);

it('measures ranges from the last good price that the desk has', () => {
  const known = view({
    vwap: 6718.25,
    vwap_distance: 1.5,
    session_low: 6700,
    session_high: 6725.5,
    low_52w: 4835,
    dist_from_52w_low: 1884.75,
    high_52w: 6800,
  });
  expect(known).toMatchObject({ last: 6_719_750_000, vwap: 6_718_250_000, vwapDistance: 1_500_000 });
  expect(known.day).toEqual({ low: 6_700_000_000, high: 6_725_500_000, last: 6_719_750_000 });
  expect(known.year.last).toBe(6_719_750_000);
  expect(view({ baseline: 100, change: -0.5 }).last).toBe(99_500_000);
  expect(view({ low_52w: 10, dist_from_52w_low: 0.1 }).last).toBe(10_100_000);
  expect(deskView(undefined)).toMatchObject({ last: null, vwap: null, vwapDistancePct: null });
});

it('measures the distance from VWAP from the last that is shown, unless that is suspect', () => {
  const fields = { symbol: 'ES', at, vwap: 6718.25, vwap_distance: 1.5, vwap_distance_pct: 0.0223 };
  const good = readBoardRow({ ...fields, suspect: [] }) ?? undefined;
  expect(deskView(good, 6_718_500_000).vwapDistance).toBe(250_000);
  expect(deskView(good, 6_718_500_000).vwapDistancePct).toBeCloseTo(0.00372, 5);
  const spike = readBoardRow({ ...fields, suspect: ['spike'] }) ?? undefined;
  expect(deskView(spike, 9_000_000_000)).toMatchObject({ vwapDistance: 1_500_000, vwapDistancePct: 0.0223 });
});

it('puts a sum on the scale of TOTAL', () => {
  expect([-22, 0, 22, 30].map(scalePlace)).toEqual([0, 0.5, 1, 1]);
  expect(scalePlace(9)).toBeCloseTo(31 / 44);
  expect(scaleMarks({ strong_buy: 9, buy: 3, sell: -3, strong_sell: -9 })).toEqual([-9, -3, 3, 9]);
  expect([4, 0, -12].map(signed)).toEqual(['+4', '0', '-12']);
});

it('knows an instrument whose sign is turned', () => {
  const of = (signal: 'BUY' | 'SELL' | 'HOLD' | 'STRONG_SELL', signal_weight: number) =>
    isTurned({ symbol: 'GC', signal, signal_weight, stat_value: 0, contract_weight: 1, weighted: 0 });
  expect([of('BUY', -1), of('STRONG_SELL', 2), of('SELL', -1), of('HOLD', 0)]).toEqual([true, true, false, false]);
});

it('says in few words who is missing and why', () => {
  const of = (reason: string, ...symbols: string[]) => symbols.map((symbol) => ({ symbol, reason }));
  expect(missingText(of('closed', 'DX'))).toBe('closed DX');
  const many = [...of('stale', 'ES', 'YM', 'NQ', 'CL'), ...of('no baseline', 'VX', 'DX')];
  expect(missingText(many)).toBe('4 stale, no baseline VX DX');
  expect(missingText([])).toBe('');
});
