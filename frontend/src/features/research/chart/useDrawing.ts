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
  const { phase, bars, rolls } = state;
  useEffect(() => {
    if (!chart || phase !== 'ready') return;
    const before = last.current?.chart === chart ? last.current.bars : [];
    const view = chart.view();
    drawAll(chart, bars, { vwap, rolls, precision, isDay });
    if (bars.length === 0) return;
    if (before.length === 0) chart.show(firstView(bars, goal, room));
    else if (view) chart.show(keptView(view, before, bars));
    last.current = { chart, bars };
  }, [chart, phase, bars, rolls, vwap, goal, precision, isDay, room]);
}

interface Parts {
  readonly vwap: VwapOf;
  readonly rolls: readonly Roll[];
  readonly precision: number;
  readonly isDay: boolean;
}

function drawAll(chart: HistoryChartOf, bars: readonly HistoryBar[], { vwap, rolls, precision, isDay }: Parts): void {
  chart.setBars(bars);
  chart.setVwap(vwapLine(bars, vwap, isDay));
  chart.setBands(isDay ? [] : outsideHours(bars));
  chart.setMarks(rollMarks(bars, rolls, precision));
}

const SETTLED_MS = 250;

/** What is in sight once it rests; meanwhile reads what comes into sight. */
export function useView(chart: HistoryChartOf | null, history: BarHistory, onRest: (view: View) => void): void {
  const latest = useRef(onRest);
  useEffect(() => {
    latest.current = onRest;
  });
  useEffect(() => {
    if (!chart) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = chart.onView((view) => {
      const { bars, isNewest } = history.get();
      if (bars.length > 0 && view.from < EDGE_BARS) void history.older();
      if (!isNewest && view.to > bars.length - EDGE_BARS) void history.newer();
      clearTimeout(timer);
      timer = setTimeout(() => latest.current(view), SETTLED_MS);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [chart, history]);
}
