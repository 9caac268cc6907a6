/** The reads of the API that are not quotes. Quotes come in through `live`. */

import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from './client';
import type { Replay } from './markets';
import type { components } from './schema';

export type Instrument = components['schemas']['InstrumentsAnswer']['instruments'][number];
export type SourceHealth = components['schemas']['SourcesAnswer']['sources'][number];
export type Status = components['schemas']['StatusAnswer'];

const SOURCES_EVERY_MS = 5_000;
const STATUS_EVERY_MS = 15_000;

/** Tracked instruments, in the order of the watch list. */
export const instrumentsQuery = queryOptions({
  queryKey: ['instruments'],
  staleTime: 5 * 60_000,
  queryFn: async ({ signal }): Promise<Instrument[]> => {
    const { instruments } = await unwrap(api.GET('/api/instruments', { signal }));
    return instruments.filter((each) => each.is_tracked).toSorted((a, b) => a.position - b.position);
  },
});

/** Health of the quote sources. */
export const sourcesQuery = queryOptions({
  queryKey: ['sources'],
  refetchInterval: SOURCES_EVERY_MS,
  queryFn: async ({ signal }): Promise<SourceHealth[]> => (await unwrap(api.GET('/api/sources', { signal }))).sources,
});

export const statusQuery = queryOptions({
  queryKey: ['status'],
  refetchInterval: STATUS_EVERY_MS,
  queryFn: ({ signal }): Promise<Status> => unwrap(api.GET('/api/status', { signal })),
});

export type AlertRow = components['schemas']['AlertRow'];

/** The alerts that hold now. */
export async function readAlerts(): Promise<AlertRow[]> {
  return (await unwrap(api.GET('/api/alerts'))).alerts;
}

const RUNNING_REPLAYS_EVERY_MS = 5_000;
const REPLAYS_EVERY_MS = 60_000;

/** Replays that can be looked at; asked for often while one runs. */
export const replaysQuery = queryOptions({
  queryKey: ['replays'],
  queryFn: async ({ signal }): Promise<Replay[]> => (await unwrap(api.GET('/api/replays', { signal }))).replays,
  refetchInterval: ({ state }) =>
    state.data?.some((replay) => replay.state === 'running') ? RUNNING_REPLAYS_EVERY_MS : REPLAYS_EVERY_MS,
});
