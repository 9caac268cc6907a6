import { expect, it } from 'vitest';
import { type ClockReading, simulatedAt } from './presentClock';

const reading: ClockReading = { nowMs: 1_000_000, takenMs: 500, simulated: true, speed: 1000 };

it('runs as fast as the replay', () => {
  expect(simulatedAt(reading, 500)).toBe(1_000_000);
  expect(simulatedAt(reading, 1_500)).toBe(2_000_000);
  expect(simulatedAt({ ...reading, speed: 60 }, 1_500)).toBe(1_060_000);
});

it('stands where only the next answer tells the time', () => {
  expect(simulatedAt({ ...reading, speed: null }, 9_500)).toBe(1_000_000);
  expect(simulatedAt({ ...reading, speed: 0 }, 9_500)).toBe(1_000_000);
});

it('does not go behind what was read when this machine is set back', () => {
  expect(simulatedAt(reading, 0)).toBe(1_000_000);
});
