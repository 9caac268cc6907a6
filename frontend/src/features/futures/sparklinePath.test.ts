import { expect, it } from 'vitest';
import { sparklinePath, trendOf } from './sparklinePath';

const box = { width: 100, height: 20 };

it('fills the box', () => {
  expect(
    sparklinePath(
      [
        [0, 10],
        [1000, 12],
        [4000, 11],
      ],
      box,
    ),
  ).toBe('M0.0 18.0L25.0 2.0L100.0 10.0');
});

it('draws a still price in the middle and nothing of one point', () => {
  expect(
    sparklinePath(
      [
        [0, 10],
        [1000, 10],
      ],
      box,
    ),
  ).toBe('M0.0 10.0L100.0 10.0');
  expect(sparklinePath([[0, 10]], box)).toBe('');
  expect(sparklinePath([], box)).toBe('');
});

it('knows the direction', () => {
  expect(trendOf([])).toBe('flat');
  expect(
    trendOf([
      [0, 1],
      [1, 2],
    ]),
  ).toBe('up');
  expect(
    trendOf([
      [0, 2],
      [1, 1],
    ]),
  ).toBe('down');
});
