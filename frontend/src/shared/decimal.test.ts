import { describe, expect, it } from 'vitest';
import { formatMicros, formatSigned, percentOf, subtract, toMicros } from './decimal';

describe('toMicros', () => {
  it('is exact for the ticks of every tracked instrument', () => {
    expect(toMicros(118.15625)).toBe(118_156_250);
    expect(toMicros(4.5555)).toBe(4_555_500);
    expect(toMicros(-37.63)).toBe(-37_630_000);
    expect(toMicros(0)).toBe(0);
  });

  it('is null where there is no usable price', () => {
    for (const price of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY, 1e12])
      expect(toMicros(price)).toBeNull();
  });
});

describe('arithmetic', () => {
  it('has no float noise', () => {
    expect(0.3 - 0.1).not.toBe(0.2);
    expect(subtract(toMicros(0.3), toMicros(0.1))).toBe(toMicros(0.2));
    expect(subtract(toMicros(5342.1), toMicros(5330.4))).toBe(11_700_000);
  });

  it('is null when a side is unknown', () => {
    expect(subtract(null, 1)).toBeNull();
    expect(subtract(1, null)).toBeNull();
    expect(percentOf(1, 0)).toBeNull();
    expect(percentOf(null, 1)).toBeNull();
  });

  it('keeps the sign of the move when the base is negative', () => {
    expect(percentOf(toMicros(1), toMicros(-10))).toBe(10);
  });
});

describe('formatMicros', () => {
  it.each([
    [5_342_000_000, 2, '5,342.00'],
    [118_156_250, 5, '118.15625'],
    [39_480_000_000, 0, '39,480'],
    [50_000, 4, '0.0500'],
    [-37_630_000, 2, '-37.63'],
    [1_234_567_890_000, 2, '1,234,567.89'],
    [5_000, 2, '0.01'],
    [-5_000, 2, '-0.01'],
    [-4_999, 2, '0.00'],
    [1_500_000, 0, '2'],
    [123, 6, '0.000123'],
  ])('%d at %d is %s', (micros, precision, text) => {
    expect(formatMicros(micros, precision)).toBe(text);
  });
});

describe('formatSigned', () => {
  it('shows the sign of what moved, and none of what did not', () => {
    expect(formatSigned(12_250_000, 2)).toBe('+12.25');
    expect(formatSigned(-12_250_000, 2)).toBe('-12.25');
    expect(formatSigned(0, 2)).toBe('0.00');
    expect(formatSigned(4_000, 2)).toBe('0.00');
  });
});
