import { describe, expect, it } from 'vitest';
import {
  formatInterval,
  formatPoints,
  formatUsdInterval,
  isOutside,
  levelOf,
  placeOn,
  scaleOf,
  shortUsd,
  sideOf,
  stepOf,
  ticksOf,
  valuesScale,
  wholePercent,
} from './rates';

it('writes shares and their intervals', () => {
  expect([0.5384, 1, 0, null, undefined].map(wholePercent)).toEqual(['54%', '100%', '0%', '—', '—']);
  expect(formatInterval([0.352, 0.719])).toBe('35 to 72%');
  expect(formatInterval([-0.031, 0.0901])).toBe('-3 to 9%');
  expect(formatInterval([-0.004, 0.004])).toBe('0 to 0%');
  expect([0.124, -0.03, 0.004, -0.004].map(formatPoints)).toEqual(['+12', '-3', '0', '0']);
});

it('writes money', () => {
  expect([0, 100, -100, 12.5, 1234.56, -0.001].map((usd) => shortUsd(usd))).toEqual([
    '$0',
    '$100',
    '-$100',
    '$12.50',
    '$1,235',
    '$0',
  ]);
  expect([20, 0, -3.2].map((usd) => shortUsd(usd, true))).toEqual(['+$20', '$0', '-$3.20']);
  expect(formatUsdInterval([-3, 21])).toBe('-$3 to $21');
  expect(formatUsdInterval(null)).toBe('—');
});

describe('a rate against its base', () => {
  it('has a level by the size of the difference', () => {
    const levels = [0.65, 0.55, 0.51, 0.45, 0.35].map((rate) => levelOf(rate, 0.5));
    expect(levels).toEqual([2, 1, 0, -1, -2]);
    expect([levelOf(null, 0.5), levelOf(0.5, null)]).toEqual([null, null]);
  });

  it('is told apart only outside of the interval', () => {
    expect(isOutside(0.5, [0.51, 0.6])).toBe(true);
    expect(isOutside(0.5, [0.5, 0.6])).toBe(false);
    expect(isOutside(null, [0, 1])).toBe(false);
    expect(isOutside(0.5, null)).toBe(false);
  });
});

it('measures a rate against chance where the sample tells them apart', () => {
  expect(sideOf(0.5, [0.41, 0.6], 0.4)).toBe(1);
  expect(sideOf(0.5, [0.39, 0.6], 0.4)).toBe(0);
  expect(sideOf(0.3, [0.2, 0.39], 0.4)).toBe(-1);
  expect(sideOf(0.3, null, 0.4)).toBe(0);
});

describe('a scale', () => {
  it('leaves out the intervals of low samples', () => {
    const sure = { value: 10, interval: [-5, 25] };
    expect(valuesScale([sure, { value: 100, interval: null }])).toEqual({ low: -10, high: 100 });
    const few = valuesScale([{ value: 100, interval: null }]);
    expect([few.low, few.high]).toEqual([-50, 150]);
  });

  it('holds zero and all values, with little room beyond', () => {
    expect(scaleOf([-12, null, 43])).toEqual({ low: -15, high: 45 });
    expect(scaleOf([3, 7])).toEqual({ low: 0, high: 7 });
    expect(scaleOf([null])).toEqual({ low: -1, high: 1 });
    expect([stepOf(0.3), stepOf(9), stepOf(24_000)].map((step) => Number(step.toPrecision(3)))).toEqual([0.1, 2, 5000]);
  });

  it('has places and round marks', () => {
    const scale = { low: -20, high: 60 };
    expect(ticksOf(scale)).toEqual([-20, 0, 20, 40, 60]);
    expect([placeOn(scale, -20), placeOn(scale, 20), placeOn(scale, 99)]).toEqual([0, 0.5, 1]);
  });
});
