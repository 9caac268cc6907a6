import { describe, expect, it } from 'vitest';
import type { Instrument } from '@/api/queries';
import { readQuote } from '@/live/quote';
import { changeOf, changeTitle, matchesFilter, rowView, ticksOf } from './rowView';

const ES = { symbol: 'ES', name: 'S&P 500 E-mini', display_precision: 2, tick_size: '0.25' } as Instrument;
const nothing = { last: null, change: null, settlement: null, close: null };

describe('changeOf', () => {
  it('is measured from the desk’s baseline, then the settlement, then the previous close, then as the source says', () => {
    const all = { last: 5342.25, change: 10, settlement: 5330, close: 5340 };
    expect(changeOf(all, { price: 5339, from: 'close' })).toMatchObject({ points: 3_250_000, baseline: 'close' });
    expect(changeOf(all, { price: 5339, from: null })).toMatchObject({ baseline: 'settlement' });
    expect(changeOf(all)).toMatchObject({ points: 12_250_000, base: 5_330_000_000, baseline: 'settlement' });
    expect(changeOf({ ...all, settlement: null })).toMatchObject({ points: 2_250_000, baseline: 'close' });
    expect(changeOf({ ...all, settlement: null, close: null })).toMatchObject({
      points: 10_000_000,
      base: 5_332_250_000,
      baseline: 'source',
    });
  });

  it('is unknown without a last price or a baseline', () => {
    expect(changeOf({ ...nothing, change: 1 })).toBeNull();
    expect(changeOf({ ...nothing, last: 1 })).toBeNull();
  });

  it('has no per cent of a zero base', () => {
    expect(changeOf({ ...nothing, last: 1, close: 0 })).toMatchObject({ points: 1_000_000, percent: null });
  });

  it('gets the sign right across zero', () => {
    const fall = changeOf({ ...nothing, last: -37.63, settlement: 18.27 });
    expect(fall?.points).toBe(-55_900_000);
    expect(fall?.percent).toBeCloseTo(-305.966, 2);
  });

  it('says what it is measured from', () => {
    const title = (fields: object) => {
      const change = changeOf({ ...nothing, last: 100.5, ...fields });
      return change && changeTitle(change, 2, 'TOS');
    };
    expect(title({ change: 0.5 })).toBe('Net change as TOS gives it (from 100.00)');
    expect(title({ settlement: 100 })).toBe('From the prior settlement 100.00');
    expect(title({ close: 100 })).toBe('From the previous close 100.00');
  });
});

describe('rowView', () => {
  it('derives spread and change exactly', () => {
    const quote = readQuote({
      symbol: 'ES',
      ts: '2026-11-20T15:00:00.000000Z',
      source: 'MOCK',
      last: 5342.25,
      bid: 5342,
      ask: 5342.25,
      close: 5340.1,
      meta: { crossed: false },
    });
    const view = rowView(ES, quote ?? undefined);
    expect(view).toMatchObject({ spread: 250_000, spreadTicks: 1, source: 'MOCK', hasQuote: true, flags: [] });
    expect(view.change?.points).toBe(2_150_000);
  });

  it('knows nothing without a quote', () => {
    expect(rowView(ES, undefined)).toMatchObject({ hasQuote: false, last: null, change: null, spread: null, ts: null });
  });
});

it('filters by symbol and name', () => {
  expect(matchesFilter(ES, 'es')).toBe(true);
  expect(matchesFilter(ES, 'mini s&p')).toBe(true);
  expect(matchesFilter(ES, '')).toBe(true);
  expect(matchesFilter(ES, 'gold')).toBe(false);
});

it('counts a distance in ticks', () => {
  expect(ticksOf(62_500, 31_250)).toBe(2);
  expect(ticksOf(-250_000, 250_000)).toBe(-1);
  expect(ticksOf(125_000, 250_000)).toBe(0.5);
  expect([ticksOf(null, 1), ticksOf(1, null), ticksOf(1, 0)]).toEqual([null, null, null]);
});
