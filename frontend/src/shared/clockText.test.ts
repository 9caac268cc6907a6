import { describe, expect, it } from 'vitest';
import { dateIn, formatCountdown, instantIn, timeIn, weekdayIn } from './clockText';

describe('formatCountdown', () => {
  it.each([
    [0, '00:00:00'],
    [-5_000, '00:00:00'],
    [1, '00:00:01'],
    [1_000, '00:00:01'],
    [1_001, '00:00:02'],
    [7_985_000, '02:13:05'],
    [86_399_500, '1d 00:00:00'],
    [180_785_000, '2d 02:13:05'],
  ])('%d ms is %s', (ms, text) => expect(formatCountdown(ms)).toBe(text));
});

// A Sunday: 22:30 UTC, Monday 07:30 in Tokyo, 16:30 in Chicago.
const NOW = Date.UTC(2026, 10, 22, 22, 30, 5);

it('reads the clocks of other zones', () => {
  expect(timeIn('Asia/Tokyo', NOW)).toBe('07:30:05');
  expect(timeIn('America/Chicago', NOW)).toBe('16:30:05');
  expect(timeIn('Asia/Kolkata', NOW)).toBe('04:00:05');
  expect(timeIn('UTC', Date.UTC(2026, 0, 1))).toBe('00:00:00');
  expect(weekdayIn('Asia/Tokyo', NOW)).toBe('Mon');
  expect(dateIn('America/Chicago', NOW)).toBe('22 Nov 2026');
});

it('keeps to the zone over a change of its hours', () => {
  const change = Date.UTC(2026, 9, 25, 1);
  expect(timeIn('Europe/Berlin', change - 1_000)).toBe('02:59:59');
  expect(timeIn('Europe/Berlin', change)).toBe('02:00:00');
});

it('says of an instant only as much as is needed', () => {
  expect(instantIn('Asia/Tokyo', Date.UTC(2026, 10, 23, 6, 30), NOW)).toBe('15:30');
  expect(instantIn('America/Chicago', Date.UTC(2026, 10, 23, 14, 30), NOW)).toBe('Mon 08:30');
  expect(instantIn('Asia/Tokyo', Date.UTC(2027, 0, 4), NOW)).toBe('4 Jan 09:00');
});
