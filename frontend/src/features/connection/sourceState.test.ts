import { expect, it } from 'vitest';
import type { SourceHealth } from '@/api/queries';
import { shownSources, sourceState } from './sourceState';

const row = (source: string, state: SourceHealth['state']) => ({ source, state }) as SourceHealth;

it('takes the best collector of a source', () => {
  const rows = [row('TOS', 'waiting'), row('TOS', 'connected'), row('SCHWAB', 'down'), row('SCHWAB', 'stale')];
  expect(sourceState(rows, 'TOS')).toBe('connected');
  expect(sourceState(rows, 'SCHWAB')).toBe('stale');
  expect(sourceState(rows, 'MOCK')).toBeNull();
});

it('shows the sources of quotes before those that only report health', () => {
  const rows = [row('TOS', 'down'), row('MOCK', 'connected'), row('TOS', 'waiting')];
  expect(shownSources(new Map([['MOCK', 11]]), rows)).toEqual(['MOCK']);
  expect(shownSources(new Map(), rows)).toEqual(['MOCK', 'TOS']);
  expect(shownSources(new Map(), [])).toEqual([]);
});
