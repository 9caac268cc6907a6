import { describe, expect, it } from 'vitest';
import { formatAge, formatAgeLong, formatCount, formatLatency, formatPercent, formatRate } from './format';

describe('ages', () => {
  it.each([
    [-500, '0s', '0 s'],
    [999, '0s', '0 s'],
    [3_900, '3s', '3 s'],
    [59_999, '59s', '59 s'],
    [60_000, '1m', '1 min'],
    [3_600_000, '1h', '1 h'],
    [86_400_000, '1d', '1 day'],
    [200_000_000, '2d', '2 days'],
  ])('%d ms', (age, short, long) => {
    expect(formatAge(age)).toBe(short);
    expect(formatAgeLong(age)).toBe(long);
  });
});

it('formats latencies', () => {
  expect([0.4, 4.4, 999, 1_240, 61_000].map(formatLatency)).toEqual(['<1 ms', '4 ms', '999 ms', '1.2 s', '>1 min']);
});

it('formats counts and rates', () => {
  expect([0, 1234567, -1200, null, undefined].map(formatCount)).toEqual(['0', '1,234,567', '-1,200', '—', '—']);
  expect([0, 9.94, 1234.4].map(formatRate)).toEqual(['0.0', '9.9', '1,234']);
});

it('formats per cents with the sign of what is shown', () => {
  expect([0.231, -1.2, 0, 0.004, -0.004].map(formatPercent)).toEqual(['+0.23%', '-1.20%', '0.00%', '0.00%', '0.00%']);
});
