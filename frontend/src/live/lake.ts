/** Work on the lake: its events put how far it is into what the page shows, and its ends have coverage asked for anew. */

import type { QueryClient } from '@tanstack/react-query';
import { type LakeRun, lakeKey, type RunsAnswer, runsKey } from '@/api/research';
import { parseObject } from './quote';

export const RUN_EVENT = 'lake.run';

const ENDED: readonly string[] = ['done', 'failed', 'cancelled'];

export const hasEnded = ({ status }: Pick<LakeRun, 'status'>): boolean => ENDED.includes(status);

/** Reads an event's JSON; null when it is none. */
export function readRun(data: string): LakeRun | null {
  const said = parseObject(data);
  return said && typeof said.id === 'number' && typeof said.status === 'string' ? (said as unknown as LakeRun) : null;
}

/** The answer with a run as it stands now; a new one comes first. What has ended stays so. */
export function withRun(answer: RunsAnswer, run: LakeRun): RunsAnswer {
  const known = answer.runs.find(({ id }) => id === run.id);
  if (!known) return { ...answer, runs: [run, ...answer.runs] };
  // Its answer over HTTP may have come before an event that was sent earlier.
  if (hasEnded(known) && !hasEnded(run)) return answer;
  return { ...answer, runs: answer.runs.map((each) => (each.id === run.id ? run : each)) };
}

/** Takes an event; answers whether it could be read. */
export function takeRunEvent(queryClient: QueryClient, data: string): boolean {
  const run = readRun(data);
  if (!run) return false;
  queryClient.setQueryData<RunsAnswer>(runsKey, (answer) => answer && withRun(answer, run));
  if (hasEnded(run)) {
    const predicate = ({ queryKey: [root, what] }: { queryKey: readonly unknown[] }) =>
      root === lakeKey[0] && what !== runsKey[1];
    void queryClient.invalidateQueries({ predicate });
  }
  return true;
}
