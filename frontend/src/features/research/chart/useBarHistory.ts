import { useEffect, useState, useSyncExternalStore } from 'react';
import { askBars } from '@/api/research';
import { BarHistory, type BarsState, type Question } from './barHistory';

/** What is to be seen first: a span (epoch milliseconds; without an end the newest), or a trade date. */
export interface Goal {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly date?: string | undefined;
}

const REFRESH_MS = { fast: 5_000, slow: 15_000 } as const;
const DAY_MS = 86_400_000;

/** A question's bars, read from the goal on; the newest are asked for again and again while they are shown. */
export function useBarHistory(question: Question, goal: Goal): readonly [BarHistory, BarsState] {
  const [history] = useState(() => new BarHistory(question, askBars));
  const [first] = useState(goal);
  const state = useSyncExternalStore(history.subscribe, history.get);
  useEffect(() => {
    const { date, fromMs, toMs } = first;
    void history.open(fromMs, date === undefined ? toMs : Date.parse(`${date}T00:00:00Z`) + DAY_MS);
    return () => history.close();
  }, [history, first]);
  useEffect(() => {
    if (!state.isNewest) return;
    const every = question.timeframe === '1s' || question.timeframe === '5s' ? REFRESH_MS.fast : REFRESH_MS.slow;
    const timer = setInterval(() => !document.hidden && void history.newer(), every);
    return () => clearInterval(timer);
  }, [history, state.isNewest, question.timeframe]);
  return [history, state];
}
