import { useMediaQuery } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { type Instrument, instrumentsQuery } from '@/api/queries';
import { useDeskSilent } from '@/live/hooks';
import { Choice } from '@/shared/Choice';
import { CloseIcon } from '@/shared/icons';
import { type BoardSearch, type OnBoardSearch, TIMEFRAMES } from '../boardSearch';
import { SignalBadge } from '../SignalBadge';
import { ChartLoading } from './ChartLoading';
import { Headline } from './Headline';
import { Intraday } from './Intraday';
import classes from './panel.module.css';
import { Averages, Quality, Ranges, SignalFacts } from './Sections';

const Chart = lazy(() => import('./Chart'));

interface InstrumentPanelProps {
  symbol: string;
  /** Symbols in the order of the board, to step through. */
  order: readonly string[];
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

/** Where the panel covers the page instead of standing beside the board. */
const COVERING = '(max-width: 1000px)';

/** One instrument in full: figures, chart, how it went in each market. Escape closes, the arrows step to the next. */
export default function InstrumentPanel({ symbol, order, search, onSearch }: InstrumentPanelProps) {
  const { data } = useQuery(instrumentsQuery);
  const panel = useRef<HTMLDivElement>(null);
  const covers = useMediaQuery(COVERING, false, { getInitialValueInEffect: false }) ?? false;
  const isSilent = useDeskSilent();
  const instrument = data?.find((each) => each.symbol === symbol);
  const close = () => {
    onSearch({ symbol: undefined }, true);
    itemOf(symbol)?.focus();
  };
  const step = (by: number) => {
    const next = order[(order.indexOf(symbol) + by + order.length) % order.length];
    if (next) onSearch({ symbol: next });
  };
  useEffect(() => {
    if (covers) panel.current?.focus();
  }, [covers]);
  const name = `${symbol} in full`;
  const frame = covers
    ? { role: 'dialog', 'aria-modal': true, 'aria-label': name }
    : { role: 'region', 'aria-label': name };
  const keys: Readonly<Record<string, () => void>> = {
    Escape: close,
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    j: () => step(1),
    k: () => step(-1),
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a region or a dialog, and its keys as a whole
    <div
      ref={panel}
      className={classes.panel}
      tabIndex={-1}
      {...frame}
      data-testid="panel"
      data-panel-of={symbol}
      data-desk={isSilent ? 'silent' : 'heard'}
      onKeyDown={(event) => {
        const act =
          isField(event.target) || event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (!act) return;
        event.preventDefault();
        event.stopPropagation();
        act();
      }}
    >
      <div className={classes.top}>
        <h2>{symbol}</h2>
        <span className={classes.name}>{instrument ? `${instrument.name}, ${instrument.exchange}` : ''}</span>
        <SignalBadge symbol={symbol} />
        <span className={classes.steps}>
          <button type="button" aria-label="Instrument before" title="Left arrow" onClick={() => step(-1)}>
            ‹
          </button>
          <button type="button" aria-label="Next instrument" title="Right arrow" onClick={() => step(1)}>
            ›
          </button>
          <button type="button" aria-label="Close" title="Escape" onClick={close}>
            <CloseIcon />
          </button>
        </span>
      </div>
      {instrument && <Content key={symbol} instrument={instrument} search={search} onSearch={onSearch} />}
      {data && !instrument && (
        <p className={classes.quiet} data-testid="panel-unknown">
          {`No instrument ${symbol} is tracked. It can be added in the admin.`}
        </p>
      )}
    </div>
  );
}

interface ContentProps {
  instrument: Instrument;
  search: BoardSearch;
  onSearch: OnBoardSearch;
}

function Content({ instrument, search, onSearch }: ContentProps) {
  const { symbol, display_precision: precision } = instrument;
  const timeframe = search.tf ?? '1m';
  return (
    <>
      <Headline instrument={instrument} />
      <div className={classes.chartBar}>
        <Choice
          label="Bars of"
          options={TIMEFRAMES.map((each) => [each, each] as const)}
          value={timeframe}
          onChange={(tf) => onSearch({ tf: tf === '1m' ? undefined : tf })}
        />
        <span className={classes.makers}>times in UTC</span>
        <a className={classes.makers} href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          TradingView Lightweight Charts™
        </a>
      </div>
      <Suspense fallback={<ChartLoading />}>
        <Chart instrument={instrument} timeframe={timeframe} />
      </Suspense>
      <Ranges symbol={symbol} precision={precision} />
      <Averages symbol={symbol} precision={precision} />
      <Intraday symbol={symbol} precision={precision} />
      <SignalFacts symbol={symbol} precision={precision} />
      <Quality symbol={symbol} />
    </>
  );
}

const itemOf = (symbol: string): HTMLElement | null =>
  document.querySelector<HTMLElement>(`[data-symbol="${CSS.escape(symbol)}"]`);

const isField = (target: EventTarget): boolean => target instanceof Element && target.closest('input, select') !== null;
