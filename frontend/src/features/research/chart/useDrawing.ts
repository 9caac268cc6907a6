import { useComputedColorScheme } from '@mantine/core';
import { type RefObject, useEffect, useRef, useState } from 'react';
import type { Instrument } from '@/api/queries';
import type { Roll, Timeframe } from '@/api/research';
import type { View } from '@/shared/chart/bar';
import { PriceChart } from '@/shared/chart/priceChart';
import type { BarHistory, BarsState, HistoryBar } from './barHistory';
import { outsideHours, rollMarks, type VwapOf, vwapLine } from './figures';
import { firstView, keptView } from './place';
import type { Goal } from './useBarHistory';

export type HistoryChartOf = PriceChart<HistoryBar>;

/** So near to an end of what is read, more is read. */
const EDGE_BARS = 60;
const BAR_PX = 6;

/** How many bars fit well into a width. */
export const roomIn = (widthPx: number): number => Math.max(Math.round(widthPx / BAR_PX), 40);

interface Look {
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  readonly zone: string;
}

/** The chart of an element, in the page's colours; null before there is one. */
export function useChartOf(
  element: RefObject<HTMLDivElement | null>,
  { instrument, timeframe, zone: exchange }: Look,
  onHover: (bar: HistoryBar | null) => void,
): HistoryChartOf | null {
  const [chart, setChart] = useState<HistoryChartOf | null>(null);
  const scheme = useComputedColorScheme('dark', { getInitialValueInEffect: false });
  const { display_precision: precision, tick_size } = instrument;
  const tickSize = Number(tick_size);
  const isDay = timeframe === '1d';
  // The time of a day's bar is its date, which is the same everywhere.
  const zone = isDay ? 'UTC' : exchange;
  const grain = isDay ? 'day' : timeframe === '1s' || timeframe === '5s' ? 'second' : 'minute';
  useEffect(() => {
    if (!element.current) return;
    const made = new PriceChart<HistoryBar>(element.current, { precision, tickSize, zone, grain }, onHover);
    setChart(made);
    return () => {
      setChart(null);
      made.remove();
    };
  }, [element, precision, tickSize, zone, grain, onHover]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is when to read the colours again
  useEffect(() => {
    if (element.current) chart?.repaint(element.current);
  }, [element, chart, scheme]);
  return chart;
}

interface Drawn {
  readonly state: BarsState;
  readonly vwap: VwapOf;
  readonly goal: Goal;
  readonly precision: number;
  readonly isDay: boolean;
  readonly room: number;
}

/** Puts what is read into the chart; what was in sight stays there. */
export function useDrawing(chart: HistoryChartOf | null, { state, vwap, goal, precision, isDay, room }: Drawn): void {
  const last = useRef<{ chart: HistoryChartOf; bars: readonly HistoryBar[] } | null>(null);
  const start = useRef(goal);
  const { phase, bars, rolls } = state;
  useEffect(() => {
    if (!chart || phase !== 'ready') return;
    const before = last.current?.chart === chart ? last.current.bars : [];
    const view = chart.view();
    const next = before.length > 0 && view ? keptView(view, before, bars) : firstView(bars, start.current, room);
    drawAll(chart, bars, next, { vwap, rolls, precision, isDay });
    last.current = { chart, bars };
  }, [chart, phase, bars, rolls, vwap, precision, isDay, room]);
}

interface Parts {
  readonly vwap: VwapOf;
  readonly rolls: readonly Roll[];
  readonly precision: number;
  readonly isDay: boolean;
}

function drawAll(chart: HistoryChartOf, bars: readonly HistoryBar[], view: View, parts: Parts): void {
  const { vwap, rolls, precision, isDay } = parts;
  chart.setBars(bars, bars.length > 0 ? view : undefined);
  chart.setVwap(vwapLine(bars, vwap, isDay));
  chart.setBands(isDay ? [] : outsideHours(bars));
  chart.setMarks(rollMarks(bars, rolls, precision));
}

const SETTLED_MS = 250;

/** What is in sight, told as it begins to move and once it rests; meanwhile reads what comes into sight. */
export function useView(
  chart: HistoryChartOf | null,
  history: BarHistory,
  state: BarsState,
  onRest: (view: View) => void,
): void {
  const latest = useRef(onRest);
  useEffect(() => {
    latest.current = onRest;
  });
  useEffect(() => {
    if (!chart) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = chart.onView((view) => {
      readAround(history, view);
      if (timer === undefined) latest.current(view);
      clearTimeout(timer);
      timer = setTimeout(() => {
        timer = undefined;
        latest.current(view);
      }, SETTLED_MS);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [chart, history]);
  useEffect(() => {
    // What came into sight while something else was read; after a failure somebody asks for it.
    const view = chart?.view();
    if (view && state.phase === 'ready' && !state.error) readAround(history, view);
  }, [chart, history, state]);
}

/** Reads what is nearly in sight. */
function readAround(history: BarHistory, view: View): void {
  const { bars, isNewest } = history.get();
  if (bars.length === 0) return;
  if (view.from < EDGE_BARS) void history.older();
  if (!isNewest && view.to > bars.length - EDGE_BARS) void history.newer();
}
