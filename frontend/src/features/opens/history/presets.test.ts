import { expect, it } from 'vitest';
import { presetsAt } from './presets';

it('counts from the present that is shown', () => {
  const [week, month, , year] = presetsAt(Date.UTC(2026, 1, 5, 12));
  expect([week?.from, month?.from, year?.from]).toEqual(['2026-02-02', '2026-01-06', '2026-01-01']);
  expect(presetsAt(Date.UTC(2026, 1, 8))[0]?.from).toBe('2026-02-02');
  expect(presetsAt(Date.UTC(2026, 1, 9))[0]?.from).toBe('2026-02-09');
});
