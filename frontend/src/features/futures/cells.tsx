/** The cells of one row, each a small component with the figures it needs. */

import { VisuallyHidden } from '@mantine/core';
import { useEverySecond } from '@/live/hooks';
import { type Freshness, freshness } from '@/live/staleness';
import { formatMicros, formatSigned, type Micros } from '@/shared/decimal';
import { formatAge, formatCount, formatPercent, UNKNOWN } from '@/shared/format';
import { pageNamespace } from '@/shared/namespace';
import { describeSource } from '@/shared/source';
import type { ColumnId } from './columns';
import { DeskCell, Suspect } from './deskCells';
import { Flash } from './Flash';
import classes from './futures.module.css';
import { changeTitle, type RowView } from './rowView';
import { Sparkline } from './Sparkline';

/** How old the quote is by the server's clock; fresh while there is none. */
export function useFreshness(ts: number | null): Freshness {
  return useEverySecond((_session, now) => (ts === null ? 'fresh' : freshness(now - ts)));
}

type Direction = 'up' | 'down' | 'flat';

export function directionOf(points: Micros | undefined): Direction {
  if (!points) return 'flat';
  return points > 0 ? 'up' : 'down';
}

const ARROWS: Readonly<Record<Direction, string>> = { up: '▲', down: '▼', flat: '' };

/** One price; a flashing one tints for a moment when it moves. */
export function Price({ value, precision, flash }: { value: Micros | null; precision: number; flash?: boolean }) {
  const text = value === null ? UNKNOWN : formatMicros(value, precision);
  return flash ? <Flash value={value}>{text}</Flash> : text;
}

/** Net change in points, with arrow, sign and colour. */
export function ChangePoints({ view }: { view: RowView }) {
  const direction = directionOf(view.change?.points);
  if (!view.change) return UNKNOWN;
  return (
    <span
      className={classes.change}
      data-direction={direction}
      title={changeTitle(view.change, view.precision, view.source)}
    >
      <span className={classes.arrow} aria-hidden="true">
        {ARROWS[direction]}
      </span>
      {formatSigned(view.change.points, view.precision)}
    </span>
  );
}

export function ChangePercent({ view }: { view: RowView }) {
  const percent = view.change?.percent;
  if (percent === null || percent === undefined) return UNKNOWN;
  return (
    <span className={classes.change} data-direction={directionOf(view.change?.points)}>
      {formatPercent(percent)}
    </span>
  );
}

/** "3s", and the word "stale" once it is; red when it is dead. */
export function Age({ view }: { view: RowView }) {
  const age = useEverySecond((_session, now) => (view.ts === null ? null : formatAge(now - view.ts)));
  const state = useFreshness(view.ts);
  if (age === null) return <span className={classes.noQuote}>no quote yet</span>;
  return (
    <span className={classes.age} data-freshness={state}>
      {state !== 'fresh' && (
        <span className={classes.staleWord} data-testid={`stale-${view.symbol}`}>
          stale
        </span>
      )}
      {age}
    </span>
  );
}

const FLAG_WORDS = {
  crossed: { word: 'crossed', letter: 'X', title: 'The bid is above the ask' },
  ahead: { word: 'ahead', letter: 'A', title: "The quote's time is more than 5 s ahead of the server's" },
  zero_price: { word: 'zero', letter: '0', title: 'A price is zero' },
  negative_price: { word: 'negative', letter: 'N', title: 'A price is below zero' },
} as const;

/** What is odd about the quote; one letter each where there is no room for a word. */
export function Flags({ view, letters = false }: { view: RowView; letters?: boolean }) {
  return view.flags.map((flag) => {
    const { word, letter, title } = FLAG_WORDS[flag];
    return (
      <span key={flag} className={classes.flag} title={title} data-testid={`flag-${view.symbol}-${flag}`}>
        <span aria-hidden="true">{letters ? letter : word}</span>
        <VisuallyHidden>{title}</VisuallyHidden>
      </span>
    );
  });
}

/** Opens the instrument; keys reach its row, so that Tab need not stop here. */
export function SymbolButton({ view }: { view: RowView }) {
  return (
    <button type="button" tabIndex={-1} className={classes.symbol} aria-description={`Open ${view.name}`}>
      {view.symbol}
    </button>
  );
}

export function SymbolName({ view }: { view: RowView }) {
  return (
    <span className={classes.symbolCell} title={view.contract ? `${view.name}, contract ${view.contract}` : view.name}>
      <SymbolButton view={view} />
      <span className={classes.name}>{view.name}</span>
      <Suspect symbol={view.symbol} />
      <Flags view={view} />
    </span>
  );
}

export function SourceName({ source }: { source: string | null }) {
  if (source === null) return UNKNOWN;
  const { short, label, origin } = describeSource(source, pageNamespace() !== '');
  return (
    <span className={classes.source} data-origin={origin} title={label}>
      {short}
    </span>
  );
}

/** What stands in a column of the wide table. */
export function cellOf(id: ColumnId, view: RowView) {
  const price = (value: Micros | null, flash = false) => (
    <Price value={value} precision={view.precision} flash={flash} />
  );
  switch (id) {
    case 'symbol':
      return <SymbolName view={view} />;
    case 'last':
      return price(view.last, true);
    case 'change':
      return <ChangePoints view={view} />;
    case 'change_pct':
      return <ChangePercent view={view} />;
    case 'bid':
      return price(view.bid, true);
    case 'ask':
      return price(view.ask, true);
    case 'bid_size':
      return formatCount(view.bidSize);
    case 'ask_size':
      return formatCount(view.askSize);
    case 'spread':
      return price(view.spread);
    case 'spread_ticks':
      return view.spreadTicks ?? UNKNOWN;
    case 'settlement':
      return price(view.settlement);
    case 'high':
      return price(view.high);
    case 'low':
      return price(view.low);
    case 'open':
      return price(view.open);
    case 'close':
      return price(view.close);
    case 'volume':
      return formatCount(view.volume);
    case 'trend':
      return <Sparkline symbol={view.symbol} />;
    case 'age':
      return <Age view={view} />;
    case 'source':
      return <SourceName source={view.source} />;
    default:
      return <DeskCell id={id} symbol={view.symbol} precision={view.precision} />;
  }
}
