import { expect, it } from 'vitest';
import { pairOf, readAnalyticsSearch } from './analyticsSearch';

it('reads the address', () => {
  const search = { markets: 'USA', qmarket: 'Japan', qday: 'Friday', a: 'GC', b: 'ES', of: 'NQ' };
  expect(readAnalyticsSearch(search)).toEqual(search);
  expect(readAnalyticsSearch({ qday: 'fri', a: 'a b', of: '', sort: '-pnl_usd' })).toEqual({});
});

it('never compares an instrument with itself', () => {
  expect(pairOf({ a: 'ES', b: 'NQ' }, 'a', 'GC')).toEqual({ a: 'GC', b: 'NQ' });
  expect(pairOf({ a: 'ES', b: 'NQ' }, 'a', 'NQ')).toEqual({ a: 'NQ', b: 'ES' });
  expect(pairOf({ a: 'ES', b: 'NQ' }, 'b', 'ES')).toEqual({ a: 'NQ', b: 'ES' });
});
