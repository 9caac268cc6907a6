/** How components read live data. */

import { useQuery } from '@tanstack/react-query';
import { createContext, useCallback, useContext, useRef, useSyncExternalStore } from 'react';
import type { Alert } from './alerts';
import type { BoardRow, Total } from './board';
import { marketsQuery } from './markets';
import type { QuoteEntry } from './quoteStore';
import type { Point } from './series';
import type { LiveSession } from './session';
import { subscribeSecond } from './ticker';
import type { WireStatus } from './wire';

export const LiveContext = createContext<LiveSession | null>(null);

export function useLive(): LiveSession {
  const session = useContext(LiveContext);
  if (!session) throw new Error('useLive needs a LiveContext around it');
  return session;
}

/** The symbol's newest quote; renders only when it changes. */
export function useQuote(symbol: string): QuoteEntry | undefined {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribe(symbol, listener), [store, symbol]);
  return useSyncExternalStore(subscribe, () => store.get(symbol));
}

/** The desk's newest row of the symbol; renders only when it changes. */
export function useBoardRow(symbol: string): BoardRow | undefined {
  return useBoardPart(symbol, (row) => row);
}

/** A part of the desk's row; renders only when the part is another. `select` answers a primitive or a part of the row. */
export function useBoardPart<T>(symbol: string, select: (row: BoardRow | undefined) => T): T {
  const { board } = useLive();
  const subscribe = useCallback((listener: () => void) => board.subscribe(symbol, listener), [board, symbol]);
  return useSyncExternalStore(subscribe, () => select(board.row(symbol)));
}

/** The composite; null before the desk has said it. */
export function useTotal(): Total | null {
  const { board } = useLive();
  const subscribe = useCallback((listener: () => void) => board.subscribeTotal(listener), [board]);
  return useSyncExternalStore(subscribe, () => board.total());
}

/** Whether quotes come, but nothing of what the desk makes of them. */
export function useDeskSilent(): boolean {
  return useEverySecond((session) => session.isDeskSilent());
}

/** The symbol's sparkline points; a new array at most once a second. */
export function useSeries(symbol: string): readonly Point[] {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribe(symbol, listener), [store, symbol]);
  return useSyncExternalStore(subscribe, () => store.series(symbol));
}

/** Sources of the shown quotes with their number of symbols. */
export function useActiveSources(): ReadonlyMap<string, number> {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribeBoard(listener), [store]);
  return useSyncExternalStore(subscribe, () => store.sources());
}

/** How many of `symbols` have a quote. */
export function useQuoteCount(symbols: readonly string[]): number {
  const { store } = useLive();
  const subscribe = useCallback((listener: () => void) => store.subscribeBoard(listener), [store]);
  return useSyncExternalStore(subscribe, () => symbols.filter((symbol) => store.get(symbol)).length);
}

export function useWireStatus(): WireStatus {
  const { wire } = useLive();
  const subscribe = useCallback((listener: () => void) => wire.subscribe(listener), [wire]);
  return useSyncExternalStore(subscribe, () => wire.status());
}

/** Alerts that hold now. */
export function useAlerts(): readonly Alert[] {
  const { alerts } = useLive();
  const subscribe = useCallback((listener: () => void) => alerts.subscribe(listener), [alerts]);
  return useSyncExternalStore(subscribe, () => alerts.list());
}

/** How the markets stand; every user of this hook shares one answer. */
export function useMarkets() {
  return useQuery(marketsQuery(useLive()));
}

/**
 * What `select` makes of the live session, looked at once a second; renders only when the answer is another.
 * `select` must answer a primitive, or the same object for the same state. `present` is the time of what is shown,
 * which differs from the server's in a replay.
 */
export function useEverySecond<T extends string | number | boolean | null>(
  select: (session: LiveSession, present: number, serverNow: number) => T,
): T {
  const session = useLive();
  const lookedAt = useRef<number | null>(null);
  const subscribe = useCallback(
    (listener: () => void) =>
      subscribeSecond(() => {
        lookedAt.current = session.serverNow();
        listener();
      }),
    [session],
  );
  return useSyncExternalStore(subscribe, () => {
    // One fixed time between two seconds: a snapshot must not change by itself.
    lookedAt.current ??= session.serverNow();
    return select(session, session.presentAt(lookedAt.current), lookedAt.current);
  });
}
