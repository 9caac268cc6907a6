import { describe, expect, it } from 'vitest';
import { curveOf, deepest, nearest, withDrawdown } from './curve';

const points = (...sums: number[]) =>
  withDrawdown(
    sums.map((cumulative_usd, i) => ({
      trade_date: `2025-10-0${i + 1}`,
      cumulative_usd,
      pnl_usd: cumulative_usd - (sums[i - 1] ?? 0),
      entries: 1,
    })),
  );

describe('the drawdown', () => {
  it('is measured from the highest so far, and from zero before there is one', () => {
    expect(points(-100, 0, 200, 100, 300, 50).map(({ drawdown }) => drawdown)).toEqual([-100, 0, 0, -100, 0, -250]);
  });

  it('has its deepest span', () => {
    expect(deepest(points(100, 50, 200, 0, 100))).toEqual({ from: 2, to: 3 });
    expect(deepest(points(-100))).toEqual({ from: 0, to: 0 });
    expect(deepest(points(100, 200))).toBeNull();
    expect(deepest([])).toBeNull();
  });
});

it('draws the sum, what is below its highest, and zero', () => {
  const curve = curveOf(points(0, 100, 50), { width: 100, height: 100 });
  expect(curve.scale).toEqual({ low: 0, high: 100 });
  expect(curve.line).toBe('M0.0 100.0L50.0 0.0L100.0 50.0');
  expect(curve.under).toBe('M0.0 100.0L50.0 0.0L100.0 50.0L100.0 0.0L50.0 0.0L0.0 100.0Z');
  expect(curve.zero).toBe(100);
  expect(curveOf([], { width: 100, height: 100 }).line).toBe('');
});

it('finds the day below a pointer', () => {
  expect([-5, 0, 49, 51, 200].map((x) => nearest(x, 3, 100))).toEqual([0, 0, 1, 1, 2]);
  expect(nearest(5, 0, 100)).toBe(-1);
});
