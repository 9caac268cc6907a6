import { VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useRef, useState } from 'react';
import { type Instrument, instrumentsQuery } from '@/api/queries';
import { zoneQuery } from '@/api/research';
import { ProblemAlert } from '@/shared/ProblemAlert';
import { isReplay, ReplayNote } from '../ReplayNote';
import { useKeys } from '../useKeys';
import type { Question } from './barHistory';
import { ChartBar } from './ChartBar';
import classes from './chart.module.css';
import { type ChartSearch, DEFAULT_TIMEFRAME, type OnChartSearch, TIMEFRAMES } from './chartSearch';
import { type ChartHandle, HistoryChart, type Sight } from './HistoryChart';
import type { Goal } from './useBarHistory';

interface ChartPageProps {
  search: ChartSearch;
  onSearch: OnChartSearch;
}

/** The history of an instrument, bar by bar. */
export function ChartPage({ search, onSearch }: ChartPageProps) {
  const { data: instruments, error, refetch, isFetching } = useQuery(instrumentsQuery);
  const instrument =
    instruments?.find(({ symbol }) => symbol === search.symbol) ?? (search.symbol ? undefined : instruments?.[0]);
  return (
    <main className={classes.page}>
      <VisuallyHidden component="h1">Chart</VisuallyHidden>
      {isReplay() && <ReplayNote what="These bars are made of the ticks that it has stored so far." />}
      {error && !instruments && (
        <ProblemAlert
          what="Instruments could not be loaded"
          error={error}
          onRetry={() => void refetch()}
          retrying={isFetching}
        />
      )}
      {!instruments && !error && (
        <p className={classes.instead} role="status" data-testid="chart-skeleton">
          Reading…
        </p>
      )}
      {instruments && !instrument && (
        <p className={classes.instead} data-testid="no-instrument">
          {`No instrument ${search.symbol ?? ''} is tracked. It can be added in the admin.`}
        </p>
      )}
      {instruments && instrument && (
        <Charted instruments={instruments} instrument={instrument} search={search} onSearch={onSearch} />
      )}
    </main>
  );
}

interface ChartedProps extends ChartPageProps {
  instruments: readonly Instrument[];
  instrument: Instrument;
}

/** Where the chart begins anew: the address's span, or a date that was asked for. `n` counts them. */
interface Start {
  readonly goal: Goal;
  readonly n: number;
}

function Charted({ instruments, instrument, search, onSearch }: ChartedProps) {
  const { symbol } = instrument;
  const [sight, setSight] = useState<Sight | null>(null);
  const [jump, setJump] = useState<Start | null>(null);
  const dateField = useRef<HTMLInputElement>(null);
  const handle = useRef<ChartHandle>(null);
  const zone = useQuery(zoneQuery(symbol));
  const question = useQuestion(symbol, search);
  const onSight = useCallback(
    (seen: Sight | null) => {
      setSight(seen);
      if (seen) onSearch(seen.span);
    },
    [onSearch],
  );
  const ask = (change: Parameters<OnChartSearch>[0], step = false) => {
    setJump(null);
    onSearch(change, step);
  };
  const goTo = (goal: Goal) => setJump({ goal, n: (jump?.n ?? 0) + 1 });
  const toNewest = () => {
    onSearch({ from: undefined, to: undefined });
    goTo({});
  };
  const stepSymbol = (by: number) => {
    const at = instruments.findIndex((each) => each.symbol === symbol);
    ask({ symbol: instruments[(at + by + instruments.length) % instruments.length]?.symbol });
  };
  useKeys({
    j: () => stepSymbol(1),
    k: () => stepSymbol(-1),
    a: () => ask({ adjust: search.adjust ? undefined : 'difference' }),
    r: () => ask({ session: search.session ? undefined : 'rth' }),
    d: () => dateField.current?.focus(),
    n: toNewest,
    '[': () => handle.current?.stepDate(-1),
    ']': () => handle.current?.stepDate(1),
    ...Object.fromEntries(TIMEFRAMES.map((tf, i) => [String(i + 1), () => ask(toTimeframe(tf))])),
  });
  const goal = jump?.goal ?? goalOf(search);
  return (
    <>
      <ChartBar
        instruments={instruments}
        search={search}
        symbol={symbol}
        question={question}
        sight={sight}
        dateField={dateField}
        onAsk={ask}
        onTimeframe={(tf) => ask(toTimeframe(tf))}
        onDate={(date) => goTo({ date })}
        onNewest={toNewest}
      />
      {(zone.data || zone.isError) && (
        <HistoryChart
          key={`${Object.values(question).join(' ')} ${jump?.n ?? 0}`}
          instrument={instrument}
          zone={zone.data ?? 'UTC'}
          question={question}
          goal={goal}
          onSight={onSight}
          onNewest={toNewest}
          handle={handle}
        />
      )}
    </>
  );
}

/** Other bars end where these do. */
const toTimeframe = (tf: (typeof TIMEFRAMES)[number]) => ({
  tf: tf === DEFAULT_TIMEFRAME ? undefined : tf,
  from: undefined,
});

function goalOf({ from, to }: ChartSearch): Goal {
  const ms = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));
  return { fromMs: ms(from), toMs: ms(to) };
}

function useQuestion(symbol: string, { tf = DEFAULT_TIMEFRAME, adjust, session }: ChartSearch): Question {
  return useMemo(
    () => ({ symbol, timeframe: tf, adjust: adjust ?? 'none', session: session ?? 'all' }),
    [symbol, tf, adjust, session],
  );
}
