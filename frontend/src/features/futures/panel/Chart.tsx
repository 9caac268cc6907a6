import { useComputedColorScheme } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import type { Instrument } from '@/api/queries';
import { useBoardPart, useLive, useQuote } from '@/live/hooks';
import type { Bar } from '@/shared/chart/bar';
import { PriceChart } from '@/shared/chart/priceChart';
import { formatMicros, toMicros } from '@/shared/decimal';
import { formatCount } from '@/shared/format';
import { ProblemAlert } from '@/shared/ProblemAlert';
import type { Timeframe } from '../boardSearch';
import { barStart, LiveBar } from './bars';
import { ChartLoading } from './ChartLoading';
import classes from './panel.module.css';
import { barsQuery, vwapQuery } from './reads';

const SECONDS: Readonly<Record<Timeframe, number>> = { '1m': 60, '5m': 300, '15m': 900, '1h': 3600 };

interface ChartProps {
  instrument: Instrument;
  timeframe: Timeframe;
}

/** Bars of ticks with VWAP and levels; the newest bar moves with the quotes. */
export default function Chart({ instrument, timeframe }: ChartProps) {
  const { symbol } = instrument;
  const { data: bars, error, refetch, isFetching } = useQuery(barsQuery(symbol, timeframe));
  if (error && !bars) {
    return (
      <div className={classes.canvas} data-testid="chart" data-state="failed">
        <ProblemAlert
          what="Bars could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      </div>
    );
  }
  if (!bars) return <ChartLoading />;
  return <Drawn key={`${symbol} ${timeframe}`} instrument={instrument} timeframe={timeframe} bars={bars} />;
}

function Drawn({ instrument, timeframe, bars }: ChartProps & { bars: readonly Bar[] }) {
  const element = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<Bar | null>(null);
  const chart = useChart(element, instrument, setHovered);
  const seconds = SECONDS[timeframe];
  const newest = useLiveBars(chart, instrument.symbol, seconds, bars);
  useVwap(chart, instrument.symbol, seconds);
  useLevels(chart, instrument.symbol);
  const shown = hovered ?? newest ?? bars.at(-1);
  const precision = instrument.display_precision;
  return (
    <div className={classes.chart} data-testid="chart" data-state={bars.length > 0 || newest ? 'drawn' : 'empty'}>
      <p className={classes.legend} data-testid="chart-legend" data-bars={bars.length}>
        {shown ? barWords(shown, precision) : 'No bars yet: the first quote begins one.'}
      </p>
      <div
        ref={element}
        className={classes.canvas}
        role="img"
        aria-label={`${timeframe} bars of ${instrument.symbol} with VWAP: ${bars.length} bars`}
      />
    </div>
  );
}

function barWords({ open, high, low, close, volume }: Bar, precision: number): string {
  const price = (value: number) => formatMicros(toMicros(value) ?? 0, precision);
  return `O ${price(open)}  H ${price(high)}  L ${price(low)}  C ${price(close)}  V ${formatCount(volume)}`;
}

function useChart(
  element: RefObject<HTMLDivElement | null>,
  instrument: Instrument,
  onHover: (bar: Bar | null) => void,
) {
  const [chart, setChart] = useState<PriceChart | null>(null);
  const scheme = useComputedColorScheme('dark', { getInitialValueInEffect: false });
  const { display_precision: precision, tick_size: tickSize } = instrument;
  useEffect(() => {
    if (!element.current) return;
    const made = new PriceChart(element.current, { precision, tickSize: Number(tickSize), zone: 'UTC' }, onHover);
    setChart(made);
    return () => {
      setChart(null);
      made.remove();
    };
  }, [element, precision, tickSize, onHover]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme is when to read the colours again
  useEffect(() => {
    if (element.current) chart?.repaint(element.current);
  }, [element, chart, scheme]);
  return chart;
}

/** Puts the bars into the chart and moves the newest with the quotes, once a frame; answers it once a second. */
function useLiveBars(chart: PriceChart | null, symbol: string, seconds: number, bars: readonly Bar[]) {
  const { store } = useLive();
  const [newest, setNewest] = useState<Bar | null>(null);
  useEffect(() => {
    if (!chart) return;
    chart.setBars(bars);
    const live = new LiveBar(seconds, bars.at(-1));
    let told = 0;
    const onQuote = () => {
      const quote = store.get(symbol)?.quote;
      const bar = quote ? live.take(quote) : null;
      if (!bar) return;
      chart.moveBar(bar);
      const second = Math.floor(performance.now() / 1000);
      if (second === told) return;
      told = second;
      setNewest(bar);
    };
    onQuote();
    return store.subscribe(symbol, onQuote);
  }, [chart, store, symbol, seconds, bars]);
  return newest;
}

/** VWAP's line: the stored minutes, and the desk's value at the newest bar. */
function useVwap(chart: PriceChart | null, symbol: string, seconds: number) {
  const { data } = useQuery(vwapQuery(symbol));
  const vwap = useBoardPart(symbol, (row) => row?.vwap ?? null);
  const atMs = useBoardPart(symbol, (row) => row?.atMs ?? null);
  const points = useMemo(
    () => [...new Map((data ?? []).map((point) => [barStart(point.time * 1000, seconds), point.value]))],
    [data, seconds],
  );
  useEffect(() => chart?.setVwap(points.map(([time, value]) => ({ time, value }))), [chart, points]);
  useEffect(() => {
    const time = atMs === null ? null : barStart(atMs, seconds);
    const isNewest = time !== null && time >= (points.at(-1)?.[0] ?? 0);
    if (chart && vwap !== null && isNewest) chart.moveVwap({ time, value: vwap });
  }, [chart, vwap, atMs, seconds, points]);
}

function useLevels(chart: PriceChart | null, symbol: string) {
  const high = useBoardPart(symbol, (row) => row?.session_high ?? null);
  const low = useBoardPart(symbol, (row) => row?.session_low ?? null);
  const settlement = useQuote(symbol)?.quote.settlement ?? null;
  useEffect(() => chart?.setLevel({ name: 'high', title: 'High', price: high }), [chart, high]);
  useEffect(() => chart?.setLevel({ name: 'low', title: 'Low', price: low }), [chart, low]);
  useEffect(() => chart?.setLevel({ name: 'settlement', title: 'Settled', price: settlement }), [chart, settlement]);
}
