/** The columns of History: what they are called, what they show, by what they sort. */

import type { ReactNode } from 'react';
import type { SessionRow } from '@/api/marketOpen';
import { UNKNOWN } from '@/shared/format';
import { SignalMark } from '@/shared/SignalMark';
import { Money } from '../shared/Money';
import { OutcomeBadge, QualityMark } from '../shared/OutcomeBadge';
import { formatPrice, formatSpan, formatWeight } from '../shared/words';
import { EntrySide } from './EntrySide';
import type { SortId } from './historySearch';

export interface Column {
  readonly id: string;
  readonly header: string;
  readonly title?: string;
  readonly align?: 'right';
  /** In pixels. */
  readonly width: number;
  readonly sort?: SortId;
  readonly cell: (row: SessionRow, precision: number) => ReactNode;
}

export const COLUMNS: readonly Column[] = [
  { id: 'date', header: 'Date', width: 112, sort: 'opened_at', cell: (row) => dateWords(row) },
  { id: 'market', header: 'Market', width: 160, sort: 'country', cell: (row) => row.display_name },
  {
    id: 'number',
    header: 'No.',
    title: 'The session’s number in its market',
    align: 'right',
    width: 50,
    sort: 'session_number',
    cell: (row) => row.session_number,
  },
  {
    id: 'signal',
    header: 'Signal',
    width: 116,
    sort: 'bhs',
    cell: (row) => (
      <SignalMark signal={row.bhs} reason={row.bhs ? null : row.reason} testId={`signal-${row.session_id}`} />
    ),
  },
  {
    id: 'weight',
    header: 'Weight',
    title: 'The sum of the signal weights; of an instrument its own',
    align: 'right',
    width: 68,
    sort: 'weight',
    cell: (row) => formatWeight(row.weight),
  },
  {
    id: 'average',
    header: 'W. avg',
    title: 'The weighted average of the instruments',
    align: 'right',
    width: 78,
    sort: 'weighted_average',
    cell: (row) => row.weighted_average?.toFixed(3) ?? UNKNOWN,
  },
  { id: 'side', header: 'Side', width: 50, cell: (row) => <EntrySide row={row} /> },
  {
    id: 'entry',
    header: 'Entry',
    title: 'A buy enters at the ask, a sell at the bid',
    align: 'right',
    width: 82,
    sort: 'entry_price',
    cell: (row, precision) => formatPrice(row.entry_price, precision),
  },
  {
    id: 'target',
    header: 'Target',
    align: 'right',
    width: 82,
    cell: (row, precision) => formatPrice(row.target, precision),
  },
  { id: 'stop', header: 'Stop', align: 'right', width: 82, cell: (row, precision) => formatPrice(row.stop, precision) },
  {
    id: 'outcome',
    header: 'Outcome',
    width: 112,
    sort: 'wndw',
    cell: (row) => <OutcomeBadge outcome={row.wndw} testId={`outcome-${row.session_id}`} />,
  },
  {
    id: 'pnl',
    header: 'P&L',
    title: 'Of one contract',
    align: 'right',
    width: 84,
    sort: 'pnl_usd',
    cell: (row) => <Money usd={row.pnl_usd} />,
  },
  {
    id: 'quality',
    header: 'Quality',
    title: 'How sure the outcome is',
    width: 78,
    cell: (row) => (row.resolution_quality ? <QualityMark quality={row.resolution_quality} always /> : UNKNOWN),
  },
  {
    id: 'took',
    header: 'Took',
    title: 'From the capture to the end',
    align: 'right',
    width: 92,
    sort: 'elapsed_sec',
    cell: (row) => (row.entry_side ? formatSpan(row.elapsed_sec) : UNKNOWN),
  },
];

/** "Thu 2025-10-09". */
export function dateWords({ day, trade_date }: Pick<SessionRow, 'day' | 'trade_date'>): string {
  return `${day.slice(0, 3)} ${trade_date}`;
}
