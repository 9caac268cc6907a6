import { useQuery } from '@tanstack/react-query';
import { useLive } from '@/live/hooks';
import { boardQuery, snapshotQuery } from '@/live/snapshot';

/** Fetches the newest quotes and what the desk makes of them, so that a page need not wait for the next of each symbol. */
export function useSnapshot(): void {
  const { store, board } = useLive();
  useQuery(snapshotQuery(store));
  useQuery(boardQuery(board));
}
