/** Cells with what the desk says; each listens for itself, so that a quote does not draw them anew. */

import { VisuallyHidden } from '@mantine/core';
import { memo, useMemo } from 'react';
import type { BoardRow } from '@/live/board';
import { useBoardPart, useBoardRow, useQuote } from '@/live/hooks';
import { formatMicros, formatSigned, toMicros } from '@/shared/decimal';
import { formatPercent, UNKNOWN } from '@/shared/format';
import { suspectTitle } from '@/shared/signals';
import type { ColumnId } from './columns';
import { type DeskView, deskView } from './deskView';
import classes from './futures.module.css';
import { RangeBar } from './RangeBar';
import { SignalBadge } from './SignalBadge';
import { signed } from './totalScale';

export function useDeskView(symbol: string): DeskView {
  const row = useBoardRow(symbol);
  return useMemo(() => deskView(row), [row]);
}

interface DeskCellProps {
  id: ColumnId;
  symbol: string;
  precision: number;
}

/** What stands in a desk's column of the wide table. */
export const DeskCell = memo(function DeskCell({ id, symbol, precision }: DeskCellProps) {
  switch (id) {
    case 'signal':
      return <SignalBadge symbol={symbol} />;
    case 'vwap':
      return <Vwap symbol={symbol} precision={precision} />;
    case 'vwap_distance':
      return <VwapDistance symbol={symbol} precision={precision} />;
    case 'day_range':
      return <DayRange symbol={symbol} precision={precision} />;
    case 'year_range':
      return <YearRange symbol={symbol} precision={precision} />;
    case 'signal_weight':
      return <Figure symbol={symbol} select={(row) => row?.signal_weight} write={signed} />;
    case 'stat_value':
      return <Figure symbol={symbol} select={(row) => row?.stat_value} write={String} />;
    case 'contract_weight':
      return <Figure symbol={symbol} select={(row) => row?.contract_weight} write={String} />;
    default:
      return null;
  }
});

interface FigureProps {
  symbol: string;
  select: (row: BoardRow | undefined) => number | null | undefined;
  write: (value: number) => string;
}

function Figure({ symbol, select, write }: FigureProps) {
  const value = useBoardPart(symbol, select);
  return value === null || value === undefined ? UNKNOWN : write(value);
}

interface PricedProps {
  symbol: string;
  precision: number;
  /** Whether a range's ends stand below it in figures. */
  ends?: boolean;
}

export function Vwap({ symbol, precision }: PricedProps) {
  const { vwap } = useDeskView(symbol);
  return vwap === null ? UNKNOWN : formatMicros(vwap, precision);
}

/** Points above or below VWAP, of the last that is shown; of a suspect quote, of the last good one. */
export function VwapDistance({ symbol, precision }: PricedProps) {
  const row = useBoardRow(symbol);
  const last = toMicros(useQuote(symbol)?.quote.last);
  const { vwapDistance, vwapDistancePct } = useMemo(() => deskView(row, last), [row, last]);
  if (vwapDistance === null) return UNKNOWN;
  const title = vwapDistancePct === null ? undefined : `${formatPercent(vwapDistancePct)} from VWAP`;
  const text = formatSigned(vwapDistance, precision);
  return (
    <span className={classes.change} data-direction={signOf(text)} title={title}>
      {text}
    </span>
  );
}

/** By the figure as it is written: what is rounded to zero has no direction. */
function signOf(text: string): string {
  if (!/[1-9]/.test(text)) return 'flat';
  return text.startsWith('-') ? 'down' : 'up';
}

export function DayRange({ symbol, precision, ends = false }: PricedProps) {
  const { day, vwap } = useDeskView(symbol);
  return <RangeBar name="Day range" {...day} precision={precision} mark={vwap} markName="VWAP" ends={ends} />;
}

export function YearRange({ symbol, precision, ends = false }: PricedProps) {
  const { year } = useDeskView(symbol);
  return <RangeBar name="52 weeks" {...year} precision={precision} ends={ends} />;
}

/** That the newest quote is suspect, and how many were on this trade date; nothing while all is well. */
export function Suspect({ symbol }: { symbol: string }) {
  const reasons = useBoardPart(symbol, (row) => row?.suspect.join(',') ?? '');
  const count = useBoardPart(symbol, (row) => row?.suspects ?? 0);
  if (reasons === '') return null;
  const title = `${suspectTitle(reasons.split(','))}. Suspect on this trade date: ${count}`;
  return (
    <span className={classes.flag} title={title} data-testid={`suspect-${symbol}`}>
      <span aria-hidden="true">suspect {count > 1 ? count : ''}</span>
      <VisuallyHidden>{title}</VisuallyHidden>
    </span>
  );
}
