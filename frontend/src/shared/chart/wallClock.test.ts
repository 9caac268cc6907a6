import { expect, it } from 'vitest';
import { WallClock } from './wallClock';

const seconds = (iso: string) => Date.parse(iso) / 1000;
const shown = (zone: string, iso: string) => new Date(new WallClock(zone).of(seconds(iso)) * 1000).toISOString();

it('shows what the clocks of the zone show, in winter and in summer', () => {
  expect(shown('America/Chicago', '2026-11-20T15:30:07Z')).toBe('2026-11-20T09:30:07.000Z');
  expect(shown('America/Chicago', '2026-07-20T15:30:07Z')).toBe('2026-07-20T10:30:07.000Z');
  expect(shown('Asia/Kolkata', '2026-11-20T23:59:59Z')).toBe('2026-11-21T05:29:59.000Z');
  expect(shown('UTC', '2026-11-20T15:30:07Z')).toBe('2026-11-20T15:30:07.000Z');
});

it('follows the clocks over their change', () => {
  const clock = new WallClock('America/Chicago');
  const span = clock.of(seconds('2026-11-01T23:00:00Z')) - clock.of(seconds('2026-10-30T21:00:00Z'));
  expect(span / 3600).toBe(49);
});
