import { type KeyboardEvent, type RefObject, useCallback, useImperativeHandle, useMemo, useRef, useState } from 'react';
import type { Instrument } from '@/api/queries';
import type { View } from '@/shared/chart/bar';
import { dateIn, timeIn, weekdayIn } from '@/shared/clockText';
import { formatMicros, toMicros } from '@/shared/decimal';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { useMeasured } from '@/shared/useMeasured';
import type { BarHistory, BarsState, HistoryBar, Question } from './barHistory';
import { ChartFoot } from './ChartFoot';
import classes from './chart.module.css';
import { sessionVwap } from './figures';
import { NoBars } from './NoBars';
import { indexAt, type Seen, seenIn, spanOf, stepDateView } from './place';
import { Readout } from './Readout';
import { type Goal, useBarHistory } from './useBarHistory';
import { type HistoryChartOf, roomIn, useChartOf, useDrawing, useView } from './useDrawing';
import { useKept } from './useKept';

/** What is in sight, and how the address says so. */
export interface Sight extends Seen {
  readonly span: { readonly from: string | undefined; readonly to: string | undefined };
}

/** What the page does with the chart. */
export interface ChartHandle {
  stepDate(step: 1 | -1): void;
}

interface HistoryChartProps {
  instrument: Instrument;
  zone: string;
  question: Question;
  goal: Goal;
  onSight: (sight: Sight | null) => void;
  onNewest: () => void;
  handle: RefObject<ChartHandle | null>;
}

/** The bars of a question with all that belongs to them: figures of one, the drawing, where they come from. */
export function HistoryChart({ instrument, zone, question, goal, onSight, onNewest, handle }: HistoryChartProps) {
  const [history, state] = useBarHistory(question, goal);
  const { bars, isOldest } = state;
  const { display_precision: precision, symbol } = instrument;
  const isDay = question.timeframe === '1d';
  const element = useRef<HTMLDivElement>(null);
  const room = useMeasured(element, roomIn, 120);
  const [hovered, setHovered] = useState<HistoryBar | null>(null);
  const [pointed, setPointed] = useState<HistoryBar | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const vwap = useMemo(() => sessionVwap(bars, isOldest || isDay), [bars, isOldest, isDay]);
  const chart = useChartOf(element, { instrument, timeframe: question.timeframe, zone }, setHovered);
  useDrawing(chart, { state, vwap, goal, precision, isDay, room });
  const onRest = useCallback(
    (view: View) => {
      const { bars: all, isNewest } = history.get();
      const found = seenIn(all, view, isNewest);
      setSeen(found);
      onSight(found && { ...found, span: spanOf(found, view, room) });
    },
    [history, onSight, room],
  );
  useView(chart, history, state, onRest);
  useImperativeHandle(handle, () => ({ stepDate: (step) => stepDate(chart, history, step) }), [chart, history]);
  const kept = useKept(symbol, seen);
  const shown = current(bars, hovered ?? pointed ?? seen?.last);
  const before = shown && bars[indexAt(bars, shown.startMs) - 1];
  return (
    <div
      className={classes.drawn}
      data-testid="history-chart"
      data-state={stateWord(state)}
      data-bars={bars.length}
      data-oldest={isOldest}
      data-newest={state.isNewest}
    >
      <Readout
        bar={shown}
        before={before}
        vwap={shown && vwap.get(shown)}
        kept={shown && kept.get(shown.tradeDate)}
        isDay={isDay}
        zone={zone}
        precision={precision}
      />
      <div className={classes.stage}>
        <Pointer chart={chart} bars={bars} shown={shown} zone={zone} precision={precision} onPoint={setPointed}>
          <div ref={element} className={classes.canvas} aria-hidden="true" />
        </Pointer>
        <Instead state={state} history={history} goal={goal} symbol={symbol} onNewest={onNewest} />
      </div>
      <ChartFoot
        state={state}
        history={history}
        seen={seen}
        kept={kept}
        zone={zone}
        isDay={isDay}
        precision={precision}
      />
    </div>
  );
}

/** The same bar as it is known now: the newest one grows. */
const current = (bars: readonly HistoryBar[], bar: HistoryBar | undefined): HistoryBar | undefined =>
  bar && (bars[indexAt(bars, bar.startMs)] ?? bar);

function stateWord({ phase, bars }: BarsState): string {
  if (phase !== 'ready') return phase;
  return bars.length > 0 ? 'drawn' : 'empty';
}

function stepDate(chart: HistoryChartOf | null, history: BarHistory, step: 1 | -1): void {
  const view = chart?.view();
  const next = view && stepDateView(history.get().bars, view, step);
  if (next) chart?.show(next);
  else if (step === -1) void history.older();
}

interface InsteadProps {
  state: BarsState;
  history: BarHistory;
  goal: Goal;
  symbol: string;
  onNewest: () => void;
}

/** In the drawing's place while there is none. */
function Instead({ state, history, goal, symbol, onNewest }: InsteadProps) {
  if (state.phase === 'loading') {
    return (
      <p className={classes.instead} role="status">
        Reading bars…
      </p>
    );
  }
  if (state.phase === 'failed' && state.error) {
    return (
      <div className={classes.instead}>
        <ProblemAlert
          what="Bars could not be read"
          error={state.error}
          onRetry={() => void history.open(goal.fromMs, goal.toMs)}
          retrying={false}
        />
      </div>
    );
  }
  if (state.bars.length > 0) return null;
  return (
    <div className={classes.instead}>
      <NoBars symbol={symbol} newestMs={state.newestMs} onNewest={onNewest} />
    </div>
  );
}

interface PointerProps {
  chart: HistoryChartOf | null;
  bars: readonly HistoryBar[];
  shown: HistoryBar | undefined;
  zone: string;
  precision: number;
  onPoint: (bar: HistoryBar | null) => void;
  children: React.ReactNode;
}

/** The drawing as a slider over its bars: arrows move the crosshair, + and - come closer and go further away. */
function Pointer({ chart, bars, shown, zone, precision, onPoint, children }: PointerProps) {
  const at = shown ? indexAt(bars, shown.startMs) : 0;
  const onKeyDown = (event: KeyboardEvent) => {
    const view = chart?.view();
    if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
    const zoomed = ZOOM[event.key];
    const to = targetOf(event.key, at, bars.length, Math.round(view.to - view.from));
    if (zoomed !== undefined) chart?.show({ from: view.to - (view.to - view.from) * zoomed, to: view.to });
    else if (to !== null) pointAt(chart, view, bars[to], to, onPoint);
    else return;
    event.preventDefault();
  };
  return (
    <div
      className={classes.pointer}
      role="slider"
      tabIndex={0}
      aria-label="Bar under the crosshair"
      aria-valuemin={0}
      aria-valuemax={Math.max(bars.length - 1, 0)}
      aria-valuenow={at}
      aria-valuetext={shown ? barWords(shown, zone, precision) : 'no bars'}
      data-testid="chart-pointer"
      onKeyDown={onKeyDown}
      onBlur={() => {
        onPoint(null);
        chart?.point(null);
      }}
    >
      {children}
    </div>
  );
}

const ZOOM: Readonly<Record<string, number>> = { '+': 0.8, '=': 0.8, '-': 1.25 };

/** The place of the bar that a key leads to; null for another key. */
function targetOf(key: string, at: number, count: number, page: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    PageUp: at - page,
    PageDown: at + page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? null : Math.min(Math.max(to, 0), count - 1);
}

function pointAt(
  chart: HistoryChartOf | null,
  view: View,
  bar: HistoryBar | undefined,
  at: number,
  onPoint: (bar: HistoryBar | null) => void,
): void {
  if (!chart || !bar) return;
  const shift = at < view.from ? at - view.from : at > view.to ? at - view.to : 0;
  if (shift !== 0) chart.show({ from: view.from + shift, to: view.to + shift });
  chart.point(bar);
  onPoint(bar);
}

function barWords(bar: HistoryBar, zone: string, precision: number): string {
  const price = (value: number) => formatMicros(toMicros(value) ?? 0, precision);
  const when = `${weekdayIn(zone, bar.startMs)} ${dateIn(zone, bar.startMs)} ${timeIn(zone, bar.startMs)}`;
  return `${when}: open ${price(bar.open)}, high ${price(bar.high)}, low ${price(bar.low)}, close ${price(bar.close)}`;
}
