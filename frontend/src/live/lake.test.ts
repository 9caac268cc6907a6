import { QueryClient } from '@tanstack/react-query';
import { expect, it, vi } from 'vitest';
import { type LakeRun, type RunsAnswer, runsKey } from '@/api/research';
import { readRun, takeRunEvent, withRun } from './lake';

const run = (fields: Partial<LakeRun> = {}): LakeRun => ({
  id: 7,
  kind: 'export',
  title: 'Export, 2025-10-09',
  arguments: {},
  status: 'running',
  done: 3,
  total: 11,
  unit: 'parts',
  note: 'ES',
  asked_by: 'staff',
  asked_at: '2025-10-10T00:00:00Z',
  started_at: '2025-10-10T00:00:01Z',
  heard_at: null,
  ended_at: null,
  ...fields,
});
const answer = (...runs: LakeRun[]): RunsAnswer => ({ runs, refusal: null });

it('reads a run, and nothing else', () => {
  expect(readRun(JSON.stringify(run()))).toEqual(run());
  expect([readRun('{'), readRun('{"id": "7"}'), readRun('[]')]).toEqual([null, null, null]);
});

it('puts a run in its place, a new one first, and lets an ended one be', () => {
  const [old, moved, ended] = [run({ id: 6 }), run({ done: 4 }), run({ status: 'done', done: 11 })];
  expect(withRun(answer(old), run()).runs).toEqual([run(), old]);
  expect(withRun(answer(run(), old), moved).runs).toEqual([moved, old]);
  expect(withRun(answer(ended), moved).runs).toEqual([ended]);
});

it('has what there is asked for anew at the end of a run, and not before', () => {
  const queryClient = new QueryClient();
  queryClient.setQueryData(runsKey, answer(run()));
  queryClient.setQueryData(['lake', 'coverage', '2025-01-01', '2025-12-31'], {});
  queryClient.setQueryData(['markets'], {});
  const isStale = (...key: string[]) => queryClient.getQueryState(key)?.isInvalidated;
  expect(takeRunEvent(queryClient, JSON.stringify(run({ done: 9 })))).toBe(true);
  expect(queryClient.getQueryData<RunsAnswer>(runsKey)?.runs[0]?.done).toBe(9);
  expect(isStale('lake', 'coverage', '2025-01-01', '2025-12-31')).toBe(false);
  takeRunEvent(queryClient, JSON.stringify(run({ status: 'done' })));
  expect([isStale('lake', 'coverage', '2025-01-01', '2025-12-31'), isStale(...runsKey), isStale('markets')]).toEqual([
    true,
    false,
    false,
  ]);
  const ask = vi.spyOn(queryClient, 'invalidateQueries');
  expect(takeRunEvent(queryClient, 'no JSON')).toBe(false);
  expect(ask).not.toHaveBeenCalled();
});
