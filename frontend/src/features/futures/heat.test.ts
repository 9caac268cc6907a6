import { expect, it } from 'vitest';
import { barLength, changeLevel, signalLevel } from './heat';

it('colours by the signal, and not where there is none', () => {
  expect(['STRONG_BUY', 'BUY', 'HOLD', 'SELL', 'STRONG_SELL'].map((each) => signalLevel(each as 'BUY'))).toEqual([
    2, 1, 0, -1, -2,
  ]);
  expect(signalLevel(null)).toBeNull();
});

it('colours by the change, at and around each bound', () => {
  expect([0, 0.099, 0.1, 0.749, 0.75, 9].map(changeLevel)).toEqual([0, 0, 1, 1, 2, 2]);
  expect([-0.099, -0.1, -0.749, -0.75].map(changeLevel)).toEqual([0, -1, -1, -2]);
  expect(changeLevel(null)).toBeNull();
});

it('draws a change as a share of the largest', () => {
  expect(barLength(-1, 2)).toBe(0.5);
  expect(barLength(3, 2)).toBe(1);
  expect(barLength(null, 2)).toBe(0);
  expect(barLength(1, 0)).toBe(0);
});
